#include "db/audit_mark.h"

int
audit_mark_put(struct store_txn *txn, int64_t id)
{
	sqlite3_stmt *stmt AUTORESET = NULL;

	if (id % AUDIT_MARK_EVERY != 0)
		return 0;
	/* Should the mark before be missing, this one covers its rows too;
	 * should rows have gone, there is one in its place already. */
	stmt = sql_prepare(&txn->conn,
	    "INSERT OR REPLACE INTO audit_mark(id, high_at)"
	    " SELECT ?1, max(last_at) FROM audit WHERE id <= ?1 AND id >"
	    " ifnull((SELECT max(id) FROM audit_mark WHERE id < ?1), 0)");
	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	return sql_run(&txn->conn, stmt);
}

/* The next rows that have a late mark, or none yet. */
static int
next_marked(struct store_reader *reader, struct audit_range *range,
    int64_t after, int64_t since)
{
	/* Marks of rows that are gone say nothing of those that came since. By
	 * row, so without an index over the times. */
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT ifnull((SELECT max(id) FROM audit_mark b WHERE b.id < "
	    "m.id),"
	    " 0), id FROM audit_mark m WHERE id > ?1 AND +high_at >= ?2"
	    " AND id <= (SELECT max(id) FROM audit) ORDER BY id LIMIT 1");
	sqlite3_stmt *rest AUTORESET =
	    sql_prepare(reader, "SELECT ifnull(max(id), 0) FROM audit_mark"
				" WHERE id <= (SELECT max(id) FROM audit)");
	int found = -ERR_IO;

	if (stmt == NULL || rest == NULL)
		return found;
	sql_bind_int(stmt, 1, after);
	sql_bind_int(stmt, 2, since);
	found = sql_row(reader, stmt);
	if (found == 1) {
		*range =
		    (struct audit_range){sql_int(stmt, 0), sql_int(stmt, 1)};
	} else if (found == 0) {
		found = sql_row(reader, rest);
		*range = (struct audit_range){sql_int(rest, 0), INT64_MAX};
	}
	if (range->after < after)
		range->after = after;
	return found < 0 ? found : 0;
}

int
audit_mark_next(struct store_reader *reader, struct audit_range *range,
    int64_t after, int64_t since)
{
	/* What is counted and in no row yet is shown with its first row. */
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT ifnull(min(row_id), 0) FROM audit_repeat"
	    " WHERE pending > 0 AND row_id > ?1 AND last_at >= ?2");
	struct audit_range next = {0, 0};
	int64_t counted;
	int err =
	    stmt != NULL ? next_marked(reader, &next, after, since) : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, after);
	sql_bind_int(stmt, 2, since);
	err = sql_row(reader, stmt);
	if (err < 0)
		return err;
	counted = sql_int(stmt, 0);
	if (counted != 0 && counted <= next.after)
		next = (struct audit_range){counted - 1, counted};
	*range = next;
	return 0;
}
