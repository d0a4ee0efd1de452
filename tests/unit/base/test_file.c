#include "tests/unit/cmocka.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

static char dir[] = "/tmp/estuary-file-XXXXXX";
static char path[PATH_MAX], other[PATH_MAX];

static int
setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	return str_format(path, sizeof(path), "%s/file", dir) |
	       str_format(other, sizeof(other), "%s/other", dir);
}

static int
clean(void **state)
{
	char tmp[PATH_MAX];

	(void)state;
	unlink(path);
	unlink(other);
	if (str_format(tmp, sizeof(tmp), "%s.tmp", path) == 0)
		unlink(tmp);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return rmdir(dir); /* fails when a test left anything behind */
}

static struct bytes
text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void
assert_content(const char *file, const char *text)
{
	struct blob blob = {0};

	assert_int_equal(0, file_read(&blob, file, 100));
	assert_int_equal(strlen(text), blob.len);
	assert_string_equal(text, (const char *)blob.data);
	blob_fini(&blob);
}

static mode_t
mode_of(const char *file)
{
	struct stat st;

	assert_int_equal(0, lstat(file, &st));
	return st.st_mode & 07777;
}

static void
test_write_and_read(void **state)
{
	(void)state;
	assert_int_equal(0, file_write(path, text_bytes("one"), 0600));
	assert_content(path, "one");
	assert_int_equal(0, file_write(path, text_bytes(""), 0600));
	assert_content(path, "");
	assert_true(file_exists(path));
	assert_false(file_exists(other));
}

/* Whatever the umask, and also when the old file had another mode. */
static void
test_write_sets_the_mode(void **state)
{
	mode_t mask = umask(077);

	(void)state;
	assert_int_equal(0, file_write(path, text_bytes("x"), 0444));
	umask(mask);
	assert_int_equal(0444, mode_of(path));
	assert_int_equal(0, file_write(path, text_bytes("y"), 0400));
	assert_int_equal(0400, mode_of(path));
	assert_content(path, "y");
}

/* Somebody who has the old file open goes on seeing the old content. */
static void
test_write_replaces_rather_than_overwrites(void **state)
{
	char text[4] = "";
	int fd;

	(void)state;
	assert_int_equal(0, file_write(path, text_bytes("old"), 0600));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(0, file_write(path, text_bytes("new"), 0600));
	assert_int_equal(3, read(fd, text, 3));
	assert_string_equal("old", text);
	close(fd);
	assert_content(path, "new");
}

static void
test_write_replaces_a_symlink_not_its_target(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(0, file_write(other, text_bytes("other"), 0600));
	assert_int_equal(0, symlink(other, path));
	assert_int_equal(0, file_write(path, text_bytes("new"), 0600));
	assert_int_equal(0, lstat(path, &st));
	assert_true(S_ISREG(st.st_mode));
	assert_content(other, "other");
}

/* What a crash or an attacker left under the temporary name does not matter. */
static void
test_write_with_a_stale_temporary(void **state)
{
	char tmp[PATH_MAX];

	(void)state;
	assert_int_equal(0, str_format(tmp, sizeof(tmp), "%s.tmp", path));
	assert_int_equal(0, file_write(other, text_bytes("other"), 0600));
	assert_int_equal(0, symlink(other, tmp));
	assert_int_equal(0, file_write(path, text_bytes("new"), 0600));
	assert_content(path, "new");
	assert_content(other, "other");
	assert_false(file_exists(tmp));
}

static void
test_write_failures_leave_nothing(void **state)
{
	char nowhere[PATH_MAX + 8];
	char tmp[PATH_MAX];

	(void)state;
	assert_int_equal(-ERR_NOT_FOUND,
	    file_write("/nonexistent/directory/file", text_bytes("x"), 0600));
	memset(nowhere, 'a', sizeof(nowhere) - 1);
	nowhere[sizeof(nowhere) - 1] = '\0';
	assert_int_equal(
	    -ERR_TOO_LARGE, file_write(nowhere, text_bytes("x"), 0600));
	/* A directory cannot be replaced by a file. */
	assert_int_equal(0, mkdir(path, 0700));
	assert_true(file_write(path, text_bytes("x"), 0600) < 0);
	assert_int_equal(0, str_format(tmp, sizeof(tmp), "%s.tmp", path));
	assert_false(file_exists(tmp));
	assert_int_equal(0, rmdir(path));
}

static void
test_read_limits(void **state)
{
	struct blob blob = {0};

	(void)state;
	assert_int_equal(0, file_write(path, text_bytes("12345"), 0600));
	assert_int_equal(-ERR_TOO_LARGE, file_read(&blob, path, 4));
	assert_null(blob.data);
	assert_int_equal(0, file_read(&blob, path, 5));
	assert_int_equal(5, blob.len);
	assert_int_equal('\0', blob.data[5]);
	blob_fini(&blob);
	assert_int_equal(-ERR_NOT_FOUND, file_read(&blob, other, 100));
}

static void
test_read_of_a_directory_refused(void **state)
{
	struct blob blob = {0};

	(void)state;
	assert_int_equal(-ERR_INVALID, file_read(&blob, dir, 100));
	assert_int_equal(-ERR_INVALID, file_read(&blob, "/dev/null", 100));
	assert_null(blob.data);
}

/* A FIFO without a writer must not hang the program. */
static void
test_read_of_a_fifo_refused(void **state)
{
	struct reason why = {""};
	struct blob blob = {0};

	(void)state;
	assert_int_equal(0, mkfifo(path, 0600));
	alarm(5);
	assert_int_equal(-ERR_INVALID, file_read(&blob, path, 100));
	assert_int_equal(
	    -ERR_INVALID, file_read_secret(&blob, path, 100, &why));
	alarm(0);
	assert_non_null(strstr(why.text, "not a regular file"));
}

static void
test_secret_open_to_others_refused(void **state)
{
	static const mode_t bad[] = {0644, 0640, 0620, 0604, 0602, 0601, 0610};
	struct blob blob = {0};

	(void)state;
	assert_int_equal(0, file_write(path, text_bytes("s"), 0600));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};

		assert_int_equal(0, chmod(path, bad[i]));
		assert_int_equal(
		    -ERR_PERMISSION, file_read_secret(&blob, path, 100, &why));
		assert_non_null(strstr(why.text, path));
		assert_non_null(strstr(why.text, "chmod"));
	}
	assert_int_equal(0, chmod(path, 0400));
	assert_int_equal(0, file_read_secret(&blob, path, 100, NULL));
	blob_fini(&blob);
	assert_int_equal(0, chmod(path, 0700));
	assert_int_equal(0, file_read_secret(&blob, path, 100, NULL));
	blob_fini(&blob);
}

/* A file of root's may be read by a group that root chose; one of anybody
 * else's may not. */
static void
test_group_secret(void **state)
{
	static const mode_t bad[] = {0644, 0660, 0670, 0641, 0620};
	bool root = geteuid() == 0;
	struct blob blob = {0};

	(void)state;
	assert_int_equal(0, file_write(path, text_bytes("s"), 0600));
	assert_int_equal(0, file_read_group_secret(&blob, path, 100, NULL));
	blob_fini(&blob);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(0, chmod(path, bad[i]));
		assert_int_equal(-ERR_PERMISSION,
		    file_read_group_secret(&blob, path, 100, NULL));
	}
	assert_int_equal(0, chmod(path, 0640));
	assert_int_equal(root ? 0 : -ERR_PERMISSION,
	    file_read_group_secret(&blob, path, 100, NULL));
	blob_fini(&blob);
	if (!root)
		return;
	assert_int_equal(0, chown(path, 65534, 65534));
	assert_int_equal(
	    -ERR_PERMISSION, file_read_group_secret(&blob, path, 100, NULL));
	assert_int_equal(0, chmod(path, 0400));
	assert_int_equal(
	    -ERR_PERMISSION, file_read_group_secret(&blob, path, 100, NULL));
}

/* A link to a secret is as good as the secret; its target's mode counts. */
static void
test_secret_behind_a_symlink(void **state)
{
	struct blob blob = {0};

	(void)state;
	assert_int_equal(0, file_write(other, text_bytes("s"), 0600));
	assert_int_equal(0, symlink(other, path));
	assert_int_equal(0, file_read_secret(&blob, path, 100, NULL));
	blob_fini(&blob);
	assert_int_equal(0, chmod(other, 0644));
	assert_int_equal(
	    -ERR_PERMISSION, file_read_secret(&blob, path, 100, NULL));
}

static void
test_secret_of_somebody_else_refused(void **state)
{
	struct reason why = {""};
	struct blob blob = {0};

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(0, file_write(path, text_bytes("s"), 0600));
	assert_int_equal(0, chown(path, 12345, 12345));
	assert_int_equal(
	    -ERR_PERMISSION, file_read_secret(&blob, path, 100, &why));
	assert_non_null(strstr(why.text, "12345"));
}

static void
test_missing_secret(void **state)
{
	struct reason why = {""};
	struct blob blob = {0};

	(void)state;
	assert_int_equal(
	    -ERR_NOT_FOUND, file_read_secret(&blob, path, 100, &why));
	assert_non_null(strstr(why.text, path));
	assert_int_equal(0, dir_sync(dir));
	assert_int_equal(-ERR_NOT_FOUND, dir_sync(path));
}

#define T(test) cmocka_unit_test_teardown(test, clean)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_write_and_read),
	    T(test_write_sets_the_mode),
	    T(test_write_replaces_rather_than_overwrites),
	    T(test_write_replaces_a_symlink_not_its_target),
	    T(test_write_with_a_stale_temporary),
	    T(test_write_failures_leave_nothing),
	    T(test_read_limits),
	    T(test_read_of_a_directory_refused),
	    T(test_read_of_a_fifo_refused),
	    T(test_secret_open_to_others_refused),
	    T(test_group_secret),
	    T(test_secret_behind_a_symlink),
	    T(test_secret_of_somebody_else_refused),
	    T(test_missing_secret),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
