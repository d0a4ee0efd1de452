/* SQLite, wrapped for this room: connections that cache their statements, and
 * parameters and columns by position. */
#ifndef DB_SQL_H
#define DB_SQL_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/buf.h"
#include "db/store.h"

#define SQL_STATEMENTS_MAX 128

struct store_reader {
	sqlite3 *db;
	struct {
		const char *sql; /* a string constant: compared as a pointer */
		sqlite3_stmt *stmt;
	} cache[SQL_STATEMENTS_MAX];
};

struct seal;

struct store_txn {
	struct store_reader conn;
	const char *source; /* the running job's */
	struct seal *seal;  /* for db/secret.h */
	int64_t audit_head; /* the last row that the batch added; 0: none */
};

int sql_open(
    struct store_reader *conn, const char *path, bool readonly) NODISCARD;
void sql_close(struct store_reader *conn);
/* Statements without parameters or rows. */
int sql_exec(struct store_reader *conn, const char *sql) NODISCARD;
/* Logs SQLite's last error as "store" and returns -ERR_IO or -ERR_CORRUPT. */
int sql_error(struct store_reader *conn, const char *what);

/* A cached statement, reset and without bindings; NULL after logging if it does
 * not compile. sql must be a string constant. */
sqlite3_stmt *sql_prepare(struct store_reader *conn, const char *sql);
/* One without parameters or rows, that is run again and again. */
int sql_step(struct store_reader *conn, const char *sql) NODISCARD;
/* Resets at the end of the scope. */
void sql_resetp(sqlite3_stmt **stmt);
#define AUTORESET CLEANUP(sql_resetp)

void sql_bind_text(sqlite3_stmt *stmt, int i, const char *text); /* NULL too */
void sql_bind_blob(sqlite3_stmt *stmt, int i, struct bytes value);
void sql_bind_int(sqlite3_stmt *stmt, int i, int64_t value);

/* One step of a change: 0, -ERR_EXISTS on a constraint, or another error. */
int sql_run(struct store_reader *conn, sqlite3_stmt *stmt) NODISCARD;
/* 1 a row is there, 0 no more, or an error. */
int sql_row(struct store_reader *conn, sqlite3_stmt *stmt) NODISCARD;

/* "" for NULL; valid until the next step. */
const char *sql_text(sqlite3_stmt *stmt, int column);
struct bytes sql_blob(sqlite3_stmt *stmt, int column);
int64_t sql_int(sqlite3_stmt *stmt, int column);

#endif
