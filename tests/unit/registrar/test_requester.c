/* What an identity is worth now, by what it was recognised. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/identity.h"
#include "registrar/requester.h"
#include "tests/unit/registrar/support.h"
#include "ca/signer_process.h"

static int
add_run(struct store_txn *txn, void *arg)
{
	const struct identity identity = {.wire_name = "alice",
	    .name = "alice",
	    .kind = "password",
	    .profile = "endpoint",
	    .allow_names = "*.example.net\n192.0.2.1",
	    .created_at = clock_now(),
	    .expires_at = clock_now() + 3600,
	    .uses_left = 1,
	    .guesses_max = 1,
	    .basic = *(bool *)arg};
	struct verifier record;

	memset(&record, 7, sizeof(record));
	return identity_add(txn, &identity, &record, "uid 0");
}

static int
take_id(void *arg, const struct identity *identity)
{
	*(int64_t *)arg = identity->id;
	return 0;
}

static int64_t
have_alice(struct office *o, bool basic)
{
	int64_t id = 0;

	assert_int_equal(0, in_txn(o->db->store, add_run, &basic));
	assert_int_equal(
	    0, identity_get_by_wire_name(o->db->reader, "alice", take_id, &id));
	return id;
}

static int
remove_run(struct store_txn *txn, void *arg)
{
	(void)arg;
	return identity_remove(txn, "alice", clock_now(), "uid 0");
}

static int
disable_run(struct store_txn *txn, void *arg)
{
	(void)arg;
	return identity_disable(txn, "alice", clock_now(), "uid 0");
}

static int
use_run(struct store_txn *txn, void *arg)
{
	return identity_take_use(txn, *(int64_t *)arg);
}

static int
lock_run(struct store_txn *txn, void *arg)
{
	struct verifier record;

	(void)arg;
	return identity_claim(txn, &record, "alice", clock_now());
}

static int
load(struct office *o, int64_t id, enum requester_how how)
{
	struct requester who = {.identity = ""};
	struct reason why = {""};
	int err = requester_load(&who, o->db->reader, id, how, &why);

	if (err == 0) {
		assert_int_equal(id, who.identity_id);
		assert_string_equal("alice", who.identity);
		assert_string_equal("endpoint", who.profile);
		assert_string_equal(
		    "*.example.net\n192.0.2.1", who.allow_names);
	}
	if (err == -ERR_REFUSED)
		assert_true(why.text[0] != '\0');
	return err;
}

/* Whatever ends the password ends Basic, and nothing else. */
static void
assert_only_basic_ends(struct office *o, int64_t id)
{
	assert_int_equal(0, load(o, id, REQUESTER_PAKE));
	assert_int_equal(0, load(o, id, REQUESTER_CERT));
	assert_int_equal(-ERR_PERMISSION, load(o, id, REQUESTER_BASIC));
}

static void
test_expired(void **state)
{
	struct office *o = *state;
	int64_t id = have_alice(o, true);

	assert_int_equal(0, load(o, id, REQUESTER_BASIC));
	clock_set_offset(3601);
	assert_only_basic_ends(o, id);
	clock_set_offset(0);
	assert_int_equal(0, load(o, id, REQUESTER_BASIC));
}

static void
test_used_up(void **state)
{
	struct office *o = *state;
	int64_t id = have_alice(o, true);

	assert_int_equal(0, in_txn(o->db->store, use_run, &id));
	assert_only_basic_ends(o, id);
}

static void
test_locked(void **state)
{
	struct office *o = *state;
	int64_t id = have_alice(o, true);

	assert_int_equal(0, in_txn(o->db->store, lock_run, NULL));
	assert_only_basic_ends(o, id);
}

static void
test_without_basic(void **state)
{
	struct office *o = *state;

	assert_only_basic_ends(o, have_alice(o, false));
}

static void
assert_all_end(struct office *o, int64_t id)
{
	assert_int_equal(-ERR_REFUSED, load(o, id, REQUESTER_PAKE));
	assert_int_equal(-ERR_REFUSED, load(o, id, REQUESTER_CERT));
	assert_int_equal(-ERR_REFUSED, load(o, id, REQUESTER_BASIC));
}

static void
test_disabled(void **state)
{
	struct office *o = *state;
	int64_t id = have_alice(o, true);

	assert_int_equal(0, in_txn(o->db->store, disable_run, NULL));
	assert_all_end(o, id);
}

/* Also for another of the same name. */
static void
test_removed(void **state)
{
	struct office *o = *state;
	int64_t id = have_alice(o, true);

	assert_int_equal(0, in_txn(o->db->store, remove_run, NULL));
	assert_all_end(o, id);
	assert_int_not_equal(id, have_alice(o, true));
	assert_all_end(o, id);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_expired),
	    T(test_used_up),
	    T(test_locked),
	    T(test_without_basic),
	    T(test_disabled),
	    T(test_removed),
	};

	log_set_level(LOG_LEVEL_ERROR);
	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
