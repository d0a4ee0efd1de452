#include "db/identity.h"

#include <string.h>

#include "base/log.h"
#include "db/audit.h"
#include "db/pake_record.h"
#include "db/sql.h"

#define BACKOFF_FROM 4 /* wrong guesses in a row */

static int
put_record(struct store_txn *txn, int64_t identity_id, const char *wire_name,
    const struct verifier *record)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO pake_record(identity_id, sealed) VALUES(?1, ?2)");
	struct blob sealed CLEANUP(blob_fini) = {0};
	int err = stmt != NULL ? pake_record_seal(&sealed, txn, identity_id,
				     wire_name, record)
			       : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, identity_id);
	sql_bind_blob(stmt, 2, blob_bytes(&sealed));
	return sql_run(&txn->conn, stmt);
}

int
identity_add(struct store_txn *txn, const struct identity *identity,
    const struct verifier *record, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO identity(wire_name, name, kind, profile, allow_names,"
	    " created_at, expires_at, uses_left, guesses_left, guesses_max,"
	    " basic, approval)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0), nullif(?8, -1),"
	    " ?9, ?9, ?10, ?11)");
	const struct audit_row row = {.event = "identity.add",
	    .actor = actor,
	    .subject = identity->wire_name,
	    .detail = identity->name};
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, identity->wire_name);
	sql_bind_text(stmt, 2, identity->name);
	sql_bind_text(stmt, 3, identity->kind);
	sql_bind_text(stmt, 4, identity->profile);
	sql_bind_text(stmt, 5, identity->allow_names);
	sql_bind_int(stmt, 6, identity->created_at);
	sql_bind_int(stmt, 7, identity->expires_at);
	sql_bind_int(stmt, 8, identity->uses_left);
	sql_bind_int(stmt, 9, identity->guesses_max);
	sql_bind_int(stmt, 10, identity->basic);
	sql_bind_int(stmt, 11, identity->approval);
	err = sql_run(&txn->conn, stmt);
	if (err == 0 && record != NULL)
		err = put_record(txn, sqlite3_last_insert_rowid(txn->conn.db),
		    identity->wire_name, record);
	if (err == 0)
		err = audit_add(txn, identity->created_at, &row);
	return err;
}

#define IDENTITY_SELECT                                                        \
	"SELECT id, wire_name, name, kind, profile, allow_names, created_at,"  \
	" ifnull(expires_at, 0), ifnull(uses_left, -1), guesses_left,"         \
	" guesses_max, failures, retry_at, basic, disabled, approval OR"       \
	" EXISTS(SELECT 1 FROM device d JOIN manufacturer m"                   \
	"  ON m.id = d.manufacturer_id WHERE d.identity_id = identity.id"      \
	"  AND m.enrollment = 'ask') FROM identity "

static int
each_identity(struct store_reader *reader, sqlite3_stmt *stmt, identity_fn each,
    void *arg, int64_t *n)
{
	int more, err = 0;

	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		struct identity identity = {.id = sql_int(stmt, 0),
		    .wire_name = sql_text(stmt, 1),
		    .name = sql_text(stmt, 2),
		    .kind = sql_text(stmt, 3),
		    .profile = sql_text(stmt, 4),
		    .allow_names = sql_text(stmt, 5),
		    .created_at = sql_int(stmt, 6),
		    .expires_at = sql_int(stmt, 7),
		    .uses_left = sql_int(stmt, 8),
		    .guesses_left = sql_int(stmt, 9),
		    .guesses_max = sql_int(stmt, 10),
		    .failures = sql_int(stmt, 11),
		    .retry_at = sql_int(stmt, 12),
		    .basic = sql_int(stmt, 13) != 0,
		    .disabled = sql_int(stmt, 14) != 0,
		    .approval = sql_int(stmt, 15) != 0};

		(*n)++;
		err = more < 0 ? more : each(arg, &identity);
	}
	return err;
}

int
identity_list(struct store_reader *reader, identity_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, IDENTITY_SELECT "ORDER BY id");
	int64_t n = 0;

	return stmt != NULL ? each_identity(reader, stmt, each, arg, &n)
			    : -ERR_IO;
}

int
identity_get(
    struct store_reader *reader, int64_t id, identity_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, IDENTITY_SELECT "WHERE id = ?1");
	int64_t n = 0;
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	err = each_identity(reader, stmt, each, arg, &n);
	return err == 0 && n == 0 ? -ERR_NOT_FOUND : err;
}

int
identity_get_by_wire_name(struct store_reader *reader, const char *wire_name,
    identity_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, IDENTITY_SELECT "WHERE wire_name = ?1");
	int64_t n = 0;
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, wire_name);
	err = each_identity(reader, stmt, each, arg, &n);
	return err == 0 && n == 0 ? -ERR_NOT_FOUND : err;
}

int
identity_count(struct store_reader *reader, int64_t *out)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, "SELECT count(*) FROM identity");
	int err = stmt != NULL ? sql_row(reader, stmt) : -ERR_IO;

	if (err < 0)
		return err;
	*out = sql_int(stmt, 0);
	return 0;
}

/* The row that a wire name or, failing that, a label means. */
static int
find(struct store_txn *txn, const char *name, int64_t *id)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(&txn->conn, "SELECT id, wire_name = ?1 FROM identity"
				    " WHERE wire_name = ?1 OR name = ?1"
				    " ORDER BY wire_name = ?1 DESC LIMIT 2");
	bool is_wire_name;
	int64_t first;
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_text(stmt, 1, name);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_NOT_FOUND;
	first = sql_int(stmt, 0);
	is_wire_name = sql_int(stmt, 1) != 0;
	err = is_wire_name ? 0 : sql_row(&txn->conn, stmt);
	if (err < 0)
		return err;
	if (err == 1)
		return IDENTITY_AMBIGUOUS;
	*id = first;
	return 0;
}

static int
change(struct store_txn *txn, const char *sql, const char *event,
    const char *name, int64_t now, const char *actor)
{
	const struct audit_row row = {
	    .event = event, .actor = actor, .subject = name};
	sqlite3_stmt *stmt AUTORESET = NULL;
	int64_t id;
	int err = find(txn, name, &id);

	if (err != 0)
		return err;
	stmt = sql_prepare(&txn->conn, sql);
	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	err = sql_run(&txn->conn, stmt);
	return err == 0 ? audit_add(txn, now, &row) : err;
}

int
identity_remove(
    struct store_txn *txn, const char *name, int64_t now, const char *actor)
{
	return change(txn, "DELETE FROM identity WHERE id = ?1",
	    "identity.remove", name, now, actor);
}

int
identity_unlock(
    struct store_txn *txn, const char *name, int64_t now, const char *actor)
{
	return change(txn,
	    "UPDATE identity SET guesses_left = guesses_max, failures = 0,"
	    " retry_at = 0 WHERE id = ?1",
	    "identity.unlock", name, now, actor);
}

int
identity_disable(
    struct store_txn *txn, const char *name, int64_t now, const char *actor)
{
	return change(txn, "UPDATE identity SET disabled = 1 WHERE id = ?1",
	    "identity.disable", name, now, actor);
}

int
identity_enable(
    struct store_txn *txn, const char *name, int64_t now, const char *actor)
{
	return change(txn, "UPDATE identity SET disabled = 0 WHERE id = ?1",
	    "identity.enable", name, now, actor);
}

/* CLAIM_GRANTED, or CLAIM_DAMAGED: towards the peer a refusal like any other,
 * but the operator must act. */
static int
open_record(struct verifier *record, const struct store_txn *txn, int64_t id,
    const char *wire_name, struct bytes sealed)
{
	int err = pake_record_open(record, txn, id, wire_name, sealed);

	if (err != -ERR_CORRUPT)
		return err;
	log_error("a PAKE record cannot be used",
	    "identity_id=%lld reason=\"it was changed, moved, or sealed under "
	    "another records.key\"",
	    (long long)id);
	return CLAIM_DAMAGED;
}

/* Who it is and what speaks against it; *id and *record when granted. */
static int
judge_claim(struct store_txn *txn, int64_t *id, struct verifier *record,
    const char *wire_name, bool basic, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT id, guesses_left, ifnull(expires_at, 0),"
	    " ifnull(uses_left, -1), retry_at, disabled, sealed"
	    " FROM identity LEFT JOIN pake_record ON identity_id = id"
	    " WHERE wire_name = ?1 AND basic >= ?2 AND kind <> 'device'");
	int64_t expires_at, wait;
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, wire_name);
	sql_bind_int(stmt, 2, basic);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : CLAIM_UNKNOWN;
	if (sql_int(stmt, 5) != 0)
		return CLAIM_DISABLED;
	expires_at = sql_int(stmt, 2);
	if (sql_int(stmt, 3) == 0)
		return CLAIM_USED_UP;
	if (expires_at != IDENTITY_NEVER && expires_at <= now)
		return CLAIM_EXPIRED;
	if (sql_int(stmt, 1) <= 0)
		return CLAIM_LOCKED;
	/* A longer wait than there is was set while the clock was ahead. */
	wait = sql_int(stmt, 4) - now;
	if (wait > 0 && wait <= IDENTITY_BACKOFF_MAX_S)
		return CLAIM_BACKOFF;
	*id = sql_int(stmt, 0);
	return open_record(record, txn, *id, wire_name, sql_blob(stmt, 6));
}

static int64_t
backoff_s(int64_t failures, int64_t max)
{
	int64_t wait = 1;

	if (failures < BACKOFF_FROM)
		return 0;
	for (int64_t i = BACKOFF_FROM; i < failures && wait < max; i++)
		wait *= 2;
	return wait < max ? wait : max;
}

static int
take_guess(struct store_txn *txn, int64_t id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE identity SET guesses_left = guesses_left - 1"
	    " WHERE id = ?1");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	return sql_run(&txn->conn, stmt);
}

/* The same write for those who get no guess, so that the commit's time does not
 * tell who exists. */
static int
touch_decoy(struct store_txn *txn)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(&txn->conn, "UPDATE claim_decoy SET n = n + 1");

	return stmt != NULL ? sql_run(&txn->conn, stmt) : -ERR_IO;
}

static int
claim(struct store_txn *txn, int64_t *id, struct verifier *record,
    const char *wire_name, bool basic, int64_t now)
{
	int outcome = judge_claim(txn, id, record, wire_name, basic, now);
	int err;

	if (outcome < 0)
		return outcome;
	if (outcome == CLAIM_GRANTED)
		return take_guess(txn, *id);
	err = touch_decoy(txn);
	return err != 0 ? err : outcome;
}

int
identity_claim(struct store_txn *txn, struct verifier *record,
    const char *wire_name, int64_t now)
{
	int64_t id = 0;

	return claim(txn, &id, record, wire_name, false, now);
}

int
identity_claim_basic(struct store_txn *txn, int64_t *id,
    struct verifier *record, const char *wire_name, int64_t now)
{
	return claim(txn, id, record, wire_name, true, now);
}

static int
wrong_guesses(struct store_txn *txn, const char *wire_name, int64_t *out)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    &txn->conn, "SELECT failures FROM identity WHERE wire_name = ?1");
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_text(stmt, 1, wire_name);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_NOT_FOUND;
	*out = sql_int(stmt, 0);
	return 0;
}

int
identity_note_wrong(struct store_txn *txn, const char *wire_name, int64_t now,
    int64_t backoff_max_s)
{
	sqlite3_stmt *stmt AUTORESET = NULL;
	int64_t failures, wait;
	int err = wrong_guesses(txn, wire_name, &failures);

	if (err != 0)
		return err == -ERR_NOT_FOUND ? 0 : err; /* removed meanwhile */
	stmt = sql_prepare(&txn->conn,
	    "UPDATE identity SET failures = ?2, retry_at = ?3"
	    " WHERE wire_name = ?1");
	if (stmt == NULL)
		return -ERR_IO;
	wait = backoff_s(failures + 1, backoff_max_s);
	sql_bind_text(stmt, 1, wire_name);
	sql_bind_int(stmt, 2, failures + 1);
	sql_bind_int(stmt, 3, wait != 0 ? now + wait : 0);
	return sql_run(&txn->conn, stmt);
}

int
identity_confirm_basic(struct store_txn *txn, int64_t id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE identity SET"
	    " guesses_left = min(guesses_left + 1, guesses_max),"
	    " failures = 0, retry_at = 0 WHERE id = ?1");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	err = sql_run(&txn->conn, stmt);
	return err == 0 && sqlite3_changes(txn->conn.db) == 0 ? -ERR_NOT_FOUND
							      : err;
}

/* The two things that a password can be judged by go together. */
static int
drop_used_record(struct store_txn *txn, int64_t id)
{
	static const char *const sql[] = {
	    "DELETE FROM pake_record WHERE identity_id ="
	    " (SELECT id FROM identity WHERE id = ?1 AND uses_left = 0)",
	    "DELETE FROM srp_verifier WHERE identity_id ="
	    " (SELECT id FROM identity WHERE id = ?1 AND uses_left = 0)"};
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(sql) && err == 0; i++) {
		sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn, sql[i]);

		if (stmt == NULL)
			return -ERR_IO;
		sql_bind_int(stmt, 1, id);
		err = sql_run(&txn->conn, stmt);
	}
	return err;
}

/* Whether record is still the identity's: it may have been removed since, to be
 * made anew under the same name. */
static int
find_owner(struct store_txn *txn, int64_t *id, const char *wire_name,
    const struct verifier *record)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "SELECT id, sealed FROM identity JOIN pake_record"
	    " ON identity_id = id WHERE wire_name = ?1");
	struct verifier stored;
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_text(stmt, 1, wire_name);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : CONFIRM_USED_UP;
	*id = sql_int(stmt, 0);
	err = open_record(&stored, txn, *id, wire_name, sql_blob(stmt, 1));
	if (err == 0 && memcmp(&stored, record, sizeof(stored)) != 0)
		err = CONFIRM_USED_UP;
	explicit_bzero(&stored, sizeof(stored));
	return err == CLAIM_DAMAGED ? CONFIRM_USED_UP : err;
}

static int
confirm(struct store_txn *txn, const char *event, const char *wire_name,
    const struct verifier *record, int64_t now, const char *source)
{
	sqlite3_stmt *stmt AUTORESET = NULL;
	const struct audit_row row = {
	    .event = event, .subject = wire_name, .source = source};
	int64_t id = 0;
	int err = find_owner(txn, &id, wire_name, record);

	if (err != 0)
		return err;
	stmt = sql_prepare(&txn->conn,
	    "UPDATE identity SET"
	    " guesses_left = min(guesses_left + 1, guesses_max),"
	    " failures = 0, retry_at = 0,"
	    " uses_left = uses_left - (approval = 0)"
	    " WHERE id = ?1 AND (uses_left IS NULL OR uses_left > 0)");
	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	err = sql_run(&txn->conn, stmt);
	if (err != 0)
		return err;
	if (sqlite3_changes(txn->conn.db) == 0)
		return CONFIRM_USED_UP;
	err = drop_used_record(txn, id);
	return err == 0 ? audit_add(txn, now, &row) : err;
}

int
identity_confirm(struct store_txn *txn, const char *wire_name,
    const struct verifier *record, int64_t now, const char *source)
{
	return confirm(
	    txn, "pake.authenticated", wire_name, record, now, source);
}

int
identity_confirm_srp(struct store_txn *txn, const char *wire_name,
    const struct verifier *record, int64_t now, const char *source)
{
	return confirm(
	    txn, "srp.authenticated", wire_name, record, now, source);
}

int
identity_take_use(struct store_txn *txn, int64_t id)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE identity SET uses_left = uses_left - 1"
	    " WHERE id = ?1 AND (uses_left IS NULL OR uses_left > 0)");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	err = sql_run(&txn->conn, stmt);
	if (err != 0)
		return err;
	if (sqlite3_changes(txn->conn.db) == 0)
		return CONFIRM_USED_UP;
	return drop_used_record(txn, id);
}
