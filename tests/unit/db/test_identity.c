/* Identities as administrators see them: added, listed, unlocked, removed. */
#include "tests/unit/cmocka.h"

#include "base/log.h"
#include "tests/unit/db/identity_support.h"

/* --- adding --- */

static int
check_listed(void *arg, const struct identity *i)
{
	(*(int *)arg)++;
	assert_string_equal("8ABCDEFG", i->wire_name);
	assert_string_equal("phone", i->name);
	assert_string_equal("password", i->kind);
	assert_string_equal("endpoint", i->profile);
	assert_string_equal("a\nb", i->allow_names);
	assert_int_equal(T0, i->created_at);
	assert_int_equal(T0 + 60, i->expires_at);
	assert_int_equal(3, i->uses_left);
	assert_int_equal(10, i->guesses_left);
	assert_int_equal(10, i->guesses_max);
	assert_int_equal(0, i->failures);
	assert_int_equal(0, i->retry_at);
	return 0;
}

static void
test_add_and_list(void **state)
{
	struct fixture *f = *state;
	struct add add = {.identity = {.wire_name = "8ABCDEFG",
			      .name = "phone",
			      .kind = "password",
			      .profile = "endpoint",
			      .allow_names = "a\nb",
			      .created_at = T0,
			      .expires_at = T0 + 60,
			      .uses_left = 3,
			      .guesses_max = 10}};
	int64_t n;
	int listed = 0;

	assert_int_equal(0, in_txn(f->store, add_run, &add));
	assert_int_equal(0, identity_list(f->reader, check_listed, &listed));
	assert_int_equal(1, listed);
	assert_int_equal(0, identity_count(f->reader, &n));
	assert_int_equal(1, n);
	assert_int_equal(1,
	    count(f, "SELECT count(*) FROM audit WHERE event = 'identity.add'"
		     " AND subject = '8ABCDEFG' AND actor = 'uid 0'"
		     " AND detail = 'phone'"));
}

static void
test_never_and_unlimited(void **state)
{
	struct fixture *f = *state;
	struct identity i;

	add_alice(f, 10, IDENTITY_UNLIMITED);
	i = get(f, "alice");
	assert_int_equal(IDENTITY_NEVER, i.expires_at);
	assert_int_equal(IDENTITY_UNLIMITED, i.uses_left);
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", INT64_MAX / 2));
}

static void
test_duplicate_wire_name_refused(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, 1);
	assert_int_equal(
	    -ERR_EXISTS, add_identity(f, (struct identity){.wire_name = "alice",
					     .name = "another",
					     .uses_left = 1,
					     .guesses_max = 10}));
	assert_int_equal(1, count(f, "SELECT count(*) FROM identity"));
	assert_int_equal(1, count(f, "SELECT count(*) FROM pake_record"));
	assert_int_equal(1, count(f, "SELECT count(*) FROM audit"));
	/* Names are compared byte by byte. */
	assert_int_equal(0,
	    add_identity(f,
		(struct identity){
		    .wire_name = "Alice", .uses_left = 1, .guesses_max = 10}));
}

/* --- administration --- */

static int
unlock_run(struct store_txn *txn, void *arg)
{
	return identity_unlock(txn, arg, T0, "uid 0");
}

static void
test_unlock(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 4, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(CLAIM_GRANTED, wrong(f, "alice", T0));
	assert_int_equal(CLAIM_LOCKED, claim(f, "alice", T0));
	assert_int_equal(0, by_name(f, unlock_run, "alice"));
	assert_int_equal(4, get(f, "alice").guesses_left);
	assert_int_equal(CLAIM_GRANTED, wrong(f, "alice", T0));
	assert_int_equal(1, get(f, "alice").failures);
	assert_int_equal(-ERR_NOT_FOUND, by_name(f, unlock_run, "bob"));
	assert_int_equal(
	    1, count(f, "SELECT count(*) FROM audit WHERE"
			" event = 'identity.unlock' AND actor = 'uid 0'"));
}

static void
add_labelled(struct fixture *f, const char *wire_name, const char *label)
{
	assert_int_equal(
	    0, add_identity(f, (struct identity){.wire_name = wire_name,
				   .name = label,
				   .uses_left = 1,
				   .guesses_max = 10}));
}

static void
test_remove(void **state)
{
	struct fixture *f = *state;

	add_labelled(f, "AAAAAAAA", "phone");
	add_labelled(f, "BBBBBBBB", "laptop");
	assert_int_equal(-ERR_NOT_FOUND, by_name(f, remove_run, "tablet"));
	assert_int_equal(-ERR_NOT_FOUND, by_name(f, remove_run, ""));
	assert_int_equal(-ERR_NOT_FOUND, by_name(f, remove_run, "%"));
	assert_int_equal(0, by_name(f, remove_run, "phone"));
	assert_int_equal(CLAIM_UNKNOWN, claim(f, "AAAAAAAA", T0));
	assert_int_equal(0, by_name(f, remove_run, "BBBBBBBB"));
	assert_int_equal(0, count(f, "SELECT count(*) FROM identity"));
	assert_int_equal(0, count(f, "SELECT count(*) FROM pake_record"));
	assert_int_equal(
	    2, count(f, "SELECT count(*) FROM audit WHERE"
			" event = 'identity.remove' AND actor = 'uid 0'"));
}

static void
test_shared_label_is_ambiguous(void **state)
{
	struct fixture *f = *state;

	add_labelled(f, "AAAAAAAA", "phone");
	add_labelled(f, "BBBBBBBB", "phone");
	assert_int_equal(IDENTITY_AMBIGUOUS, by_name(f, remove_run, "phone"));
	assert_int_equal(IDENTITY_AMBIGUOUS, by_name(f, unlock_run, "phone"));
	assert_int_equal(2, count(f, "SELECT count(*) FROM identity"));
	assert_int_equal(0, by_name(f, remove_run, "BBBBBBBB"));
	assert_int_equal(0, by_name(f, remove_run, "phone"));
}

/* A wire name means its own identity, whatever label another has: without this
 * an identity with a chosen password could not be removed any more. */
static void
test_wire_name_goes_before_label(void **state)
{
	struct fixture *f = *state;

	add_labelled(f, "AAAAAAAA", "alice");
	add_labelled(f, "alice", "alice");
	add_labelled(f, "BBBBBBBB", "alice");
	assert_int_equal(0, by_name(f, remove_run, "alice"));
	assert_int_equal(CLAIM_UNKNOWN, claim(f, "alice", T0));
	assert_int_equal(CLAIM_GRANTED, claim(f, "AAAAAAAA", T0));
	assert_int_equal(CLAIM_GRANTED, claim(f, "BBBBBBBB", T0));
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_add_and_list),
	    T(test_never_and_unlimited),
	    T(test_duplicate_wire_name_refused),
	    T(test_unlock),
	    T(test_remove),
	    T(test_shared_label_is_ambiguous),
	    T(test_wire_name_goes_before_label),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
