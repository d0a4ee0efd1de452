/*
 * Marks in the audit log, so that a reader of its end need not go through all
 * of it. Times are almost in the order of the rows, but a clock that jumps, and
 * refusals that are counted before they become a row, break it: so there is no
 * searching by time among the rows. A mark, every AUDIT_MARK_EVERY rows, says
 * that no row up to it is later than high_at, which therefore never falls.
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
	" SELECT max(id), max(max(last_at)) OVER (ORDER BY max(id))"           \
	" FROM audit GROUP BY (id - 1) / " AUDIT_MARK_EVERY_SQL                \
	" HAVING max(id) % " AUDIT_MARK_EVERY_SQL " = 0"

/* After row id was added: makes its mark if one is due. */
int audit_mark_put(struct store_txn *txn, int64_t id) NODISCARD;
/* A row before all that are shown with a last_at at or after since; 0 before
 * the first. */
int audit_mark_find(
    struct store_reader *reader, int64_t *id, int64_t since) NODISCARD;

#endif
