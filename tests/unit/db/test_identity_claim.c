/* Who may guess: claims, their budget and back-off. */
#include "tests/unit/cmocka.h"

#include <pthread.h>

#include "base/log.h"
#include "tests/unit/db/identity_support.h"

static void
test_claim_gives_the_record_and_takes_a_guess(void **state)
{
	struct fixture *f = *state;
	struct claim c = {
	    .wire_name = "alice", .now = T0, .backoff_max = BACKOFF_MAX};
	struct identity i;

	add_alice(f, 10, 1);
	assert_int_equal(CLAIM_GRANTED, in_txn(f->store, claim_run, &c));
	assert_int_equal(1, c.record.w0[SPAKE2P_SCALAR_LEN - 1]);
	assert_int_equal(2, c.record.l[SPAKE2P_POINT_LEN - 1]);
	assert_int_equal(3, c.record.w0m[SPAKE2P_POINT_LEN - 1]);
	assert_int_equal(4, c.record.w0n[SPAKE2P_POINT_LEN - 1]);
	i = get(f, "alice");
	assert_int_equal(9, i.guesses_left);
	assert_int_equal(0, i.failures);  /* not known yet */
	assert_int_equal(1, i.uses_left); /* not taken yet */
}

static void
test_claim_unknown(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, 1);
	assert_int_equal(CLAIM_UNKNOWN, claim(f, "bob", T0));
	assert_int_equal(CLAIM_UNKNOWN, claim(f, "", T0));
	assert_int_equal(CLAIM_UNKNOWN, claim(f, "Alice", T0));
	assert_int_equal(CLAIM_UNKNOWN, claim(f, "alice ", T0));
	/* A label is no identity. */
	assert_int_equal(CLAIM_UNKNOWN, claim(f, "label", T0));
	assert_int_equal(10, get(f, "alice").guesses_left);
}

static void
test_claim_expired(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    0, add_identity(f, (struct identity){.wire_name = "alice",
				   .expires_at = T0 + 60,
				   .uses_left = 1,
				   .guesses_max = 10}));
	assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0 + 59));
	assert_int_equal(CLAIM_EXPIRED, claim(f, "alice", T0 + 60));
	assert_int_equal(CLAIM_EXPIRED, claim(f, "alice", T0 + 1000000));
	assert_int_equal(9, get(f, "alice").guesses_left);
}

/* No back-off here, so that the budget alone counts. */
static int
claim_at_once(struct fixture *f, const char *wire_name)
{
	struct claim c = {.wire_name = wire_name, .now = T0, .backoff_max = 0};

	return in_txn(f->store, claim_run, &c);
}

static void
test_claim_locked_after_the_budget(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(CLAIM_GRANTED, claim_at_once(f, "alice"));
	assert_int_equal(CLAIM_LOCKED, claim_at_once(f, "alice"));
	assert_int_equal(CLAIM_LOCKED, claim(f, "alice", T0 + 1000000));
	assert_int_equal(0, get(f, "alice").guesses_left);
}

static void
test_backoff(void **state)
{
	static const int64_t waits[] = {1, 2, 4, 8, 16, 32, 60, 60, 60};
	struct fixture *f = *state;
	int64_t now = T0;

	add_alice(f, 1000, 1);
	/* Three for free, then a fourth that is. */
	for (int i = 0; i < 4; i++)
		assert_int_equal(CLAIM_GRANTED, wrong(f, "alice", now));
	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		assert_int_equal(now + waits[i], get(f, "alice").retry_at);
		assert_int_equal(
		    CLAIM_BACKOFF, wrong(f, "alice", now + waits[i] - 1));
		now += waits[i];
		assert_int_equal(CLAIM_GRANTED, wrong(f, "alice", now));
	}
	/* What was too soon cost no guess. */
	assert_int_equal(
	    1000 - 4 - (int64_t)ARRAY_LEN(waits), get(f, "alice").guesses_left);
}

/* A clock that was a day ahead when the guesses came, and is set right, keeps
 * nobody out for a day; nor does the budget come back. */
static void
test_backoff_of_a_clock_ahead(void **state)
{
	struct fixture *f = *state;
	int64_t ahead = T0 + 86400;

	add_alice(f, 10, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(CLAIM_GRANTED, wrong(f, "alice", ahead));
	assert_int_equal(CLAIM_BACKOFF, wrong(f, "alice", ahead));
	assert_int_equal(CLAIM_GRANTED, wrong(f, "alice", T0));
	assert_int_equal(CLAIM_BACKOFF, wrong(f, "alice", T0));
	assert_int_equal(10 - 5, get(f, "alice").guesses_left);
}

/* Endpoints that join at the same moment do not keep each other out. */
static void
test_no_backoff_for_claims_under_way(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 1000, IDENTITY_UNLIMITED);
	for (int i = 0; i < 50; i++)
		assert_int_equal(CLAIM_GRANTED, claim(f, "alice", T0));
	assert_int_equal(950, get(f, "alice").guesses_left);
	assert_int_equal(0, get(f, "alice").retry_at);
}

static int
note_run(struct store_txn *txn, void *arg)
{
	const struct claim *c = arg;

	return identity_note_wrong(txn, c->wire_name, c->now, c->backoff_max);
}

static void
test_wrong_guess_of_a_removed_identity(void **state)
{
	struct fixture *f = *state;
	struct claim c = {
	    .wire_name = "alice", .now = T0, .backoff_max = BACKOFF_MAX};

	add_alice(f, 10, 1);
	assert_int_equal(CLAIM_GRANTED, in_txn(f->store, claim_run, &c));
	assert_int_equal(0, by_name(f, remove_run, "alice"));
	assert_int_equal(CLAIM_UNKNOWN, in_txn(f->store, wrong_run, &c));
	assert_int_equal(0, in_txn(f->store, note_run, &c));
}

static void
test_backoff_of_a_long_row(void **state)
{
	struct fixture *f = *state;
	struct claim c = {.wire_name = "alice", .now = T0, .backoff_max = 3600};

	add_alice(f, 1000, 1);
	for (int i = 0; i < 100; i++, c.now += 3600)
		assert_int_equal(
		    CLAIM_GRANTED, in_txn(f->store, wrong_run, &c));
	assert_int_equal(c.now, get(f, "alice").retry_at);
}

/* Each refused claim costs a write: to the disk it looks like one of a known
 * identity. */
static void
test_refused_claims_write(void **state)
{
	static const char *const names[] = {
	    "nobody", "", "expired", "locked", "used", "waiting"};
	struct fixture *f = *state;

	assert_int_equal(
	    0, add_identity(f, (struct identity){.wire_name = "expired",
				   .expires_at = T0,
				   .uses_left = 1,
				   .guesses_max = 10}));
	assert_int_equal(
	    0, add_identity(f,
		   (struct identity){.wire_name = "locked", .uses_left = 1}));
	assert_int_equal(
	    0, add_identity(f,
		   (struct identity){.wire_name = "used", .guesses_max = 10}));
	assert_int_equal(
	    0, add_identity(f, (struct identity){.wire_name = "waiting",
				   .uses_left = 1,
				   .guesses_max = 10}));
	for (int i = 0; i < 4; i++)
		assert_int_equal(CLAIM_GRANTED, wrong(f, "waiting", T0));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		int64_t before = count(f, "SELECT sum(n) FROM claim_decoy");

		assert_true(claim(f, names[i], T0) > 0);
		assert_int_equal(
		    before + 1, count(f, "SELECT sum(n) FROM claim_decoy"));
	}
}

#define N_THREADS 8
#define N_EACH 20

struct guesser {
	struct fixture *f;
	int granted, locked;
};

static void *
guesser_main(void *arg)
{
	struct guesser *g = arg;

	for (int i = 0; i < N_EACH; i++) {
		int outcome = claim_at_once(g->f, "alice");

		g->granted += outcome == CLAIM_GRANTED;
		g->locked += outcome == CLAIM_LOCKED;
	}
	return NULL;
}

static void
test_budget_is_exact_under_threads(void **state)
{
	struct fixture *f = *state;
	struct guesser guessers[N_THREADS];
	pthread_t threads[N_THREADS];
	int granted = 0, locked = 0;

	add_alice(f, 10, IDENTITY_UNLIMITED);
	for (int i = 0; i < N_THREADS; i++) {
		guessers[i] = (struct guesser){.f = f};
		assert_int_equal(0, pthread_create(&threads[i], NULL,
					guesser_main, &guessers[i]));
	}
	for (int i = 0; i < N_THREADS; i++) {
		pthread_join(threads[i], NULL);
		granted += guessers[i].granted;
		locked += guessers[i].locked;
	}
	assert_int_equal(10, granted);
	assert_int_equal(N_THREADS * N_EACH - 10, locked);
	assert_int_equal(0, get(f, "alice").guesses_left);
}

static int
claim_and_fail(struct store_txn *txn, void *arg)
{
	int outcome = claim_run(txn, arg);

	return outcome < 0 ? outcome : -ERR_IO;
}

/* A claim whose commit fails took nothing. */
static void
test_undone_claim(void **state)
{
	struct fixture *f = *state;
	struct claim c = {.wire_name = "alice", .now = T0};

	add_alice(f, 10, 1);
	assert_int_equal(-ERR_IO, in_txn(f->store, claim_and_fail, &c));
	assert_int_equal(10, get(f, "alice").guesses_left);
}

static void
test_damaged_record_is_not_granted(void **state)
{
	/* Changed, cut, emptied, gone. */
	static const char *const damages[] = {
	    "UPDATE pake_record SET sealed = zeroblob(length(sealed))",
	    "UPDATE pake_record SET sealed = substr(sealed, 1, 100)",
	    "UPDATE pake_record SET sealed = x''", "DELETE FROM pake_record"};
	struct fixture *f = *state;

	log_set_level(LOG_LEVEL_ERROR);
	add_alice(f, 10, 1);
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		fixture_close(f);
		sql_change(f->path, damages[i]);
		fixture_open(f, STORE_OPEN);
		assert_int_equal(CLAIM_DAMAGED, claim(f, "alice", T0));
		/* A refusal like any other, and no guess is gone. */
		assert_int_equal(10, get(f, "alice").guesses_left);
	}
}

/* Whoever can write to the file does not give one's record to another, nor to
 * one's own name with another id. */
static void
test_moved_record_is_not_granted(void **state)
{
	struct fixture *f = *state;

	add_alice(f, 10, 1);
	assert_int_equal(
	    0, add_identity(f, (struct identity){.wire_name = "mallory",
				   .uses_left = 1,
				   .guesses_max = 10}));
	assert_int_equal(CLAIM_GRANTED, claim(f, "mallory", T0));
	fixture_close(f);
	sql_change(f->path,
	    "UPDATE pake_record SET sealed = (SELECT sealed FROM pake_record"
	    " JOIN identity ON id = identity_id WHERE wire_name = 'mallory')");
	fixture_open(f, STORE_OPEN);
	assert_int_equal(CLAIM_DAMAGED, claim(f, "alice", T0));
	assert_int_equal(CLAIM_GRANTED, claim(f, "mallory", T0));
	fixture_close(f);
	sql_change(f->path, "DELETE FROM identity WHERE wire_name = 'alice';"
			    "UPDATE identity SET wire_name = 'alice'");
	fixture_open(f, STORE_OPEN);
	assert_int_equal(CLAIM_DAMAGED, claim(f, "alice", T0));
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_claim_gives_the_record_and_takes_a_guess),
	    T(test_claim_unknown),
	    T(test_claim_expired),
	    T(test_claim_locked_after_the_budget),
	    T(test_backoff),
	    T(test_backoff_of_a_clock_ahead),
	    T(test_no_backoff_for_claims_under_way),
	    T(test_wrong_guess_of_a_removed_identity),
	    T(test_backoff_of_a_long_row),
	    T(test_refused_claims_write),
	    T(test_budget_is_exact_under_threads),
	    T(test_undone_claim),
	    T(test_damaged_record_is_not_granted),
	    T(test_moved_record_is_not_granted),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
