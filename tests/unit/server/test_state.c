#include "tests/unit/cmocka.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "server/state.h"

static char base_dir[] = "/tmp/estuary-state-XXXXXX";
static char dir[PATH_MAX];

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(base_dir) == NULL ||
	       str_format(dir, sizeof(dir), "%s/state", base_dir) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	return rmdir(base_dir);
}

static const char *
in_dir(const char *name)
{
	static char path[PATH_MAX + 64];

	assert_int_equal(0, str_format(path, sizeof(path), "%s/%s", dir, name));
	return path;
}

static int
clean(void **state)
{
	static const char *const files[] = {
	    "lock", "estuary.db", "estuary.conf", "other"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		unlink(in_dir(files[i]));
	rmdir(in_dir("ca"));
	rmdir(dir);
	unlink(dir);
	return 0;
}

static void
touch(const char *name)
{
	assert_int_equal(0, file_write(in_dir(name),
				(struct bytes){(const uint8_t *)"x", 1}, 0600));
}

static mode_t
dir_mode(void)
{
	struct stat st;

	assert_int_equal(0, stat(dir, &st));
	return st.st_mode & 07777;
}

/* Opens and closes it. */
static int
open_state(struct reason *why)
{
	struct state s;
	int err = state_open(&s, dir, why);

	state_close(&s);
	return err;
}

static void
test_paths(void **state)
{
	struct state s;
	char long_dir[PATH_MAX + 8];
	struct reason why = {""};

	(void)state;
	assert_int_equal(0, state_paths(&s, "/x/y", NULL));
	assert_string_equal("/x/y/estuary.conf", s.config);
	assert_string_equal("/x/y/estuary.db", s.database);
	assert_string_equal("/x/y/ca", s.ca_dir);
	assert_string_equal("/x/y/server.pem", s.server_pem);
	assert_string_equal("/x/y/admin.sock", s.admin_socket);
	assert_false(file_exists("/x/y"));
	memset(long_dir, 'a', sizeof(long_dir));
	long_dir[PATH_MAX - 4] = '\0';
	assert_int_equal(-ERR_TOO_LARGE, state_paths(&s, long_dir, &why));
	assert_true(strlen(why.text) > 0);
}

static void
test_first_start(void **state)
{
	mode_t mask = umask(0);
	struct state s;

	(void)state;
	assert_int_equal(0, state_open(&s, dir, NULL));
	umask(mask);
	assert_true(s.first_start);
	assert_int_equal(0700, dir_mode());
	state_close(&s);
	state_close(&s);
}

static void
test_later_start(void **state)
{
	struct state s;

	(void)state;
	assert_int_equal(0, mkdir(dir, 0700));
	assert_int_equal(0, mkdir(in_dir("ca"), 0700));
	touch("estuary.db");
	assert_int_equal(0, state_open(&s, dir, NULL));
	assert_false(s.first_start);
	state_close(&s);
}

/* A first start that was cut off before the CA was there. */
static void
test_database_without_ca(void **state)
{
	struct state s;

	(void)state;
	assert_int_equal(0, mkdir(dir, 0700));
	touch("estuary.db");
	assert_int_equal(0, state_open(&s, dir, NULL));
	assert_true(s.first_start);
	state_close(&s);
}

/* Never a new, empty store under an old CA. */
static void
test_ca_without_database_refused(void **state)
{
	struct reason why = {""};

	(void)state;
	assert_int_equal(0, mkdir(dir, 0700));
	assert_int_equal(0, mkdir(in_dir("ca"), 0700));
	assert_int_equal(-ERR_CORRUPT, open_state(&why));
	assert_non_null(strstr(why.text, "estuary.db"));
	assert_false(file_exists(in_dir("estuary.db")));
}

static void
test_open_directory_refused(void **state)
{
	static const mode_t bad[] = {0755, 0750, 0701, 0710, 0770, 01777};

	(void)state;
	assert_int_equal(0, mkdir(dir, 0700));
	touch("other");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};

		assert_int_equal(0, chmod(dir, bad[i]));
		assert_int_equal(-ERR_PERMISSION, open_state(&why));
		assert_non_null(strstr(why.text, "chmod 0700"));
		assert_int_equal(bad[i], dir_mode()); /* left as it was */
		assert_false(file_exists(in_dir("lock")));
	}
}

static void
test_empty_open_directory_is_tightened(void **state)
{
	(void)state;
	assert_int_equal(0, mkdir(dir, 0700));
	assert_int_equal(0, chmod(dir, 0755));
	assert_int_equal(0, open_state(NULL));
	assert_int_equal(0700, dir_mode());
}

static void
test_directory_of_somebody_else_refused(void **state)
{
	struct reason why = {""};

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(0, mkdir(dir, 0700));
	assert_int_equal(0, chown(dir, 12345, 12345));
	assert_int_equal(-ERR_PERMISSION, open_state(&why));
	assert_non_null(strstr(why.text, "12345"));
}

static void
test_no_directory_refused(void **state)
{
	struct reason why = {""};

	(void)state;
	assert_int_equal(
	    0, file_write(dir, (struct bytes){(const uint8_t *)"x", 1}, 0600));
	assert_int_equal(-ERR_INVALID, open_state(&why));
	assert_non_null(strstr(why.text, "not a directory"));
	assert_int_equal(0, unlink(dir));
	assert_int_equal(0, symlink("/nonexistent/place", dir));
	assert_true(open_state(&why) < 0);
}

static void
test_missing_parent_refused(void **state)
{
	struct state s;
	struct reason why = {""};

	(void)state;
	assert_int_equal(
	    -ERR_IO, state_open(&s, "/nonexistent/parent/state", &why));
	assert_non_null(strstr(why.text, "/nonexistent/parent/state"));
	state_close(&s);
}

/* One estuaryd a directory; the lock goes with its holder. */
static void
test_second_one_refused(void **state)
{
	struct state first, second;
	struct reason why = {""};

	(void)state;
	assert_int_equal(0, state_open(&first, dir, NULL));
	assert_int_equal(-ERR_EXISTS, state_open(&second, dir, &why));
	assert_non_null(strstr(why.text, "another estuaryd"));
	state_close(&second);
	assert_int_equal(-ERR_EXISTS, open_state(NULL));
	state_close(&first);
	assert_int_equal(0, open_state(NULL));
}

#define T(test) cmocka_unit_test_teardown(test, clean)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_paths),
	    T(test_first_start),
	    T(test_later_start),
	    T(test_database_without_ca),
	    T(test_ca_without_database_refused),
	    T(test_open_directory_refused),
	    T(test_empty_open_directory_is_tightened),
	    T(test_directory_of_somebody_else_refused),
	    T(test_no_directory_refused),
	    T(test_missing_parent_refused),
	    T(test_second_one_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
