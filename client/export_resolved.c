/* systemd-resolved (resolved.conf(5)). */
#include "client/export_format.h"

/* The only way: there is no option for an anchor. */
static int
root_notes(struct buf *out, const struct export_job *job)
{
	return buf_printf(out,
	    "And the root, once in the system's store, is believed by every "
	    "program that\n"
	    "uses the store, for whatever it may sign (above).\n"
	    "By hand, if you want that:\n"
	    " - put the root certificate (%s)\n"
	    "   into /usr/local/share/ca-certificates and run "
	    "update-ca-certificates; remove\n"
	    "   it when you forget the network;\n",
	    job->root_path);
}

static int
notes(struct buf *out, const struct export_job *job)
{
	buf_adds(out,
	    "systemd-resolved checks the path to a root of the SYSTEM's store, "
	    "and the name\n"
	    "behind '#'. It does NOT check:\n"
	    " - that the certificate equals the one fetched, nor that this "
	    "network's CA made\n"
	    "   it: a certificate of that name from any CA in the system's "
	    "store will do;\n"
	    " - the SRV-ID: a certificate for another service of that name "
	    "will do.\n");
	if (job->implicit)
		export_by_hand(out, job);
	else
		root_notes(out, job);
	return buf_adds(out,
	    " - put this file into /etc/systemd/resolved.conf.d and restart\n"
	    "   systemd-resolved; servers that DHCP names for a link are still "
	    "used for that\n"
	    "   link's own domains;\n"
	    " - export again after each refresh that changes something.\n");
}
static int
write_config(struct buf *out, const struct export_job *job, struct reason *why)
{
	(void)why;
	buf_adds(out, "[Resolve]\n"
		      "# Forgets what was there, and what was built in.\n"
		      "DNS=\n"
		      "FallbackDNS=\n"
		      "DNSOverTLS=yes\n"
		      "Domains=~.\n");
	for (size_t i = 0; i < job->n_targets; i++) {
		const struct export_target *t = &job->targets[i];
		bool v6 = t->ip.len == 16;
		char ip[IP_TEXT_MAX];

		ip_format(ip, &t->ip);
		buf_printf(out, "DNS=%s%s%s:%u#%s\n", v6 ? "[" : "", ip,
		    v6 ? "]" : "", (unsigned int)t->resolver->port,
		    t->resolver->adn);
	}
	return buf_status(out);
}

const struct export_format export_systemd_resolved = {
    .name = "systemd-resolved",
    .label = LABEL_DOT,
    .file_name = ".conf",
    .named = true,
    .comment = "#",
    .needs_addresses = true,
    .wants_root_file = true,
    .notes = notes,
    .write = write_config,
};
