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
	    "INSERT OR REPLACE INTO audit_mark(id, high_at) SELECT ?1, max("
	    " (SELECT max(last_at) FROM audit WHERE id <= ?1 AND id > ifnull("
	    "  (SELECT max(id) FROM audit_mark WHERE id < ?1), 0)),"
	    " ifnull((SELECT high_at FROM audit_mark WHERE id < ?1"
	    "  ORDER BY id DESC LIMIT 1), 0))");
	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	return sql_run(&txn->conn, stmt);
}

int
audit_mark_find(struct store_reader *reader, int64_t *id, int64_t since)
{
	/* What is counted and in no row yet is shown with its first row. */
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT min("
	    " ifnull((SELECT id FROM audit_mark WHERE high_at < ?1"
	    "  AND id <= (SELECT max(id) FROM audit)"
	    "  ORDER BY high_at DESC, id DESC LIMIT 1), 0),"
	    " ifnull((SELECT min(row_id) - 1 FROM audit_repeat"
	    "  WHERE pending > 0 AND last_at >= ?1), 0x7fffffffffffffff))");
	int err = stmt != NULL ? 0 : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, since);
	err = sql_row(reader, stmt);
	if (err < 0)
		return err;
	*id = sql_int(stmt, 0);
	return 0;
}
