#include "db/sql.h"

#include <string.h>

#include "base/log.h"

#define BUSY_TIMEOUT_MS 5000
/* In kibibytes, filled as pages are met: the upper pages of a million
 * certificates and their index fit. */
#define CACHE_SIZE "PRAGMA cache_size=-4000"

int
sql_error(struct store_reader *conn, const char *what)
{
	int code = sqlite3_errcode(conn->db) & 0xff;
	char quoted[200];

	log_error("store failed", "doing=\"%s\" error=%s", what,
	    log_quote(quoted, sizeof(quoted), sqlite3_errmsg(conn->db)));
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? -ERR_CORRUPT
							       : -ERR_IO;
}

int
sql_open(struct store_reader *conn, const char *path, bool readonly)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (readonly ? SQLITE_OPEN_READONLY
			      : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	memset(conn, 0, sizeof(*conn));
	if (sqlite3_open_v2(path, &conn->db, flags, NULL) != SQLITE_OK)
		return conn->db != NULL ? sql_error(conn, "open") : -ERR_NOMEM;
	sqlite3_busy_timeout(conn->db, BUSY_TIMEOUT_MS);
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	return sql_exec(conn, CACHE_SIZE);
}

void
sql_close(struct store_reader *conn)
{
	for (size_t i = 0; i < SQL_STATEMENTS_MAX; i++)
		sqlite3_finalize(conn->cache[i].stmt);
	sqlite3_close(conn->db);
	memset(conn, 0, sizeof(*conn));
}

int
sql_exec(struct store_reader *conn, const char *sql)
{
	if (sqlite3_exec(conn->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return sql_error(conn, sql);
	return 0;
}

sqlite3_stmt *
sql_prepare(struct store_reader *conn, const char *sql)
{
	size_t i = 0;

	while (i < SQL_STATEMENTS_MAX && conn->cache[i].sql != NULL &&
	       conn->cache[i].sql != sql)
		i++;
	if (i == SQL_STATEMENTS_MAX)
		abort(); /* raise the constant: a programming error */
	if (conn->cache[i].stmt == NULL) {
		if (sqlite3_prepare_v3(conn->db, sql, -1,
			SQLITE_PREPARE_PERSISTENT, &conn->cache[i].stmt,
			NULL) != SQLITE_OK) {
			sql_error(conn, sql);
			return NULL;
		}
		conn->cache[i].sql = sql;
	}
	return conn->cache[i].stmt;
}

int
sql_step(struct store_reader *conn, const char *sql)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(conn, sql);

	return stmt != NULL ? sql_run(conn, stmt) : -ERR_IO;
}

void
sql_resetp(sqlite3_stmt **stmt)
{
	if (*stmt == NULL)
		return;
	sqlite3_reset(*stmt);
	sqlite3_clear_bindings(*stmt);
}

/* Binding fails only without memory or with a wrong index; both make the step
 * that follows fail or bind NULL to a NOT NULL column. */
void
sql_bind_text(sqlite3_stmt *stmt, int i, const char *text)
{
	sqlite3_bind_text(stmt, i, text, -1, SQLITE_TRANSIENT);
}

void
sql_bind_blob(sqlite3_stmt *stmt, int i, struct bytes value)
{
	sqlite3_bind_blob64(stmt, i, value.data, value.len, SQLITE_TRANSIENT);
}

void
sql_bind_int(sqlite3_stmt *stmt, int i, int64_t value)
{
	sqlite3_bind_int64(stmt, i, value);
}

int
sql_run(struct store_reader *conn, sqlite3_stmt *stmt)
{
	int code = sqlite3_step(stmt);

	if (code == SQLITE_DONE || code == SQLITE_ROW)
		return 0;
	if ((code & 0xff) == SQLITE_CONSTRAINT)
		return -ERR_EXISTS;
	return sql_error(conn, sqlite3_sql(stmt));
}

int
sql_row(struct store_reader *conn, sqlite3_stmt *stmt)
{
	int code = sqlite3_step(stmt);

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	return sql_error(conn, sqlite3_sql(stmt));
}

const char *
sql_text(sqlite3_stmt *stmt, int column)
{
	const unsigned char *text = sqlite3_column_text(stmt, column);

	return text != NULL ? (const char *)text : "";
}

struct bytes
sql_blob(sqlite3_stmt *stmt, int column)
{
	const void *data = sqlite3_column_blob(stmt, column);

	return (struct bytes){data,
	    data != NULL ? (size_t)sqlite3_column_bytes(stmt, column) : 0};
}

int64_t
sql_int(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt, column);
}
