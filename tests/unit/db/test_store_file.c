/* The store's file: made, opened, and refused when it is not as it should be.
 */
#include "tests/unit/cmocka.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "db/schema.h"
#include "tests/unit/db/support.h"

static char one[] = "one";

static void
test_create(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(0, stat(f->path, &st));
	assert_int_equal(0600, st.st_mode & 07777);
	assert_int_equal(SCHEMA_APPLICATION_ID,
	    sql_number(f->path, "PRAGMA application_id"));
	/* A first start that was cut off goes on where it was. */
	assert_int_equal(0, in_txn(f->store, add_row, one));
	fixture_close(f);
	fixture_open(f, STORE_CREATE);
	assert_int_equal(1, count_rows(f->reader, one));
}

static void
test_create_checks_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct reason why = {""};
	struct store *store;

	fixture_close(f);
	assert_int_equal(0, chmod(f->path, 0644));
	assert_int_equal(
	    -ERR_PERMISSION, store_open(&store, f->path, STORE_CREATE, &why));
	assert_int_equal(0, unlink(f->path));
	sql_change(f->path, "CREATE TABLE theirs(x)");
	assert_int_equal(0, chmod(f->path, 0600));
	assert_int_equal(
	    -ERR_REFUSED, store_open(&store, f->path, STORE_CREATE, &why));
}

static void
test_reopen_keeps_everything(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(0, in_txn(f->store, add_row, one));
	fixture_close(f);
	fixture_open(f, STORE_OPEN);
	assert_int_equal(1, count_rows(f->reader, one));
}

/* Opens the fixture's file, which must be refused; closes nothing. */
static void
assert_refused(struct fixture *f, int err)
{
	struct reason why = {""};
	struct store *store = NULL;
	int got = store_open(&store, f->path, STORE_OPEN, &why);

	if (got != err)
		fail_msg("%d: %s", got, why.text);
	assert_null(store);
	assert_non_null(strstr(why.text, f->path));
}

static void
test_missing_file_refused(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	assert_int_equal(0, unlink(f->path));
	assert_refused(f, -ERR_NOT_FOUND);
	assert_false(file_exists(f->path)); /* and it was not made */
}

static void
test_file_open_to_others_refused(void **state)
{
	static const mode_t bad[] = {0644, 0640, 0660, 0604, 0602, 0601};
	struct fixture *f = *state;

	fixture_close(f);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(0, chmod(f->path, bad[i]));
		assert_refused(f, -ERR_PERMISSION);
	}
	assert_int_equal(0, chmod(f->path, 0600));
	fixture_open(f, STORE_OPEN);
}

static void
test_file_of_somebody_else_refused(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	fixture_close(f);
	assert_int_equal(0, chown(f->path, 12345, 12345));
	assert_refused(f, -ERR_PERMISSION);
}

static void
overwrite(const struct fixture *f, off_t at, char with, size_t len)
{
	char junk[4096];
	int fd = open(f->path, O_WRONLY | O_CLOEXEC);

	assert_true(len <= sizeof(junk));
	memset(junk, with, len);
	assert_true(fd >= 0);
	assert_int_equal(len, pwrite(fd, junk, len, at));
	close(fd);
}

static void
test_wrong_file_refused(void **state)
{
	static const char text[] = "This is no database, but it is long "
				   "enough to be one: ................"
				   "..................................";
	struct fixture *f = *state;

	fixture_close(f);
	assert_int_equal(0,
	    file_write(f->path,
		(struct bytes){(const uint8_t *)text, sizeof(text) - 1}, 0600));
	assert_refused(f, -ERR_CORRUPT);
}

static void
test_damaged_header_refused(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(0, in_txn(f->store, add_row, one));
	fixture_close(f);
	overwrite(f, 0, '\x5a', 100);
	assert_refused(f, -ERR_CORRUPT);
}

static void
test_damaged_page_refused(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(0, in_txn(f->store, add_many_rows, one));
	fixture_close(f);
	assert_int_equal(0, stat(f->path, &st));
	assert_true(st.st_size > 10 * 4096);
	overwrite(f, st.st_size / 2 / 4096 * 4096, '\xff', 4096);
	assert_refused(f, -ERR_CORRUPT);
}

static void
test_truncated_file_refused(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(0, in_txn(f->store, add_many_rows, one));
	fixture_close(f);
	assert_int_equal(0, stat(f->path, &st));
	assert_int_equal(0, truncate(f->path, st.st_size / 2 / 4096 * 4096));
	assert_refused(f, -ERR_CORRUPT);
}

/* A file that lost everything must not turn into a new store in silence. */
static void
test_empty_file_refused(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	assert_int_equal(0, truncate(f->path, 0));
	assert_refused(f, -ERR_CORRUPT);
}

/* What a first start that was cut off leaves, however, is completed. */
static void
test_create_completes_an_empty_file(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	assert_int_equal(0, truncate(f->path, 0));
	fixture_open(f, STORE_CREATE);
	assert_int_equal(0, in_txn(f->store, add_row, one));
}

static void
test_newer_version_refused(void **state)
{
	struct fixture *f = *state;
	int64_t version;

	fixture_close(f);
	version = sql_number(f->path, "PRAGMA user_version");
	sql_change(f->path, "PRAGMA user_version = 1000");
	assert_refused(f, -ERR_REFUSED);
	assert_int_equal(1000, sql_number(f->path, "PRAGMA user_version"));
	sql_change(f->path, "PRAGMA user_version = -1");
	assert_refused(f, -ERR_REFUSED);
	assert_true(version > 0);
}

/* Whatever another program's file says of itself, it is not touched. */
static void
test_foreign_database_refused(void **state)
{
	static const char *const foreign[] = {
	    "PRAGMA application_id = 1; PRAGMA user_version = 1;"
	    "CREATE TABLE theirs(x)",
	    "PRAGMA application_id = 1; CREATE TABLE theirs(x)",
	    "PRAGMA application_id = 0; PRAGMA user_version = 1;"
	    "CREATE TABLE theirs(x)",
	    "CREATE TABLE theirs(x)"};
	struct fixture *f = *state;
	struct blob before = {0}, after = {0};

	fixture_close(f);
	for (size_t i = 0; i < ARRAY_LEN(foreign); i++) {
		assert_int_equal(0, unlink(f->path));
		sql_change(f->path, foreign[i]);
		assert_int_equal(0, chmod(f->path, 0600));
		assert_int_equal(0, file_read(&before, f->path, 100000));
		assert_refused(f, -ERR_REFUSED);
		assert_int_equal(0, file_read(&after, f->path, 100000));
		assert_true(
		    bytes_equal(blob_bytes(&before), blob_bytes(&after)));
		blob_fini(&before);
		blob_fini(&after);
	}
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_create),
	    T(test_create_checks_what_is_there),
	    T(test_reopen_keeps_everything),
	    T(test_missing_file_refused),
	    T(test_file_open_to_others_refused),
	    T(test_file_of_somebody_else_refused),
	    T(test_wrong_file_refused),
	    T(test_damaged_header_refused),
	    T(test_damaged_page_refused),
	    T(test_truncated_file_refused),
	    T(test_empty_file_refused),
	    T(test_create_completes_an_empty_file),
	    T(test_newer_version_refused),
	    T(test_foreign_database_refused),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
