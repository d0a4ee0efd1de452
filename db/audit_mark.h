/*
 * Marks in the audit log, so that a reader of its end need not go through all
 * of it. Times are almost in the order of the rows, but a clock that jumps, and
 * refusals that are counted before they become a row, break it: so there is no
 * searching by time among the rows. A mark, every AUDIT_MARK_EVERY rows, says
 * that no row behind the mark before it and up to it is later than high_at. A
 * row from a clock that was ahead has its own thousand read, and no more.
 *
 * Marks are no evidence: the chain (db/audit_chain.h) is, and who verifies it
 * does not use them.
 */
#ifndef DB_AUDIT_MARK_H
#define DB_AUDIT_MARK_H

#include "db/sql.h"

#define AUDIT_MARK_EVERY 1000
#define AUDIT_MARK_EVERY_SQL "1000"

/* Those of all rows that there are, for the migration. */
#define AUDIT_MARK_ALL                                                         \
	"INSERT INTO audit_mark(id, high_at)"                                  \
	" SELECT max(id), max(last_at)"                                        \
	" FROM audit GROUP BY (id - 1) / " AUDIT_MARK_EVERY_SQL                \
	" HAVING max(id) % " AUDIT_MARK_EVERY_SQL " = 0"

/* After row id was added: makes its mark if one is due. */
int audit_mark_put(struct store_txn *txn, int64_t id) NODISCARD;
/* Rows with after < id <= last. */
struct audit_range {
	int64_t after, last;
};

/* The next rows behind after of which some may be shown with a last_at at or
 * after since. The last ones have INT64_MAX as last. */
int audit_mark_next(struct store_reader *reader, struct audit_range *range,
    int64_t after, int64_t since) NODISCARD;

#endif
