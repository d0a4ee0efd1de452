#include "db/audit.h"

#include "db/sql.h"

#define REFUSAL_WINDOW_S 3600

static const char *
text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static int
insert(struct store_txn *txn, int64_t now, int64_t count,
    const struct audit_row *row)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO audit(at, last_at, count, event, actor, subject,"
	    " source, detail) VALUES(?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, now);
	sql_bind_int(stmt, 2, count);
	sql_bind_text(stmt, 3, row->event);
	sql_bind_text(stmt, 4, text_or_empty(row->actor));
	sql_bind_text(stmt, 5, text_or_empty(row->subject));
	sql_bind_text(stmt, 6, text_or_empty(row->source));
	sql_bind_text(stmt, 7, text_or_empty(row->detail));
	return sql_run(&txn->conn, stmt);
}

int
audit_add(struct store_txn *txn, int64_t now, const struct audit_row *row)
{
	struct audit_row full = *row;

	if (full.source == NULL)
		full.source = txn->source;
	return insert(txn, now, 1, &full);
}

int
audit_add_refusal(struct store_txn *txn, int64_t now, int64_t times,
    const struct audit_row *row)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE audit SET count = count + ?1, last_at = ?2"
	    " WHERE source = ?3 AND event = ?4 AND subject = ?5"
	    " AND detail = ?6 AND at > ?2 - ?7 AND source <> ''");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, times);
	sql_bind_int(stmt, 2, now);
	sql_bind_text(stmt, 3, text_or_empty(row->source));
	sql_bind_text(stmt, 4, row->event);
	sql_bind_text(stmt, 5, text_or_empty(row->subject));
	sql_bind_text(stmt, 6, text_or_empty(row->detail));
	sql_bind_int(stmt, 7, REFUSAL_WINDOW_S);
	err = sql_run(&txn->conn, stmt);
	if (err == 0 && sqlite3_changes(txn->conn.db) == 0)
		err = insert(txn, now, times, row);
	return err;
}

int
audit_list(struct store_reader *reader, int64_t since, int64_t after,
    int64_t limit, audit_row_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT id, at, last_at, count, event, actor, subject, source,"
	    " detail FROM audit WHERE id > ?1 AND last_at >= ?2"
	    " ORDER BY id LIMIT ?3");
	int more, err = 0;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, after);
	sql_bind_int(stmt, 2, since);
	sql_bind_int(stmt, 3, limit);
	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		struct audit_row row = {.id = sql_int(stmt, 0),
		    .at = sql_int(stmt, 1),
		    .last_at = sql_int(stmt, 2),
		    .count = sql_int(stmt, 3),
		    .event = sql_text(stmt, 4),
		    .actor = sql_text(stmt, 5),
		    .subject = sql_text(stmt, 6),
		    .source = sql_text(stmt, 7),
		    .detail = sql_text(stmt, 8)};

		err = more < 0 ? more : each(arg, &row);
	}
	return err;
}
