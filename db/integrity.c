#include "db/integrity.h"

#include <string.h>

#include "db/sql.h"

/* SQLite's instructions between two questions: under a millisecond. */
#define ASK_EVERY 10000

/* Without the line above it that names the database. */
static const char *
finding(const char *text)
{
	const char *line = strchr(text, '\n');

	return line != NULL ? line + 1 : text;
}

/* sql is a pragma that says "ok", or what is wrong. */
static int
check(struct store_reader *conn, const char *sql, struct reason *why)
{
	sqlite3_stmt *stmt = NULL;
	int code = sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL);
	int err = 0;

	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if ((code & 0xff) == SQLITE_INTERRUPT)
		err = -ERR_CLOSED;
	else if (code != SQLITE_ROW)
		err = reason_set(
		    why, -ERR_CORRUPT, "%s", sqlite3_errmsg(conn->db));
	else if (strcmp(sql_text(stmt, 0), "ok") != 0)
		err = reason_set(
		    why, -ERR_CORRUPT, "%.180s", finding(sql_text(stmt, 0)));
	sqlite3_finalize(stmt);
	return err;
}

int
integrity_check(struct store_reader *conn, struct reason *why)
{
	return check(conn, "PRAGMA integrity_check(1)", why);
}

struct asking {
	bool (*is_stopping)(void *arg);
	void *arg;
};

static int
ask(void *arg)
{
	const struct asking *asking = arg;

	return asking->is_stopping(asking->arg) ? 1 : 0;
}

int
integrity_check_pages(struct store_reader *reader,
    bool (*is_stopping)(void *arg), void *arg, struct reason *why)
{
	struct asking asking = {is_stopping, arg};
	int err;

	sqlite3_progress_handler(reader->db, ASK_EVERY, ask, &asking);
	err = check(reader, "PRAGMA quick_check(1)", why);
	sqlite3_progress_handler(reader->db, 0, NULL, NULL);
	return err;
}
