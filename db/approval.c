#include "db/approval.h"

#include <string.h>

#include "db/audit.h"
#include "db/sql.h"

#define SHA256_LEN 32

#define APPROVAL_SELECT                                                        \
	"SELECT id, kind, subject, source, key_sha256, state, reason,"         \
	" created_at, decided_at, decided_by, ifnull(identity_id, 0),"         \
	" ifnull(device_id, 0) FROM approval "

static int
each_approval(struct store_reader *reader, sqlite3_stmt *stmt, approval_fn each,
    void *arg, int64_t *n)
{
	int more, err = 0;

	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		struct approval a = {.id = sql_int(stmt, 0),
		    .kind = sql_text(stmt, 1),
		    .subject = sql_text(stmt, 2),
		    .source = sql_text(stmt, 3),
		    .state = sql_text(stmt, 5),
		    .reason = sql_text(stmt, 6),
		    .created_at = sql_int(stmt, 7),
		    .decided_at = sql_int(stmt, 8),
		    .decided_by = sql_text(stmt, 9),
		    .identity_id = sql_int(stmt, 10),
		    .device_id = sql_int(stmt, 11)};
		struct bytes key = sql_blob(stmt, 4);

		if (more < 0)
			return more;
		if (key.len != sizeof(a.key))
			return -ERR_CORRUPT;
		memcpy(a.key, key.data, key.len);
		(*n)++;
		err = each(arg, &a);
	}
	return err;
}

int
approval_find(struct store_reader *reader, const char *kind,
    const uint8_t key[32], approval_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    reader, APPROVAL_SELECT "WHERE kind = ?1 AND key_sha256 = ?2");
	int64_t n = 0;
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, kind);
	sql_bind_blob(stmt, 2, (struct bytes){key, SHA256_LEN});
	err = each_approval(reader, stmt, each, arg, &n);
	return err == 0 && n == 0 ? -ERR_NOT_FOUND : err;
}

static int
drop_old(struct store_txn *txn, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    &txn->conn, "DELETE FROM approval WHERE created_at <= ?1 - ?2");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, now);
	sql_bind_int(stmt, 2, APPROVAL_KEEP_S);
	return sql_run(&txn->conn, stmt);
}

/* Whoever forgot what it asked for asks anew: what it asked for first is of no
 * use to it any more, and nobody can fill the list alone. */
static int
make_room(struct store_txn *txn, const struct approval *a)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "DELETE FROM approval WHERE id IN (SELECT id FROM approval"
	    " WHERE (device_id = nullif(?1, 0) OR identity_id = nullif(?2, 0))"
	    " AND kind = ?3 AND state = 'waiting'"
	    " ORDER BY id DESC LIMIT -1 OFFSET ?4)");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, a->device_id);
	sql_bind_int(stmt, 2, a->identity_id);
	sql_bind_text(stmt, 3, a->kind);
	sql_bind_int(stmt, 4, APPROVALS_WAITING_EACH - 1);
	return sql_run(&txn->conn, stmt);
}

/* Whoever is nobody's makes himself anew for each request: what he fills is
 * theirs alone. */
static int
check_room(struct store_txn *txn, const struct approval *a)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT count(*), count(*) FILTER (WHERE device_id IS NULL"
	    " AND identity_id IS NULL) FROM approval WHERE state = 'waiting'");
	int err = stmt != NULL ? sql_row(&txn->conn, stmt) : -ERR_IO;
	bool nobody = a->device_id == 0 && a->identity_id == 0;

	if (err < 0)
		return err;
	if (nobody && sql_int(stmt, 1) >= APPROVALS_WAITING_NOBODY)
		return -ERR_BUSY;
	return sql_int(stmt, 0) >= APPROVALS_WAITING_MAX ? -ERR_BUSY : 0;
}

static int
insert(struct store_txn *txn, const struct approval *a, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO approval(kind, subject, source, device_id,"
	    " identity_id, key_sha256, state, reason, created_at, decided_at,"
	    " decided_by) VALUES(?1, ?2, ?3, nullif(?4, 0), nullif(?5, 0), ?6,"
	    " 'waiting', '', ?7, 0, '')");
	const struct audit_row row = {.event = "approval.ask",
	    .subject = a->subject,
	    .source = a->source,
	    .detail = a->kind};
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, a->kind);
	sql_bind_text(stmt, 2, a->subject);
	sql_bind_text(stmt, 3, a->source != NULL ? a->source : "");
	sql_bind_int(stmt, 4, a->device_id);
	sql_bind_int(stmt, 5, a->identity_id);
	sql_bind_blob(stmt, 6, (struct bytes){a->key, sizeof(a->key)});
	sql_bind_int(stmt, 7, now);
	err = sql_run(&txn->conn, stmt);
	return err == 0 ? audit_add_refusal(txn, now, 1, &row) : err;
}

int
approval_ask(struct store_txn *txn, const struct approval *approval,
    int64_t now, approval_fn each, void *arg)
{
	struct store_reader *reader = store_txn_reader(txn);
	int err = drop_old(txn, now);

	if (err != 0)
		return err;
	err = approval_find(reader, approval->kind, approval->key, each, arg);
	if (err != -ERR_NOT_FOUND)
		return err;
	err = make_room(txn, approval);
	if (err == 0)
		err = check_room(txn, approval);
	if (err == 0)
		err = insert(txn, approval, now);
	if (err != 0)
		return err;
	return approval_find(reader, approval->kind, approval->key, each, arg);
}

int
approval_take(struct store_txn *txn, const char *kind, const uint8_t key[32])
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "DELETE FROM approval WHERE kind = ?1 AND key_sha256 = ?2"
	    " AND state = 'approved'");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, kind);
	sql_bind_blob(stmt, 2, (struct bytes){key, SHA256_LEN});
	err = sql_run(&txn->conn, stmt);
	return err == 0 && sqlite3_changes(txn->conn.db) == 0 ? -ERR_NOT_FOUND
							      : err;
}

struct decision {
	bool waiting, approved;
	char subject[512];
};

static int
look(struct store_txn *txn, struct decision *d, int64_t id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    &txn->conn, "SELECT state, subject FROM approval WHERE id = ?1");
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_int(stmt, 1, id);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_NOT_FOUND;
	d->waiting = strcmp(sql_text(stmt, 0), "waiting") == 0;
	d->approved = strcmp(sql_text(stmt, 0), "approved") == 0;
	sqlite3_snprintf(
	    (int)sizeof(d->subject), d->subject, "%s", sql_text(stmt, 1));
	return 0;
}

int
approval_decide(struct store_txn *txn, int64_t id, bool approve,
    const char *reason, int64_t now, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE approval SET state = ?2, reason = ?3, decided_at = ?4,"
	    " decided_by = ?5 WHERE id = ?1");
	struct decision d;
	struct audit_row row = {
	    .event = approve ? "approval.approve" : "approval.deny",
	    .actor = actor,
	    .subject = d.subject,
	    .detail = reason};
	int err = stmt != NULL ? look(txn, &d, id) : -ERR_IO;

	if (err != 0)
		return err;
	if (!d.waiting)
		return d.approved == approve ? 0 : APPROVAL_DECIDED;
	sql_bind_int(stmt, 1, id);
	sql_bind_text(stmt, 2, approve ? "approved" : "denied");
	sql_bind_text(stmt, 3, !approve && reason != NULL ? reason : "");
	sql_bind_int(stmt, 4, now);
	sql_bind_text(stmt, 5, actor);
	err = sql_run(&txn->conn, stmt);
	return err == 0 ? audit_add(txn, now, &row) : err;
}

int
approval_list(struct store_reader *reader, bool all, int64_t after,
    int64_t limit, approval_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    APPROVAL_SELECT "WHERE id > ?1 AND (?2 OR state = 'waiting')"
			    " ORDER BY id LIMIT ?3");
	int64_t n = 0;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, after);
	sql_bind_int(stmt, 2, all);
	sql_bind_int(stmt, 3, limit);
	return each_approval(reader, stmt, each, arg, &n);
}
