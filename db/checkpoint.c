#include "db/checkpoint.h"

#include "db/sql.h"

int
checkpoint_put(struct store_txn *txn, const struct audit_checkpoint *checkpoint)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO audit_checkpoint(counter, last_id, hash, at,"
	    " signature) VALUES(?1, ?2, ?3, ?4, ?5)");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, checkpoint->counter);
	sql_bind_int(stmt, 2, checkpoint->last_id);
	sql_bind_blob(stmt, 3,
	    (struct bytes){checkpoint->hash, sizeof(checkpoint->hash)});
	sql_bind_int(stmt, 4, checkpoint->at);
	sql_bind_blob(stmt, 5, checkpoint->signature);
	return sql_run(&txn->conn, stmt);
}

int
checkpoint_last(struct store_reader *reader, int64_t *last_id, int64_t *at)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, "SELECT last_id, at FROM audit_checkpoint"
				" ORDER BY counter DESC LIMIT 1");
	int err = stmt != NULL ? sql_row(reader, stmt) : -ERR_IO;

	if (err < 0)
		return err;
	*last_id = err == 1 ? sql_int(stmt, 0) : 0;
	*at = err == 1 ? sql_int(stmt, 1) : 0;
	return 0;
}
