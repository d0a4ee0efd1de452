#include "db/token.h"

#include <string.h>

#include "db/audit.h"
#include "db/sql.h"

static const char *const scope_names[] = {[TOKEN_READ] = "read",
    [TOKEN_OPERATE] = "operate",
    [TOKEN_ADMIN] = "admin"};

const char *
token_scope_name(enum token_scope scope)
{
	size_t i = (size_t)scope;

	return i < ARRAY_LEN(scope_names) ? scope_names[i] : NULL;
}

int
token_scope_parse(enum token_scope *out, const char *name)
{
	for (size_t i = TOKEN_READ; i < ARRAY_LEN(scope_names); i++)
		if (strcmp(scope_names[i], name) == 0) {
			*out = (enum token_scope)i;
			return 0;
		}
	return -ERR_INVALID;
}

int
token_add(struct store_txn *txn, const struct token *token)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "INSERT INTO token(token_id, name, secret_sha256, scope,"
	    " created_at, created_by, expires_at)"
	    " VALUES(?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0))");
	const struct audit_row row = {.event = "token.add",
	    .actor = token->created_by,
	    .subject = token->name,
	    .detail = token_scope_name(token->scope)};
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, token->token_id);
	sql_bind_text(stmt, 2, token->name);
	sql_bind_blob(stmt, 3,
	    (struct bytes){token->secret_sha256, sizeof(token->secret_sha256)});
	sql_bind_text(stmt, 4, row.detail);
	sql_bind_int(stmt, 5, token->created_at);
	sql_bind_text(stmt, 6, token->created_by);
	sql_bind_int(stmt, 7, token->expires_at);
	err = sql_run(&txn->conn, stmt);
	return err == 0 ? audit_add(txn, token->created_at, &row) : err;
}

int
token_remove(
    struct store_txn *txn, const char *name, int64_t now, const char *actor)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(&txn->conn, "DELETE FROM token WHERE name = ?1");
	const struct audit_row row = {
	    .event = "token.remove", .actor = actor, .subject = name};
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, name);
	err = sql_run(&txn->conn, stmt);
	if (err == 0 && sqlite3_changes(txn->conn.db) == 0)
		err = -ERR_NOT_FOUND;
	return err == 0 ? audit_add(txn, now, &row) : err;
}

int
token_note_use(struct store_txn *txn, int64_t id, int64_t now)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(&txn->conn,
	    "UPDATE token SET last_used_at = ?2 WHERE id = ?1"
	    " AND ifnull(last_used_at, 0) <= ?2 - ?3");

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, id);
	sql_bind_int(stmt, 2, now);
	sql_bind_int(stmt, 3, TOKEN_USED_EVERY_S);
	return sql_run(&txn->conn, stmt);
}

#define TOKEN_SELECT                                                           \
	"SELECT id, token_id, name, secret_sha256, scope, created_at,"         \
	" created_by, ifnull(expires_at, 0), ifnull(last_used_at, 0)"          \
	" FROM token "

static int
read_token(struct token *out, sqlite3_stmt *stmt)
{
	struct bytes sha256 = sql_blob(stmt, 3);

	*out = (struct token){.id = sql_int(stmt, 0),
	    .token_id = sql_text(stmt, 1),
	    .name = sql_text(stmt, 2),
	    .created_at = sql_int(stmt, 5),
	    .created_by = sql_text(stmt, 6),
	    .expires_at = sql_int(stmt, 7),
	    .last_used_at = sql_int(stmt, 8)};
	if (sha256.len != sizeof(out->secret_sha256) ||
	    token_scope_parse(&out->scope, sql_text(stmt, 4)) != 0)
		return -ERR_CORRUPT;
	memcpy(out->secret_sha256, sha256.data, sha256.len);
	return 0;
}

static int
each_token(struct store_reader *reader, sqlite3_stmt *stmt, token_fn each,
    void *arg, int64_t *n)
{
	int more, err = 0;

	while (err == 0 && (more = sql_row(reader, stmt)) != 0) {
		struct token token;

		(*n)++;
		err = more < 0 ? more : read_token(&token, stmt);
		if (err == 0)
			err = each(arg, &token);
	}
	return err;
}

int
token_list(struct store_reader *reader, token_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, TOKEN_SELECT "ORDER BY id");
	int64_t n = 0;

	return stmt != NULL ? each_token(reader, stmt, each, arg, &n) : -ERR_IO;
}

int
token_get(
    struct store_reader *reader, const char *token_id, token_fn each, void *arg)
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, TOKEN_SELECT "WHERE token_id = ?1");
	int64_t n = 0;
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_text(stmt, 1, token_id);
	err = each_token(reader, stmt, each, arg, &n);
	return err == 0 && n == 0 ? -ERR_NOT_FOUND : err;
}
