/* records.key: what a store does with it, without it, and with another. */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "db/identity.h"
#include "db/secret.h"
#include "tests/unit/db/support.h"

static void
key_path(char path[PATH_MAX], const struct fixture *f)
{
	assert_true(snprintf(path, PATH_MAX, "%s/%s", f->dir, SECRET_KEY_FILE) <
		    PATH_MAX);
}

static void
refused(const struct fixture *f, int err, const char *says)
{
	struct reason why = {""};
	struct store *store = NULL;
	int got = store_open(&store, f->path, STORE_OPEN, &why);

	if (got != err || strstr(why.text, says) == NULL)
		fail_msg("%d: %s", got, why.text);
	assert_null(store);
	assert_non_null(strstr(why.text, SECRET_KEY_FILE));
}

static void
test_made_once(void **state)
{
	struct fixture *f = *state;
	struct blob before = {0}, after = {0};
	struct stat st;
	char path[PATH_MAX];

	key_path(path, f);
	assert_int_equal(0, stat(path, &st));
	assert_int_equal(0400, st.st_mode & 07777);
	assert_int_equal(32, st.st_size);
	assert_int_equal(0, file_read(&before, path, 32));
	fixture_close(f);
	fixture_open(f, STORE_OPEN);
	assert_int_equal(0, file_read(&after, path, 32));
	assert_true(bytes_equal(blob_bytes(&before), blob_bytes(&after)));
	blob_fini(&before);
	blob_fini(&after);
}

static void
test_missing_refused(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];

	key_path(path, f);
	fixture_close(f);
	assert_int_equal(0, unlink(path));
	refused(f, -ERR_NOT_FOUND, "is missing");
	assert_false(file_exists(path)); /* no new one in its place */
}

/* What docs/operations.md says about a lost one. */
static void
test_missing_given_up(void **state)
{
	struct fixture *f = *state;
	char path[PATH_MAX];

	key_path(path, f);
	fixture_close(f);
	assert_int_equal(0, unlink(path));
	sql_change(f->path, "DELETE FROM pake_record; DELETE FROM sealed");
	fixture_open(f, STORE_OPEN);
	assert_true(file_exists(path));
	fixture_close(f);
	fixture_open(f, STORE_OPEN);
}

static void
test_another_refused(void **state)
{
	static const uint8_t other[32] = {1}, longer[33];
	struct fixture *f = *state;
	char path[PATH_MAX];

	key_path(path, f);
	fixture_close(f);
	assert_int_equal(0, file_write(path, (struct bytes){other, 32}, 0400));
	refused(f, -ERR_REFUSED, "not the key");
	assert_int_equal(0, file_write(path, (struct bytes){other, 31}, 0400));
	refused(f, -ERR_CORRUPT, "32 octets");
	assert_int_equal(0, file_write(path, (struct bytes){longer, 33}, 0400));
	refused(f, -ERR_TOO_LARGE, "");
	assert_int_equal(0, file_write(path, (struct bytes){other, 32}, 0440));
	refused(f, -ERR_PERMISSION, "chmod");
}

struct kept {
	struct blob sealed;
	const char *kind, *name;
	int64_t id;
	int result;
};

static int
seal_run(struct store_txn *txn, void *arg)
{
	struct kept *k = arg;
	const struct secret_owner owner = {k->kind, k->id, k->name};

	return secret_seal(&k->sealed, txn, &owner,
	    (struct bytes){(const uint8_t *)"verifier", 8});
}

static int
open_run(struct store_txn *txn, void *arg)
{
	struct kept *k = arg;
	const struct secret_owner owner = {k->kind, k->id, k->name};
	uint8_t plain[8];
	int err = secret_open(
	    plain, sizeof(plain), txn, &owner, blob_bytes(&k->sealed));

	return err == 0 ? memcmp(plain, "verifier", 8) : err;
}

/* For secrets of any kind, and for its owner alone. */
static void
test_secret_belongs_to_its_owner(void **state)
{
	struct fixture *f = *state;
	struct kept k = {.kind = "test 1", .name = "alice", .id = 7};

	assert_int_equal(0, in_txn(f->store, seal_run, &k));
	assert_int_equal(0, in_txn(f->store, open_run, &k));
	fixture_close(f);
	fixture_open(f, STORE_OPEN);
	assert_int_equal(0, in_txn(f->store, open_run, &k));
	k.id = 8;
	assert_int_equal(-ERR_CORRUPT, in_txn(f->store, open_run, &k));
	k.id = 7;
	k.name = "alicf";
	assert_int_equal(-ERR_CORRUPT, in_txn(f->store, open_run, &k));
	k.name = "alice";
	k.kind = "test 2";
	assert_int_equal(-ERR_CORRUPT, in_txn(f->store, open_run, &k));
	blob_fini(&k.sealed);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_made_once),
	    T(test_missing_refused),
	    T(test_missing_given_up),
	    T(test_another_refused),
	    T(test_secret_belongs_to_its_owner),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
