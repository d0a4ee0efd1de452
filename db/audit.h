/* The audit log: what was issued, refused and administered. */
#ifndef DB_AUDIT_H
#define DB_AUDIT_H

#include <stdint.h>

#include "base/buf.h"
#include "db/store.h"

/* One row. Texts are never NULL when read; "" where they do not apply. */
struct audit_row {
	int64_t id;
	int64_t at, last_at; /* they differ for counted refusals only */
	int64_t count;
	const char *event;   /* "identity.add", "pake.refused" */
	const char *actor;   /* who did it: "uid 0", "estuaryd" */
	const char *subject; /* what it was done to: a name, a serial */
	const char *source;  /* the peer's address */
	const char *detail;  /* the reason, in words */
	/* When read: of count, so many are not in the chain yet (last_at is
	 * then theirs), and the row's hash (db/audit_chain.h). */
	int64_t pending;
	struct bytes hash;
};

/* Adds a row within the transaction of the change that it records. Of row only
 * the texts are used (NULL counts as ""; a source of NULL as the job's). */
int audit_add(
    struct store_txn *txn, int64_t now, const struct audit_row *row) NODISCARD;
/* The same for a refusal: the first is a row at once, and what follows within
 * an hour of it with the same event, subject, source and detail is counted.
 * That becomes a row of its own, with the count, after the hour or at the next
 * audit_fold(). */
int audit_add_refusal(struct store_txn *txn, int64_t now, int64_t times,
    const struct audit_row *row) NODISCARD;
/* Makes rows of what was counted, so that a checkpoint covers it. */
int audit_fold(struct store_txn *txn, int64_t now) NODISCARD;

typedef int (*audit_row_fn)(void *arg, const struct audit_row *row);

/* Rows whose last event is at or after since, with ids above after, oldest
 * first, at most limit. Stops at and returns the first non-zero result. */
int audit_list(struct store_reader *reader, int64_t since, int64_t after,
    int64_t limit, audit_row_fn each, void *arg) NODISCARD;

#endif
