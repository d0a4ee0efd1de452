/* unbound as a forwarder (unbound.conf(5)). */
#include "client/export_format.h"

static int
notes(struct buf *out, const struct export_job *job)
{
	buf_printf(out,
	    "unbound checks the path to the root, its name constraints, and "
	    "the name behind\n"
	    "'#'. It does NOT check:\n"
	    " - that the certificate equals the one fetched: any certificate "
	    "of that name\n"
	    "   from %s will do;\n"
	    " - the SRV-ID: a certificate for another service of that name "
	    "will do;\n"
	    " - which upstream the root is for: tls-cert-bundle is one for all "
	    "of unbound's\n"
	    "   TLS upstreams, so use no others beside it.\n",
	    job->implicit ? "any CA of the system's store"
			  : "this network's CA");
	export_by_hand(out, job);
	if (job->implicit)
		buf_adds(out,
		    " - names that unbound answers itself, such as those in "
		    "home.arpa, need\n"
		    "   'local-zone: \"NAME.\" transparent' where the network "
		    "has some;\n");
	return buf_adds(out,
	    " - include this file in unbound.conf and restart unbound;\n"
	    " - where unbound validates DNSSEC and the network's names are not "
	    "in the public\n"
	    "   DNS, add 'domain-insecure: \"NAME\"' for them;\n"
	    " - export again after each refresh that changes something.\n");
}

/* unbound answers names such as home.arpa itself unless they are given a zone
 * of their own that lets them through. */
static void
write_server(struct buf *out, const struct export_job *job)
{
	buf_printf(
	    out, "server:\n    tls-cert-bundle: \"%s\"\n", job->root_path);
	for (size_t i = 0; i < job->constraints->n_domains; i++)
		buf_printf(out, "    local-zone: \"%s.\" transparent\n",
		    export_domain(job, i));
}

static int
write_config(struct buf *out, const struct export_job *job, struct reason *why)
{
	(void)why;
	write_server(out, job);
	buf_adds(out, "forward-zone:\n"
		      "    name: \".\"\n"
		      "    forward-tls-upstream: yes\n"
		      "    forward-first: no\n");
	for (size_t i = 0; i < job->n_targets; i++) {
		const struct export_target *t = &job->targets[i];
		char ip[IP_TEXT_MAX];

		ip_format(ip, &t->ip);
		buf_printf(out, "    forward-addr: %s@%u#%s\n", ip,
		    (unsigned int)t->resolver->port, t->resolver->adn);
	}
	return buf_status(out);
}

const struct export_format export_unbound = {
    .name = "unbound",
    .label = LABEL_DOT,
    .file_name = ".conf",
    .named = true,
    .comment = "#",
    .needs_addresses = true,
    .wants_root_file = true,
    .notes = notes,
    .write = write_config,
};
