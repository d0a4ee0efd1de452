/* Checking a network's encrypted resolvers, each time from scratch: exact
 * certificate, path, name, and an answer
 * (draft-reddy-add-iot-byod-bootstrap 6). */
#ifndef CLIENT_CHECK_H
#define CLIENT_CHECK_H

#include "client/dns_target.h"
#include "client/network_state.h"

#define CHECK_QUESTIONS 2 /* A and AAAA */

enum check_outcome {
	CHECK_OK = 1,
	CHECK_REFUSED,     /* a security check failed: never use it */
	CHECK_UNREACHABLE, /* no connection, or no usable reply */
	CHECK_NO_ANSWER,   /* it answers SERVFAIL or REFUSED */
};

struct check_line {
	const struct resolver *resolver;
	char endpoint[ENDPOINT_TEXT_MAX]; /* the address tried last, or "" */
	enum check_outcome outcome;
	struct dns_question questions[CHECK_QUESTIONS];
	struct dns_answer answers[CHECK_QUESTIONS];
	struct reason why; /* unless CHECK_OK */
};

struct check_report {
	struct check_line items[RESOLVERS_MAX];
	size_t n;
};

/* One line for each ADN and label of the state, which the report borrows.
 * qname NULL: the ADN itself. -ERR_INVALID for a qname that is no name,
 * -ERR_CORRUPT when the anchor cannot be used. */
int check_network(struct check_report *out, const struct network_state *state,
    const char *qname, int64_t now, struct reason *why) NODISCARD;

/* CHECK_OK, or the worst: refused before the others. */
enum check_outcome check_summary(const struct check_report *report);

#endif
