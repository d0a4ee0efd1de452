#include "db/audit.h"

#include <string.h>

#include "db/audit_chain.h"
#include "db/audit_mark.h"
#include "db/sql.h"

#define REFUSAL_WINDOW_S 3600

static const char *
text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

static struct bytes
text_bytes(const char *text)
{
	text = text_or_empty(text);
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

/* Of row its texts, times and count: as the chain's next. *id may be NULL. */
static int
append(struct store_txn *txn, int64_t *id, const struct audit_row *row)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO audit(id, at, last_at, count, event, actor, subject,"
	    " source, detail, hash)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
	struct audit_link link = {.at = row->at,
	    .last_at = row->last_at,
	    .count = row->count,
	    .texts = {text_bytes(row->event), text_bytes(row->actor),
		text_bytes(row->subject), text_bytes(row->source),
		text_bytes(row->detail)}};
	struct audit_head head;
	int err = stmt != NULL ? audit_chain_head(&head, &txn->conn) : -ERR_IO;

	if (err != 0)
		return err;
	link.id = head.id + 1;
	err = audit_chain_next(&head, &link);
	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, link.id);
	sql_bind_int(stmt, 2, row->at);
	sql_bind_int(stmt, 3, row->last_at);
	sql_bind_int(stmt, 4, row->count);
	sql_bind_text(stmt, 5, row->event);
	sql_bind_text(stmt, 6, text_or_empty(row->actor));
	sql_bind_text(stmt, 7, text_or_empty(row->subject));
	sql_bind_text(stmt, 8, text_or_empty(row->source));
	sql_bind_text(stmt, 9, text_or_empty(row->detail));
	sql_bind_blob(stmt, 10, (struct bytes){head.hash, sizeof(head.hash)});
	err = sql_run(&txn->conn, stmt);
	if (err == 0)
		err = audit_mark_put(txn, link.id);
	if (err != 0)
		return err;
	txn->audit_head = link.id;
	if (id != NULL)
		*id = link.id;
	return 0;
}

static int
insert(struct store_txn *txn, int64_t *id, int64_t now, int64_t count,
    const struct audit_row *row)
{
	struct audit_row full = *row;

	full.at = full.last_at = now;
	full.count = count;
	return append(txn, id, &full);
}

int
audit_add(struct store_txn *txn, int64_t now, const struct audit_row *row)
{
	struct audit_row full = *row;

	if (full.source == NULL)
		full.source = txn->source;
	return insert(txn, NULL, now, 1, &full);
}

/* --- refusals that repeat --- */

static void
bind_key(sqlite3_stmt *stmt, const struct audit_row *row)
{
	sql_bind_text(stmt, 1, row->source);
	sql_bind_text(stmt, 2, row->event);
	sql_bind_text(stmt, 3, text_or_empty(row->subject));
	sql_bind_text(stmt, 4, text_or_empty(row->detail));
}

/* The first row of the same refusal and its time; 0 if there is none. */
static int
find_repeat(struct store_txn *txn, int64_t *row_id, int64_t *at,
    const struct audit_row *row)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT row_id, at FROM audit_repeat WHERE source = ?1"
	    " AND event = ?2 AND subject = ?3 AND detail = ?4");
	int err = -ERR_IO;

	*row_id = 0;
	if (stmt == NULL)
		return err;
	bind_key(stmt, row);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err;
	*row_id = sql_int(stmt, 0);
	*at = sql_int(stmt, 1);
	return 0;
}

static int
start_repeat(struct store_txn *txn, int64_t row_id, int64_t now,
    const struct audit_row *row)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO audit_repeat(source, event, subject, detail, row_id,"
	    " at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)");

	if (stmt == NULL)
		return -ERR_IO;
	bind_key(stmt, row);
	sql_bind_int(stmt, 5, row_id);
	sql_bind_int(stmt, 6, now);
	return sql_run(&txn->conn, stmt);
}

static int
count_repeat(struct store_txn *txn, int64_t row_id, int64_t now, int64_t times)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE audit_repeat SET"
	    " first_at = CASE pending WHEN 0 THEN ?2 ELSE first_at END,"
	    " pending = pending + ?3, last_at = ?2 WHERE row_id = ?1");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, row_id);
	sql_bind_int(stmt, 2, now);
	sql_bind_int(stmt, 3, times);
	return sql_run(&txn->conn, stmt);
}

static int
clear_pending(struct store_txn *txn, int64_t row_id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE audit_repeat SET pending = 0 WHERE row_id = ?1");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, row_id);
	return sql_run(&txn->conn, stmt);
}

/* Makes a row of what was counted for this refusal, or for any if row_id is 0.
 * 1 when it made one, 0 when there was nothing. */
static int
fold_one(struct store_txn *txn, int64_t row_id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT r.row_id, r.first_at, r.last_at, r.pending, r.event,"
	    " ifnull(a.actor, ''), r.subject, r.source, r.detail"
	    " FROM audit_repeat r LEFT JOIN audit a ON a.id = r.row_id"
	    " WHERE r.pending > 0 AND r.row_id BETWEEN ?1 AND ?2 LIMIT 1");
	struct audit_row row;
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_int(stmt, 1, row_id);
	sql_bind_int(stmt, 2, row_id != 0 ? row_id : INT64_MAX);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err;
	row = (struct audit_row){.at = sql_int(stmt, 1),
	    .last_at = sql_int(stmt, 2),
	    .count = sql_int(stmt, 3),
	    .event = sql_text(stmt, 4),
	    .actor = sql_text(stmt, 5),
	    .subject = sql_text(stmt, 6),
	    .source = sql_text(stmt, 7),
	    .detail = sql_text(stmt, 8)};
	err = append(txn, NULL, &row);
	if (err == 0)
		err = clear_pending(txn, sql_int(stmt, 0));
	return err == 0 ? 1 : err;
}

static int
forget_repeat(struct store_txn *txn, int64_t row_id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    &txn->conn, "DELETE FROM audit_repeat WHERE row_id = ?1");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, row_id);
	return sql_run(&txn->conn, stmt);
}

int
audit_add_refusal(struct store_txn *txn, int64_t now, int64_t times,
    const struct audit_row *row)
{
	int64_t row_id, at = 0;
	int err;

	if (text_or_empty(row->source)[0] == '\0')
		return insert(txn, NULL, now, times, row);
	err = find_repeat(txn, &row_id, &at, row);
	/* One of later is of a clock that was ahead. */
	if (err == 0 && row_id != 0 && at > now - REFUSAL_WINDOW_S && at <= now)
		return count_repeat(txn, row_id, now, times);
	if (err == 0 && row_id != 0) {
		err = fold_one(txn, row_id);
		if (err >= 0)
			err = forget_repeat(txn, row_id);
	}
	if (err == 0)
		err = insert(txn, &row_id, now, times, row);
	return err == 0 ? start_repeat(txn, row_id, now, row) : err;
}

int
audit_fold(struct store_txn *txn, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = NULL;
	int err;

	do
		err = fold_one(txn, 0);
	while (err == 1);
	if (err != 0)
		return err;
	stmt =
	    sql_prepare(&txn->conn, "DELETE FROM audit_repeat WHERE at <= ?1");
	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, now - REFUSAL_WINDOW_S);
	return sql_run(&txn->conn, stmt);
}

/* --- reading --- */

static int
list_range(struct store_reader *reader, const struct audit_range *range,
    int64_t since, int64_t *limit, audit_row_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT id, at, last_at, count, event, actor, subject, source,"
	    " detail, pending, hash FROM audit_shown"
	    " WHERE id > ?1 AND id <= ?2 AND last_at >= ?3"
	    " ORDER BY id LIMIT ?4");
	int more, err = stmt != NULL ? 0 : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, range->after);
	sql_bind_int(stmt, 2, range->last);
	sql_bind_int(stmt, 3, since);
	sql_bind_int(stmt, 4, *limit);
	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		struct audit_row row = {.id = sql_int(stmt, 0),
		    .at = sql_int(stmt, 1),
		    .last_at = sql_int(stmt, 2),
		    .count = sql_int(stmt, 3),
		    .event = sql_text(stmt, 4),
		    .actor = sql_text(stmt, 5),
		    .subject = sql_text(stmt, 6),
		    .source = sql_text(stmt, 7),
		    .detail = sql_text(stmt, 8),
		    .pending = sql_int(stmt, 9),
		    .hash = sql_blob(stmt, 10)};

		(*limit)--;
		err = more < 0 ? more : each(arg, &row);
	}
	return err;
}

int
audit_list(struct store_reader *reader, int64_t since, int64_t after,
    int64_t limit, audit_row_fn each, void *arg)
{
	struct audit_range range = {.last = after};
	int err = 0;

	while (err == 0 && limit > 0 && range.last != INT64_MAX) {
		err = audit_mark_next(reader, &range, range.last, since);
		if (err == 0)
			err = list_range(
			    reader, &range, since, &limit, each, arg);
	}
	return err;
}
