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
	/* Whose request it is, which goes with them; 0: nobody's. */
	int64_t identity_id, device_id;
};

typedef int (*approval_fn)(void *arg, const struct approval *approval);

#define APPROVALS_WAITING_MAX 1000
/* Of one device or identity; one more takes the place of its oldest. */
#define APPROVALS_WAITING_EACH 4
/* Of those who are neither: devices of unknown manufacturers. */
#define APPROVALS_WAITING_NOBODY 100
#define APPROVAL_KEEP_S ((int64_t)30 * 86400)

/* The state that it has now; added as waiting when it is new. -ERR_BUSY when
 * APPROVALS_WAITING_MAX or APPROVALS_WAITING_NOBODY wait. each is called once.
 * Those that were asked for more than APPROVAL_KEEP_S ago go, whatever their
 * state. */
int approval_ask(struct store_txn *txn, const struct approval *approval,
    int64_t now, approval_fn each, void *arg) NODISCARD;
/* One approval is good once: takes it when it is approved. -ERR_NOT_FOUND. */
int approval_take(
    struct store_txn *txn, const char *kind, const uint8_t key[32]) NODISCARD;
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
