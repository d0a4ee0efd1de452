/* Name constraints (RFC 5280 4.2.1.10): what the root permits. DNS and IP only;
 * the domain of an SRV-ID is held against the DNS subtrees by us, at issue and
 * at the endpoint, since no client's path validation does. */
#ifndef CA_CONSTRAINTS_H
#define CA_CONSTRAINTS_H

#include "base/addr.h"
#include "base/buf.h"
#include "ca/names.h"

#define CONSTRAINTS_MAX 64

struct constraints {
	char domains[CONSTRAINTS_MAX][DOMAIN_MAX + 1];
	size_t n_domains; /* 0: DNS names are not constrained */
	struct ip_prefix prefixes[CONSTRAINTS_MAX];
	size_t n_prefixes; /* 0: IP names are not constrained */
};

/* The permitted subtrees of a CA certificate. A certificate without the
 * extension has none of both. Excluded subtrees, or permitted ones of another
 * type than DNS and IP, are left to path validation. An empty DNS subtree
 * permits everything and so counts as none. */
int constraints_from_cert(struct constraints *out, struct bytes cert_der,
    struct reason *why) NODISCARD;
bool constraints_equal(
    const struct constraints *a, const struct constraints *b);

/* 0, or -ERR_REFUSED with the first name that lies outside. SRV-ID domains are
 * held against the DNS subtrees; NAME_OTHER is always refused. */
int constraints_check(const struct constraints *constraints,
    const struct names *names, struct reason *why) NODISCARD;

#endif
