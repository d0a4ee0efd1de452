/* long file: one fixture for the whole life of an identity. */
#include "tests/unit/cmocka.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/identity.h"
#include "tests/unit/db/support.h"

#define T0 1700000000
#define BACKOFF_MAX 60

struct add {
	struct identity identity;
	struct verifier record;
};

static int
add_run(struct store_txn *txn, void *arg)
{
	const struct add *add = arg;

	return identity_add(txn, &add->identity, &add->record, "uid 0");
}

static void
record_of(struct verifier *out, uint8_t generation)
{
	memset(out->w0, 1, sizeof(out->w0));
	memset(out->l, 2, sizeof(out->l));
	memset(out->w0m, generation, sizeof(out->w0m));
	memset(out->w0n, 4, sizeof(out->w0n));
}

#define FIRST_RECORD 3

static int
add_identity(struct fixture *f, struct identity identity)
{
	struct add add = {.identity = identity};

	if (add.identity.name == NULL)
		add.identity.name = "label";
	add.identity.kind = "code";
	add.identity.profile = "endpoint";
	add.identity.allow_names = "";
	add.identity.created_at = T0;
	record_of(&add.record, FIRST_RECORD);
	return in_txn(f->store, add_run, &add);
}

/* "alice", ten guesses, as many uses. */
static void
add_alice(struct fixture *f, int64_t guesses, int64_t uses)
{
	assert_int_equal(
	    0, add_identity(f, (struct identity){.wire_name = "alice",
				   .uses_left = uses,
				   .guesses_max = guesses}));
}

struct claim {
	const char *wire_name;
	int64_t now, backoff_max;
	struct verifier record;
};

static int
claim_run(struct store_txn *txn, void *arg)
{
	struct claim *c = arg;

	return identity_claim(txn, &c->record, c->wire_name, c->now);
}

static int
wrong_run(struct store_txn *txn, void *arg)
{
	struct claim *c = arg;
	int outcome = claim_run(txn, c);

	return outcome != CLAIM_GRANTED ? outcome
					: identity_note_wrong(txn, c->wire_name,
					      c->now, c->backoff_max);
}

static int
claim(struct fixture *f, const char *wire_name, int64_t now)
{
	struct claim c = {
	    .wire_name = wire_name, .now = now, .backoff_max = BACKOFF_MAX};

	return in_txn(f->store, claim_run, &c);
}

static int
note_run(struct store_txn *txn, void *arg)
{
	const struct claim *c = arg;

	return identity_note_wrong(txn, c->wire_name, c->now, c->backoff_max);
}

/* A claim, and if it was granted the guess was wrong. */
static int
wrong(struct fixture *f, const char *wire_name, int64_t now)
{
	struct claim c = {
	    .wire_name = wire_name, .now = now, .backoff_max = BACKOFF_MAX};

	return in_txn(f->store, wrong_run, &c);
}

static int
confirm_run(struct store_txn *txn, void *arg)
{
	struct claim *c = arg;

	return identity_confirm(txn, c->wire_name, &c->record, T0, "192.0.2.1");
}

static int
confirm(struct fixture *f, const char *wire_name)
{
	struct claim c = {.wire_name = wire_name};

	record_of(&c.record, FIRST_RECORD);
	return in_txn(f->store, confirm_run, &c);
}

static int
remove_run(struct store_txn *txn, void *arg)
{
	return identity_remove(txn, arg, T0, "uid 0");
}

static int
unlock_run(struct store_txn *txn, void *arg)
{
	return identity_unlock(txn, arg, T0, "uid 0");
}

static int
by_name(struct fixture *f, txn_fn fn, const char *name)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", name);
	return in_txn(f->store, fn, copy);
}

struct lookup {
	const char *wire_name;
	struct identity found; /* its numbers only */
	bool there;
};

static int
look(void *arg, const struct identity *identity)
{
	struct lookup *l = arg;

	if (strcmp(identity->wire_name, l->wire_name) != 0)
		return 0;
	l->found = *identity;
	l->there = true;
	return 0;
}

static struct identity
get(struct fixture *f, const char *wire_name)
{
	struct lookup l = {.wire_name = wire_name};

	assert_int_equal(0, identity_list(f->reader, look, &l));
	assert_true(l.there);
	return l.found;
}

static int64_t
count(struct fixture *f, const char *sql)
{
	return sql_number(f->path, sql);
}

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

/* --- claims --- */

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

/* --- confirmations --- */

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

static void *
confirmer_main(void *arg)
{
	struct guesser *g = arg;

	g->granted = confirm(g->f, "alice") == 0;
	return NULL;
}

static void
test_uses_are_exact_under_threads(void **state)
{
	struct fixture *f = *state;
	struct guesser confirmers[N_THREADS];
	pthread_t threads[N_THREADS];
	int confirmed = 0;

	add_alice(f, 10, 3);
	for (int i = 0; i < N_THREADS; i++) {
		confirmers[i] = (struct guesser){.f = f};
		assert_int_equal(0, pthread_create(&threads[i], NULL,
					confirmer_main, &confirmers[i]));
	}
	for (int i = 0; i < N_THREADS; i++) {
		pthread_join(threads[i], NULL);
		confirmed += confirmers[i].granted;
	}
	assert_int_equal(3, confirmed);
}

/* --- administration --- */

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
	    T(test_add_and_list),
	    T(test_never_and_unlimited),
	    T(test_duplicate_wire_name_refused),
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
	    T(test_unlock),
	    T(test_remove),
	    T(test_shared_label_is_ambiguous),
	    T(test_wire_name_goes_before_label),
	    T(test_undone_claim),
	    T(test_damaged_record_is_not_granted),
	    T(test_moved_record_is_not_granted),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
