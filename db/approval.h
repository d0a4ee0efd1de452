/* Requests that wait for a person: vouchers and enrollments. */
#ifndef DB_APPROVAL_H
#define DB_APPROVAL_H

#include <stdint.h>

#include "db/store.h"

struct approval {
	int64_t id;
	const char *kind;    /* "voucher", "enrollment" */
	const char *subject; /* who asks for what, for people */
	const char *source;  /* the peer's address */
	uint8_t key[32];     /* SHA-256 of what is asked: the same asks once */
	const char *state;   /* "waiting", "approved", "denied" */
	const char *reason;  /* of a denial, for the one who asked */
	int64_t created_at, decided_at;
	const char *decided_by;
};

typedef int (*approval_fn)(void *arg, const struct approval *approval);

#define APPROVALS_WAITING_MAX 1000

/* The state that it has now; added as waiting when it is new. -ERR_BUSY when
 * APPROVALS_WAITING_MAX wait. each is called once. */
int approval_ask(struct store_txn *txn, const struct approval *approval,
    int64_t now, approval_fn each, void *arg) NODISCARD;
int approval_find(struct store_reader *reader, const char *kind,
    const uint8_t key[32], approval_fn each, void *arg) NODISCARD;
/* Outcomes: */
enum { APPROVAL_DECIDED = 1 /* it was decided before, otherwise */ };
/* -ERR_NOT_FOUND. */
int approval_decide(struct store_txn *txn, int64_t id, bool approve,
    const char *reason, int64_t now, const char *actor) NODISCARD;
/* With ids above after, at most limit; only those that wait, or all. */
int approval_list(struct store_reader *reader, bool all, int64_t after,
    int64_t limit, approval_fn each, void *arg) NODISCARD;

#endif
