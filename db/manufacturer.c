#include "db/manufacturer.h"

#include <string.h>

#include "base/seal.h"
#include "db/audit.h"
#include "db/secret.h"
#include "db/sql.h"

/* In this order in the statements below. */
static const size_t texts[MANUFACTURER_TEXTS] = {
    offsetof(struct manufacturer, name),
    offsetof(struct manufacturer, policy),
    offsetof(struct manufacturer, serials),
    offsetof(struct manufacturer, serial_source),
    offsetof(struct manufacturer, serial_pattern),
    offsetof(struct manufacturer, anchors),
    offsetof(struct manufacturer, masa_url),
    offsetof(struct manufacturer, masa_hosts),
    offsetof(struct manufacturer, masa_tls_anchors),
    offsetof(struct manufacturer, voucher_anchors),
    offsetof(struct manufacturer, cose_type),
    offsetof(struct manufacturer, known_domains),
    offsetof(struct manufacturer, nonceless),
    offsetof(struct manufacturer, enrollment),
    offsetof(struct manufacturer, allow_names),
};

/* The parameters behind the texts. */
enum {
	AT_PRIVATE = MANUFACTURER_TEXTS + 1,
	AT_BASE64,
	AT_PLAIN_ROOT,
	AT_CREATED,
	AT_CHANGED,
};

const char **
manufacturer_text(struct manufacturer *m, size_t i)
{
	return (const char **)(void *)((char *)m + texts[i]);
}

#define CREDENTIAL_KIND "manufacturer-credential 1"

/* What is stored of a credential, and back. */
static int
credential_encode(struct blob *out, struct store_txn *txn, int64_t id,
    const struct manufacturer *m)
{
	const struct secret_owner owner = {CREDENTIAL_KIND, id, m->name};

	return secret_seal(out, txn, &owner,
	    (struct bytes){(const uint8_t *)m->masa_credential,
		strlen(m->masa_credential)});
}

/* out gets a NUL behind its octets. */
static int
credential_decode(struct blob *out, const struct store_txn *txn, int64_t id,
    const char *name, struct bytes stored)
{
	const struct secret_owner owner = {CREDENTIAL_KIND, id, name};
	size_t len =
	    stored.len > SEAL_OVERHEAD ? stored.len - SEAL_OVERHEAD : 0;

	out->data = calloc(1, len + 1);
	if (out->data == NULL)
		return -ERR_NOMEM;
	out->len = len;
	return secret_open(out->data, len, txn, &owner, stored);
}

static void
secret_fini(struct blob *secret)
{
	if (secret->data != NULL)
		explicit_bzero(secret->data, secret->len);
	blob_fini(secret);
}

static void
bind_values(sqlite3_stmt *stmt, const struct manufacturer *m)
{
	struct manufacturer copy = *m;

	for (size_t i = 0; i < MANUFACTURER_TEXTS; i++) {
		const char *text = *manufacturer_text(&copy, i);

		sql_bind_text(stmt, (int)i + 1, text != NULL ? text : "");
	}
	sql_bind_int(stmt, AT_PRIVATE, m->masa_private);
	sql_bind_int(stmt, AT_BASE64, m->base64_bodies);
	sql_bind_int(stmt, AT_PLAIN_ROOT, m->plain_root);
	sql_bind_int(stmt, AT_CREATED, m->created_at);
	sql_bind_int(stmt, AT_CHANGED, m->changed_at);
}

static int
find_id(struct store_txn *txn, int64_t *id, const char *name)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    &txn->conn, "SELECT id FROM manufacturer WHERE name = ?1");
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_text(stmt, 1, name);
	err = sql_row(&txn->conn, stmt);
	if (err <= 0)
		return err < 0 ? err : -ERR_NOT_FOUND;
	*id = sql_int(stmt, 0);
	return 0;
}

/* NULL and "" are none. */
static int
put_credential(struct store_txn *txn, int64_t id, const struct manufacturer *m)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE manufacturer SET masa_credential = ?2 WHERE id = ?1");
	bool none = m->masa_credential == NULL || m->masa_credential[0] == '\0';
	struct blob stored CLEANUP(secret_fini) = {0};
	int err = 0;

	if (stmt == NULL)
		return -ERR_IO;
	if (!none)
		err = credential_encode(&stored, txn, id, m);
	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, id);
	if (!none)
		sql_bind_blob(stmt, 2, blob_bytes(&stored));
	return sql_run(&txn->conn, stmt);
}

static int
audit(struct store_txn *txn, const char *event, const struct manufacturer *m,
    const char *actor)
{
	const struct audit_row row = {.event = event,
	    .actor = actor,
	    .subject = m->name,
	    .detail = m->policy};

	return audit_add(txn, m->changed_at, &row);
}

int
manufacturer_add(
    struct store_txn *txn, const struct manufacturer *m, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO manufacturer(name, policy, serials, serial_source,"
	    " serial_pattern, anchors, masa_url, masa_hosts, masa_tls_anchors,"
	    " voucher_anchors, cose_type, known_domains, nonceless,"
	    " enrollment, allow_names, masa_private, base64_bodies,"
	    " plain_root, created_at, changed_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
	    " ?14, ?15, ?16, ?17, ?18, ?19, ?20)");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	bind_values(stmt, m);
	err = sql_run(&txn->conn, stmt);
	if (err == 0)
		err = put_credential(
		    txn, sqlite3_last_insert_rowid(txn->conn.db), m);
	return err == 0 ? audit(txn, "manufacturer.add", m, actor) : err;
}

int
manufacturer_change(
    struct store_txn *txn, const struct manufacturer *m, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE manufacturer SET policy = ?2, serials = ?3,"
	    " serial_source = ?4, serial_pattern = ?5, anchors = ?6,"
	    " masa_url = ?7, masa_hosts = ?8, masa_tls_anchors = ?9,"
	    " voucher_anchors = ?10, cose_type = ?11, known_domains = ?12,"
	    " nonceless = ?13, enrollment = ?14, allow_names = ?15,"
	    " masa_private = ?16, base64_bodies = ?17, plain_root = ?18,"
	    " changed_at = ?20 WHERE name = ?1");
	int64_t id;
	int err = stmt != NULL ? find_id(txn, &id, m->name) : -ERR_IO;

	if (err != 0)
		return err;
	bind_values(stmt, m);
	err = sql_run(&txn->conn, stmt);
	if (err == 0)
		err = put_credential(txn, id, m);
	return err == 0 ? audit(txn, "manufacturer.change", m, actor) : err;
}

int
manufacturer_remove(
    struct store_txn *txn, const char *name, int64_t now, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(&txn->conn, "DELETE FROM manufacturer WHERE id = ?1");
	const struct manufacturer m = {
	    .name = name, .policy = "", .changed_at = now};
	int64_t id;
	int err = stmt != NULL ? find_id(txn, &id, name) : -ERR_IO;

	if (err != 0)
		return err;
	sql_bind_int(stmt, 1, id);
	err = sql_run(&txn->conn, stmt);
	return err == 0 ? audit(txn, "manufacturer.remove", &m, actor) : err;
}

#define MANUFACTURER_SELECT                                                    \
	"SELECT name, policy, serials, serial_source, serial_pattern,"         \
	" anchors, masa_url, masa_hosts, masa_tls_anchors, voucher_anchors,"   \
	" cose_type, known_domains, nonceless, enrollment, allow_names,"       \
	" masa_private, base64_bodies, plain_root, created_at, changed_at,"    \
	" id, masa_credential IS NOT NULL, masa_credential"                    \
	" FROM manufacturer ORDER BY name"

/* Parameters count from 1, columns from 0. */
static void
read_row(struct manufacturer *m, sqlite3_stmt *stmt)
{
	*m = (struct manufacturer){.masa_credential = "",
	    .masa_private = sql_int(stmt, AT_PRIVATE - 1) != 0,
	    .base64_bodies = sql_int(stmt, AT_BASE64 - 1) != 0,
	    .plain_root = sql_int(stmt, AT_PLAIN_ROOT - 1) != 0,
	    .created_at = sql_int(stmt, AT_CREATED - 1),
	    .changed_at = sql_int(stmt, AT_CHANGED - 1),
	    .id = sql_int(stmt, AT_CHANGED),
	    .has_credential = sql_int(stmt, AT_CHANGED + 1) != 0};
	for (size_t i = 0; i < MANUFACTURER_TEXTS; i++)
		*manufacturer_text(m, i) = sql_text(stmt, (int)i);
}

int
manufacturer_list(struct store_reader *reader, manufacturer_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader, MANUFACTURER_SELECT);
	int more, err = 0;

	if (stmt == NULL)
		return -ERR_IO;
	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		struct manufacturer m;

		if (more < 0)
			return more;
		read_row(&m, stmt);
		err = each(arg, &m);
	}
	return err;
}

static int
load_row(
    struct store_txn *txn, sqlite3_stmt *stmt, manufacturer_fn each, void *arg)
{
	struct blob secret CLEANUP(secret_fini) = {0};
	struct manufacturer m;
	int err = 0;

	read_row(&m, stmt);
	if (m.has_credential)
		err = credential_decode(
		    &secret, txn, m.id, m.name, sql_blob(stmt, AT_CHANGED + 2));
	if (err == 0 && m.has_credential)
		m.masa_credential = (const char *)secret.data;
	return err == 0 ? each(arg, &m) : err;
}

int
manufacturer_load(struct store_txn *txn, manufacturer_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(&txn->conn, MANUFACTURER_SELECT);
	int more, err = 0;

	if (stmt == NULL)
		return -ERR_IO;
	while (err == 0 && (more = sql_row(&txn->conn, stmt)) != 0)
		err = more < 0 ? more : load_row(txn, stmt, each, arg);
	return err;
}
