/* What the loader asks for, made before the clock starts. */
#ifndef TESTS_BENCH_LOAD_REQUEST_H
#define TESTS_BENCH_LOAD_REQUEST_H

#include "base/buf.h"

/* Whole HTTP requests; one for a GET, one for each CSR else. */
struct load_requests {
	struct blob *items;
	size_t n;
	bool enroll;
};

int load_requests_get(struct load_requests *out, const char *host,
    const char *path, struct reason *why) NODISCARD;

/* CSRs, each of a P-256 key of its own, for CN and SAN load-NUMBER.DOMAIN from
 * first on, or all for name if it is not NULL. */
struct load_enroll {
	size_t first, n;
	const char *host, *path, *domain, *name;
	const char *identity, *password; /* for HTTP Basic; NULL without */
};

int load_requests_enroll(struct load_requests *out,
    const struct load_enroll *enroll, struct reason *why) NODISCARD;
void load_requests_fini(struct load_requests *requests);

#endif
