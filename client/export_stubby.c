/* stubby (stubby.yml). */
#include <string.h>

#include "base/base64.h"
#include "client/export_format.h"

static int
notes(struct buf *out, const struct export_job *job)
{
	buf_printf(out,
	    "stubby checks the name, and that the public key is that of a "
	    "certificate that\n"
	    "was fetched (its pin): of the programs that this can be exported "
	    "for, the\n"
	    "nearest to the draft. It does NOT check:\n"
	    " - that the certificate equals the one fetched, only that the key "
	    "does;\n"
	    " - the path to the root, the validity period or the SRV-ID, once "
	    "a pin fits.\n"
	    "   (Without the pins it would check the path, and take any "
	    "certificate of that\n"
	    "   name from %s.)\n",
	    job->implicit ? "any CA of the system's store"
			  : "this network's CA");
	export_by_hand(out, job);
	return buf_adds(out,
	    " - put this file at /etc/stubby/stubby.yml, restart stubby, and "
	    "let the system\n"
	    "   ask 127.0.0.1;\n"
	    " - export again after each refresh that changes something: "
	    "another key is\n"
	    "   refused.\n");
}

/* The SHA-256 of the public key of each certificate that the server may
 * present (RFC 7858 4.2). */
static int
write_pins(struct buf *out, const struct export_job *job,
    const struct resolver *service, struct reason *why)
{
	const struct resolver_set *set = &job->state->resolvers;
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	int err = info == NULL ? -ERR_NOMEM : 0;

	buf_adds(out, "    tls_pubkey_pinset:\n");
	for (size_t i = 0; err == 0 && i < set->n; i++) {
		const struct resolver *r = &set->items[i];

		if (!resolver_is(r, service->adn, service->label))
			continue;
		err = cert_parse(info, blob_bytes(&r->cert), why);
		if (err != 0)
			break;
		buf_adds(out, "      - digest: \"sha256\"\n        value: ");
		err = base64_encode(out,
		    (struct bytes){
			info->spki_sha256, sizeof(info->spki_sha256)},
		    0);
		buf_adds(out, "\n");
	}
	return err;
}

static int
write_config(struct buf *out, const struct export_job *job, struct reason *why)
{
	int err = 0;

	buf_printf(out,
	    "resolution_type: GETDNS_RESOLUTION_STUB\n"
	    "dns_transport_list:\n"
	    "  - GETDNS_TRANSPORT_TLS\n"
	    "tls_authentication: GETDNS_AUTHENTICATION_REQUIRED\n"
	    "tls_query_padding_blocksize: 128\n"
	    "tls_ca_file: \"%s\"\n"
	    "idle_timeout: 10000\n"
	    "round_robin_upstreams: 0\n"
	    "listen_addresses:\n"
	    "  - 127.0.0.1\n"
	    "  - 0::1\n"
	    "upstream_recursive_servers:\n",
	    job->root_path);
	for (size_t i = 0; err == 0 && i < job->n_targets; i++) {
		const struct export_target *t = &job->targets[i];
		char ip[IP_TEXT_MAX];

		ip_format(ip, &t->ip);
		buf_printf(out,
		    "  - address_data: %s\n    tls_port: %u\n"
		    "    tls_auth_name: \"%s\"\n",
		    ip, (unsigned int)t->resolver->port, t->resolver->adn);
		err = write_pins(out, job, t->resolver, why);
	}
	return err != 0 ? err : buf_status(out);
}

const struct export_format export_stubby = {
    .name = "stubby",
    .label = LABEL_DOT,
    .file_name = "stubby.yml",
    .comment = "#",
    .needs_addresses = true,
    .wants_root_file = true,
    .notes = notes,
    .write = write_config,
};
