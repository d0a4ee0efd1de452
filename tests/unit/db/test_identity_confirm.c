/* Right guesses: what they give back, and the uses that they take. */
#include "tests/unit/cmocka.h"

#include <pthread.h>

#include "base/log.h"
#include "tests/unit/db/identity_support.h"

static void
test_confirm_gives_the_guess_back(void **state)
{
	struct fixture *f = *state;
	struct identity i;

	add_alice(f, 10, IDENTITY_UNLIMITED);
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
	for (int n = 0; n < 4; n++)
		assert_int_equal(CLAIM_GRANTED, wrong(f, "alice", T0));
	assert_int_equal(CLAIM_BACKOFF, claim(f, "alice", T0));
	assert_int_equal(0, confirm(f, "alice"));
	i = get(f, "alice");
	assert_int_equal(6, i.guesses_left); /* one back, four stay lost */
	assert_int_equal(0, i.failures);
	assert_int_equal(0, i.retry_at);
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
	assert_int_equal(
	    1, count(f, "SELECT count(*) FROM audit WHERE"
			" event = 'pake.authenticated' AND subject = 'alice'"
			" AND source = '192.0.2.1'"));
}

static void
test_confirm_never_gives_more_than_the_budget(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, IDENTITY_UNLIMITED);
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
	for (int i = 0; i < 3; i++)
		assert_int_equal(0, confirm(f, "alice"));
	assert_int_equal(10, get(f, "alice").guesses_left);
}

/* The last guess counts if it is right, also when the identity is locked by
 * others meanwhile. */
static void
test_confirm_of_the_last_guess(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 1, 2);
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
	assert_int_equal(CLAIM_LOCKED, claim(f, "alice", T0));
	assert_int_equal(0, confirm(f, "alice"));
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
}

static void
test_one_use_is_one_use(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, 1);
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
	assert_int_equal(1, count(f, "SELECT count(*) FROM pake_record"));
	assert_int_equal(0, confirm(f, "alice"));
	assert_int_equal(CONFIRM_USED_UP, confirm(f, "alice"));
	assert_int_equal(CLAIM_USED_UP, claim(f, "alice", T0));
	assert_int_equal(0, get(f, "alice").uses_left);
	/* The record went with the last use; only one has authenticated. */
	assert_int_equal(0, count(f, "SELECT count(*) FROM pake_record"));
	assert_int_equal(1, count(f, "SELECT count(*) FROM audit WHERE"
				     " event = 'pake.authenticated'"));
}

static void
test_several_uses(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(
		    1, count(f, "SELECT count(*) FROM pake_record"));
		assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
		assert_int_equal(0, confirm(f, "alice"));
		assert_int_equal(2 - i, get(f, "alice").uses_left);
	}
	assert_int_equal(0, count(f, "SELECT count(*) FROM pake_record"));
	assert_int_equal(CLAIM_USED_UP, claim(f, "alice", T0));
}

static void
test_unlimited_uses(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, IDENTITY_UNLIMITED);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
		assert_int_equal(0, confirm(f, "alice"));
	}
	assert_int_equal(IDENTITY_UNLIMITED, get(f, "alice").uses_left);
	assert_int_equal(1, count(f, "SELECT count(*) FROM pake_record"));
}

/* The last use of one leaves the records of others alone. */
static void
test_records_of_others_stay(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, 1);
	assert_int_equal(
	    0, add_identity(f,
		   (struct identity){
		       .wire_name = "bob", .uses_left = 1, .guesses_max = 10}));
	assert_int_equal(0, confirm(f, "alice"));
	assert_int_equal(1, count(f, "SELECT count(*) FROM pake_record"));
	assert_int_equal(CLAIM_GRANTED, claim(f, "bob", T0));
}

static void
test_confirm_after_removal_refused(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, 1);
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
	assert_int_equal(0, by_name(f, remove_run, "alice"));
	assert_int_equal(CONFIRM_USED_UP, confirm(f, "alice"));
	assert_int_equal(0, count(f, "SELECT count(*) FROM audit WHERE"
				     " event = 'pake.authenticated'"));
}

/* The same name, made anew with another password, is somebody else: a handshake
 * that began before does not count for it. */
static void
test_confirm_with_a_removed_record_refused(void **state)
{
	struct fixture *f = *state;
	struct claim old = {.wire_name = "alice"};

	add_alice(f, 10, 1);
	record_of(&old.record, FIRST_RECORD + 1);
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
	assert_int_equal(CONFIRM_USED_UP, in_txn(f->store, confirm_run, &old));
	assert_int_equal(1, get(f, "alice").uses_left);
	assert_int_equal(9, get(f, "alice").guesses_left);
	assert_int_equal(0, confirm(f, "alice"));
}

#define N_THREADS 8

struct confirmer {
	struct fixture *f;
	bool confirmed;
};

static void *
confirmer_main(void *arg)
{
	struct confirmer *c = arg;

	c->confirmed = confirm(c->f, "alice") == 0;
	return NULL;
}

static void
test_uses_are_exact_under_threads(void **state)
{
	struct fixture *f = *state;
	struct confirmer confirmers[N_THREADS];
	pthread_t threads[N_THREADS];
	int confirmed = 0;

	add_alice(f, 10, 3);
	for (int i = 0; i < N_THREADS; i++) {
		confirmers[i] = (struct confirmer){.f = f};
		assert_int_equal(0, pthread_create(&threads[i], NULL,
					confirmer_main, &confirmers[i]));
	}
	for (int i = 0; i < N_THREADS; i++) {
		pthread_join(threads[i], NULL);
		confirmed += confirmers[i].confirmed;
	}
	assert_int_equal(3, confirmed);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_confirm_gives_the_guess_back),
	    T(test_confirm_never_gives_more_than_the_budget),
	    T(test_confirm_of_the_last_guess),
	    T(test_one_use_is_one_use),
	    T(test_several_uses),
	    T(test_unlimited_uses),
	    T(test_records_of_others_stay),
	    T(test_confirm_after_removal_refused),
	    T(test_confirm_with_a_removed_record_refused),
	    T(test_uses_are_exact_under_threads),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
