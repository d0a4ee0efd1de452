/* What the writers of the formats share. */
#ifndef CLIENT_EXPORT_FORMAT_H
#define CLIENT_EXPORT_FORMAT_H

#include "ca/trust.h"
#include "client/export.h"

#define EXPORT_TARGETS_MAX 32

/* One address of a server; resolver's address list is not looked at. */
struct export_target {
	const struct resolver *resolver;
	struct ip_addr ip;
};

struct export_job {
	const struct network_state *state;
	const struct constraints *constraints;
	/* The network has no root of its own: the system's store counts. */
	bool implicit;
	const char *root_path; /* where the program will find the root(s) */
	/* The servers of the format's label: a resolver each, and each address
	 * of each once; those of next certificates last. */
	const struct resolver *services[RESOLVERS_MAX];
	size_t n_services;
	struct export_target targets[EXPORT_TARGETS_MAX];
	size_t n_targets;
};

struct export_format {
	const char *name;
	const char *label;     /* of the servers that it can use */
	const char *file_name; /* alone, or with estuary-NETWORK before it */
	bool named;
	const char *comment; /* begins a line, or NULL: there are none */
	bool needs_addresses;
	bool wants_root_file;
	/* What the program does not check, and what is to be done by hand. */
	int (*notes)(struct buf *out, const struct export_job *job);
	int (*write)(
	    struct buf *out, const struct export_job *job, struct reason *why);
};

extern const struct export_format export_systemd_resolved;
extern const struct export_format export_unbound;
extern const struct export_format export_stubby;
extern const struct export_format export_firefox;
extern const struct export_format export_chromium;

/* "By hand:" and what there is to do first about the root. */
int export_by_hand(struct buf *out, const struct export_job *job);

/* The domains that the root is constrained to, without a leading dot. */
const char *export_domain(const struct export_job *job, size_t i);

#endif
