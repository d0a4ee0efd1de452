/* From nothing to one authenticated EST server: the candidates, in the order of
 * draft-reddy-add-iot-byod-bootstrap 7, and a bounded number of attempts. */
#ifndef CLIENT_SEARCH_H
#define CLIENT_SEARCH_H

#include "client/attempts.h"

struct search {
	struct attempts attempts;
	struct candidates candidates; /* given, or from unicast DNS */
	struct candidates nearby;     /* from mDNS */
};

struct search_params {
	const char *server; /* "host:port", NULL: discover */
	const char *wanted; /* the name of the server wanted, or NULL: any */
	const struct mdns_config *interfaces;
	/* For messages: what is looked for, and the option that names one;
	 * NULL: an EST server, by --server. */
	const char *what, *option;
};

/* Tries candidates until an attempt gives 0. search is zero, but for
 * the rules in candidates. -ERR_REFUSED if a server answered and was refused,
 * -ERR_INVALID for a server that is no HOST:PORT, -ERR_UNREACHABLE or
 * -ERR_NOT_FOUND otherwise. */
int search_run(struct search *search, const struct search_params *params,
    attempt_fn attempt, void *arg, struct reason *why) NODISCARD;

#endif
