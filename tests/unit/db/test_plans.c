/* No statement of this room reads a table from end to end as the store grows,
 * but for those that are listed here with their reasons. The statements are
 * found in the program itself, which all of db/ is linked into: one that no
 * other test runs is looked at as well. */
#include "tests/unit/cmocka.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "base/file.h"
#include "base/str.h"
#include "db/masa.h"
#include "tests/unit/db/support.h"

#define PROGRAM_MAX_BYTES (256 * 1024 * 1024)
#define STATEMENTS_LEAST 100 /* there are more: or they were not found */

/* Tables that do not grow with the network: what people make by hand, or one
 * row. */
static const char *const small_tables[] = {"claim_decoy", "dns_server",
    "manufacturer", "sealed", "sqlite_master", "sqlite_schema", "srp_seed",
    "token"};

/* Statements that may, as patterns of fnmatch(). The ^ in front keeps them from
 * being taken for statements themselves. */
static const char *const full_reads[] = {
    /* The last row, one step from the end. */
    "^SELECT id, hash FROM audit ORDER BY id DESC LIMIT 1",
    "^SELECT last_id, at FROM audit_checkpoint ORDER BY counter DESC LIMIT 1",
    "^SELECT counter, last_id, hash, at, signature FROM audit_checkpoint"
    " ORDER BY counter DESC LIMIT 1",
    /* The whole chain is verified, in the background. */
    "^SELECT counter, last_id, hash, at, signature FROM audit_checkpoint"
    " ORDER BY counter",
    "^SELECT id, at, last_at, count, event, actor, subject, source, detail,"
    " hash FROM audit ORDER BY id",
    /* An hour's refusals; 30 days' decisions of people. */
    "^DELETE FROM audit_repeat WHERE at <= ?1",
    "^DELETE FROM approval WHERE created_at <= *",
    "^SELECT count(*), count(*) FILTER (WHERE device_id IS NULL*",
    /* What people have shown to them: all identities, and their number. */
    "^SELECT id, wire_name, name, kind,* FROM identity ORDER BY id",
    "^SELECT count(*) FROM identity",
    /* DNS servers (dns_server s), which are few. */
    "^SELECT s.id, s.label,* FROM dns_server s *",
    /* At the start of a store whose key is missing. */
    "^SELECT (SELECT count(*) FROM sealed) + (SELECT count(*) FROM pake_*",
};

struct plans {
	struct fixture *f;
	char masa_path[PATH_MAX];
	sqlite3 *estuary, *masa;
	size_t n_statements;
};

static int
setup(void **state)
{
	struct plans *p = calloc(1, sizeof(*p));
	struct reason why = {""};
	struct store *masa;

	assert_non_null(p);
	fixture_setup((void **)&p->f);
	assert_int_equal(0, str_format(p->masa_path, sizeof(p->masa_path),
				"%s/masa.db", p->f->dir));
	if (masa_store_open(&masa, p->masa_path, STORE_CREATE, &why) != 0)
		fail_msg("%s", why.text);
	store_close(masa);
	assert_int_equal(SQLITE_OK, sqlite3_open(p->f->path, &p->estuary));
	assert_int_equal(SQLITE_OK, sqlite3_open(p->masa_path, &p->masa));
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct plans *p = *state;

	sqlite3_close(p->estuary);
	sqlite3_close(p->masa);
	fixture_teardown((void **)&p->f);
	free(p);
	return 0;
}

/* "SCAN NAME" or "SCAN NAME USING INDEX ...". */
static bool
is_small(const char *step)
{
	const char *name = step + strlen("SCAN ");
	size_t len = strcspn(name, " ");

	for (size_t i = 0; i < ARRAY_LEN(small_tables); i++)
		if (strlen(small_tables[i]) == len &&
		    strncmp(name, small_tables[i], len) == 0)
			return true;
	return false;
}

static bool
is_known(const char *sql)
{
	for (size_t i = 0; i < ARRAY_LEN(full_reads); i++)
		if (fnmatch(full_reads[i] + 1, sql, 0) == 0)
			return true;
	return false;
}

/* A step of a plan that reads all of a table or of one of its indexes, or
 * makes an index of it for the occasion. */
static bool
reads_all(const char *step)
{
	return (strncmp(step, "SCAN ", 5) == 0 && !is_small(step) &&
		   strcmp(step, "SCAN CONSTANT ROW") != 0) ||
	       strstr(step, "AUTOMATIC") != NULL;
}

static bool
check_plan(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
	bool good = true;

	assert_int_equal(
	    SQLITE_OK, sqlite3_prepare_v2(db, explain, -1, &stmt, NULL));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(stmt, 3);

		if (!reads_all(step) || is_known(sql))
			continue;
		print_error("%s\n    in: %s\n", step, sql);
		good = false;
	}
	sqlite3_finalize(stmt);
	sqlite3_free(explain);
	return good;
}

/* One alone: several in a text are a migration's. */
enum kind { BROKEN, SINGLE, SEVERAL };

static enum kind
kind_of(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt = NULL;
	const char *rest = NULL;
	enum kind kind = BROKEN;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, &rest) == SQLITE_OK)
		kind = *rest == '\0' ? SINGLE : SEVERAL;
	sqlite3_finalize(stmt);
	return kind;
}

static bool
begins_statement(const char *text)
{
	static const char *const words[] = {
	    "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "REPLACE"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t len = strlen(words[i]);

		if (strncmp(text, words[i], len) == 0 && text[len] == ' ')
			return true;
	}
	return false;
}

/* The linker lets a text be the end of a longer one: what begins within another
 * counts if it is a statement, and else is a part of one. */
static bool
check_text(struct plans *p, const char *sql, bool is_within)
{
	sqlite3 *const dbs[] = {p->estuary, p->masa};

	for (size_t i = 0; i < ARRAY_LEN(dbs); i++) {
		enum kind kind = kind_of(dbs[i], sql);

		p->n_statements += kind == SINGLE;
		if (kind != BROKEN)
			return kind == SEVERAL || check_plan(dbs[i], sql);
	}
	/* The second: a migration's, of a table that went with it. */
	if (is_within || strstr(sql, "pake_record_plain") != NULL)
		return true;
	print_error("does not compile: %s\n", sql);
	return false;
}

static void
test_no_full_reads(void **state)
{
	struct plans *p = *state;
	struct blob program = {0};
	bool good = true;

	assert_int_equal(
	    0, file_read(&program, "/proc/self/exe", PROGRAM_MAX_BYTES));
	for (size_t i = 1; i < program.len; i++) {
		const char *text = (const char *)program.data + i;

		if (begins_statement(text))
			good &= check_text(p, text, isprint(text[-1]) != 0);
	}
	blob_fini(&program);
	assert_true(p->n_statements >= STATEMENTS_LEAST);
	assert_true(good);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_no_full_reads, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
