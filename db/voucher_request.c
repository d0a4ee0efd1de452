#include "db/voucher_request.h"

#include <string.h>

#include "db/audit.h"
#include "db/sql.h"

#define SHA256_LEN 32

static const char *
text_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

int
voucher_request_find(struct store_reader *reader, int64_t device_id,
    const uint8_t sha256[32], int64_t now, voucher_request_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT id, device_id, request_sha256, state, outcome, reason,"
	    " voucher, media_type, created_at, changed_at FROM voucher_request"
	    " WHERE device_id = ?1 AND request_sha256 = ?2"
	    " AND changed_at > ?3 - ?4");
	struct voucher_request r = {0};
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_int(stmt, 1, device_id);
	sql_bind_blob(stmt, 2, (struct bytes){sha256, SHA256_LEN});
	sql_bind_int(stmt, 3, now);
	sql_bind_int(stmt, 4, VOUCHER_REQUEST_KEEP_S);
	err = sql_row(reader, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_NOT_FOUND;
	r.id = sql_int(stmt, 0);
	r.device_id = sql_int(stmt, 1);
	memcpy(r.request_sha256, sha256, sizeof(r.request_sha256));
	r.state = sql_text(stmt, 3);
	r.outcome = sql_int(stmt, 4);
	r.reason = sql_text(stmt, 5);
	r.voucher = sql_blob(stmt, 6);
	r.media_type = sql_text(stmt, 7);
	r.created_at = sql_int(stmt, 8);
	r.changed_at = sql_int(stmt, 9);
	return each(arg, &r);
}

static int
drop_old(struct store_txn *txn, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "DELETE FROM voucher_request WHERE changed_at <= ?1 - ?2");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, now);
	sql_bind_int(stmt, 2, VOUCHER_REQUEST_KEEP_S);
	return sql_run(&txn->conn, stmt);
}

/* Each request of a device is another one, if it likes. */
static int
drop_many(struct store_txn *txn, int64_t device_id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "DELETE FROM voucher_request WHERE id IN"
	    " (SELECT id FROM voucher_request WHERE device_id = ?1"
	    "  ORDER BY changed_at DESC, id DESC LIMIT -1 OFFSET ?2)");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, device_id);
	sql_bind_int(stmt, 2, VOUCHER_REQUESTS_EACH);
	return sql_run(&txn->conn, stmt);
}

int
voucher_request_put(
    struct store_txn *txn, const struct voucher_request *r, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO voucher_request(device_id, request_sha256, state,"
	    " outcome, reason, voucher, media_type, created_at, changed_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)"
	    " ON CONFLICT(device_id, request_sha256) DO UPDATE SET"
	    " state = excluded.state, outcome = excluded.outcome,"
	    " reason = excluded.reason, voucher = excluded.voucher,"
	    " media_type = excluded.media_type,"
	    " changed_at = excluded.changed_at");
	int err = stmt != NULL ? drop_old(txn, now) : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, r->device_id);
	sql_bind_blob(stmt, 2, (struct bytes){r->request_sha256, SHA256_LEN});
	sql_bind_text(stmt, 3, r->state);
	sql_bind_int(stmt, 4, r->outcome);
	sql_bind_text(stmt, 5, text_or_empty(r->reason));
	if (r->voucher.len != 0)
		sql_bind_blob(stmt, 6, r->voucher);
	sql_bind_text(stmt, 7, text_or_empty(r->media_type));
	sql_bind_int(stmt, 8, now);
	err = sql_run(&txn->conn, stmt);
	return err == 0 ? drop_many(txn, r->device_id) : err;
}

/* --- vouchers without a nonce --- */

int
stock_voucher_put(
    struct store_txn *txn, const struct stock_voucher *v, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO voucher_stock(manufacturer_id, serial_number,"
	    " media_type, voucher, expires_on, fetched_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
	    " ON CONFLICT(manufacturer_id, serial_number, media_type)"
	    " DO UPDATE SET voucher = excluded.voucher,"
	    " expires_on = excluded.expires_on,"
	    " fetched_at = excluded.fetched_at");
	const struct audit_row row = {.event = "voucher.stock",
	    .actor = actor,
	    .subject = v->serial_number,
	    .detail = v->media_type};
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, v->manufacturer_id);
	sql_bind_text(stmt, 2, v->serial_number);
	sql_bind_text(stmt, 3, v->media_type);
	sql_bind_blob(stmt, 4, v->voucher);
	sql_bind_int(stmt, 5, v->expires_on);
	sql_bind_int(stmt, 6, v->fetched_at);
	err = sql_run(&txn->conn, stmt);
	return err == 0 ? audit_add(txn, v->fetched_at, &row) : err;
}

int
stock_voucher_find(struct store_reader *reader, int64_t manufacturer_id,
    const char *serial_number, const char *media_type, int64_t now,
    stock_voucher_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT serial_number, media_type, voucher, expires_on,"
	    " fetched_at FROM voucher_stock WHERE manufacturer_id = ?1"
	    " AND serial_number = ?2 AND media_type = ?3"
	    " AND (expires_on = 0 OR expires_on > ?4)");
	struct stock_voucher v = {.manufacturer_id = manufacturer_id};
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_int(stmt, 1, manufacturer_id);
	sql_bind_text(stmt, 2, serial_number);
	sql_bind_text(stmt, 3, media_type);
	sql_bind_int(stmt, 4, now);
	err = sql_row(reader, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_NOT_FOUND;
	v.serial_number = sql_text(stmt, 0);
	v.media_type = sql_text(stmt, 1);
	v.voucher = sql_blob(stmt, 2);
	v.expires_on = sql_int(stmt, 3);
	v.fetched_at = sql_int(stmt, 4);
	return each(arg, &v);
}
