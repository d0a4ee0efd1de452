/* How often a server may be tried: whoever answers the PAKE learns one guess's
 * worth, so at most three instances may, and the whole is bounded. */
#ifndef CLIENT_ATTEMPTS_H
#define CLIENT_ATTEMPTS_H

#include "client/discover.h"

#define ATTEMPT_ANSWERS_MAX 3
#define ATTEMPT_CONNECTIONS_MAX 64
/* Servers that say nothing cost time only, and not more than this. */
#define ATTEMPTS_TOTAL_MS 60000

/* Outcomes > 0 of an attempt. */
enum attempt_outcome {
	ATTEMPT_WRONG_CODE = 1, /* it answered the PAKE, but does not know the
				   code: on to the next candidate */
	ATTEMPT_NO_PAKE, /* it went on without, which refuses it, but it has
			    learned nothing: on to the next one */
	ATTEMPT_FINAL,   /* it knows the code, but was refused: the end */
	ATTEMPT_REFUSED, /* its certificate was refused, and it has learned
			    nothing: on to the next candidate */
};

/* One connection to an address of a candidate. 0: authenticated. A negative
 * error: the next address. */
typedef int (*attempt_fn)(void *arg, const struct candidate *candidate,
    const struct sockaddr_storage *address, struct reason *why);

struct tried {
	struct sockaddr_storage address;
	char name[DOMAIN_MAX + 1];
};

struct attempts {
	int answers_max;     /* 0: ATTEMPT_ANSWERS_MAX */
	int64_t deadline_ms; /* monotonic; 0: begins with the first attempt */
	struct tried tried[ATTEMPT_CONNECTIONS_MAX];
	size_t n_tried;
	int n_connections;
	int n_answers;
	bool refused;      /* somebody answered and was refused */
	bool final;        /* go on with nobody else */
	struct reason why; /* of the first refusal, else of the last failure */
};

/* True, and counts it, if one more connection may be made. */
bool attempts_take(struct attempts *attempts);

/* Tries each address that was not tried before, the first of every candidate
 * before the second of any, so that nobody's many addresses keep the others
 * out; with only those that claim this name when only is not NULL. 0 once
 * authenticated; -ERR_REFUSED or -ERR_UNREACHABLE when all failed or a limit
 * was reached. */
int attempts_run(struct attempts *attempts, const struct candidates *list,
    const char *only, attempt_fn attempt, void *arg) NODISCARD;

#endif
