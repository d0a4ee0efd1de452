#include "db/certificate.h"

#include "db/audit.h"
#include "db/sql.h"

static int
put(struct store_txn *txn, int64_t *id, const struct certificate *certificate,
    const char *event, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO certificate(serial, subject, profile, identity,"
	    " issued_at, not_before, not_after, state, der, identity_id)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, 'valid', ?8,"
	    " nullif(?9, 0))");
	const struct audit_row row = {.event = event,
	    .actor = actor,
	    .subject = certificate->serial,
	    .source = certificate->source,
	    .detail = certificate->profile};
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, certificate->serial);
	sql_bind_text(stmt, 2, certificate->subject);
	sql_bind_text(stmt, 3, certificate->profile);
	sql_bind_text(stmt, 4, certificate->identity);
	sql_bind_int(stmt, 5, certificate->issued_at);
	sql_bind_int(stmt, 6, certificate->not_before);
	sql_bind_int(stmt, 7, certificate->not_after);
	sql_bind_blob(stmt, 8, certificate->der);
	sql_bind_int(stmt, 9, certificate->identity_id);
	err = sql_run(&txn->conn, stmt);
	if (err != 0)
		return err;
	if (id != NULL)
		*id = sqlite3_last_insert_rowid(txn->conn.db);
	return audit_add(txn, certificate->issued_at, &row);
}

int
certificate_put(struct store_txn *txn, int64_t *id,
    const struct certificate *certificate, const char *actor)
{
	return put(txn, id, certificate, "certificate.issue", actor);
}

int
certificate_import(struct store_txn *txn, int64_t *id,
    const struct certificate *certificate, const char *actor)
{
	return put(txn, id, certificate, "certificate.import", actor);
}

static int
each_certificate(struct store_reader *reader, sqlite3_stmt *stmt,
    certificate_fn each, void *arg, int64_t *n)
{
	int more, err = 0;

	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		struct certificate c = {.id = sql_int(stmt, 0),
		    .serial = sql_text(stmt, 1),
		    .subject = sql_text(stmt, 2),
		    .profile = sql_text(stmt, 3),
		    .identity = sql_text(stmt, 4),
		    .issued_at = sql_int(stmt, 5),
		    .not_before = sql_int(stmt, 6),
		    .not_after = sql_int(stmt, 7),
		    .state = sql_text(stmt, 8),
		    .der = sql_blob(stmt, 9),
		    .identity_id = sql_int(stmt, 10)};

		(*n)++;
		err = more < 0 ? more : each(arg, &c);
	}
	return err;
}

#define CERTIFICATE_COLUMNS                                                    \
	"id, serial, subject, profile, identity, issued_at, not_before,"       \
	" not_after, state, der, ifnull(identity_id, 0)"

int
certificate_list(struct store_reader *reader, int64_t before, int64_t limit,
    certificate_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT " CERTIFICATE_COLUMNS " FROM certificate"
	    " WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
	int64_t n = 0;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, before > 0 ? before : INT64_MAX);
	sql_bind_int(stmt, 2, limit);
	return each_certificate(reader, stmt, each, arg, &n);
}

int
certificate_get(struct store_reader *reader, const char *serial,
    certificate_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(reader,
	    "SELECT " CERTIFICATE_COLUMNS " FROM certificate"
	    " WHERE serial = ?1");
	int64_t n = 0;
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, serial);
	err = each_certificate(reader, stmt, each, arg, &n);
	return err == 0 && n == 0 ? -ERR_NOT_FOUND : err;
}

int
certificate_count(struct store_reader *reader, int64_t *out)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, "SELECT ifnull(max(id), 0) FROM certificate");
	int err = stmt != NULL ? sql_row(reader, stmt) : -ERR_IO;

	if (err < 0)
		return err;
	*out = sql_int(stmt, 0);
	return 0;
}
