#include "tests/unit/cmocka.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/sql.h"
#include "registrar/claim.h"
#include "tests/unit/registrar/support.h"
#include "ca/signer_process.h"

static int
add_alice(struct store_txn *txn, void *arg)
{
	const struct identity identity = {.wire_name = "alice",
	    .name = "alice",
	    .kind = "password",
	    .profile = "endpoint",
	    .allow_names = "",
	    .created_at = clock_now(),
	    .uses_left = *(int64_t *)arg,
	    .guesses_max = 10};
	struct verifier record;

	memset(&record, 7, sizeof(record));
	return identity_add(txn, &identity, &record, "uid 0");
}

static void
have_alice(struct office *o, int64_t uses)
{
	assert_int_equal(0, in_txn(o->db->store, add_alice, &uses));
}

/* One attempt, and whether it is done. */
struct attempt {
	struct claim claim;
	sem_t done;
};

static void
attempt_done(struct claim *claim)
{
	sem_post(&CONTAINER_OF(claim, struct attempt, claim)->done);
}

static void
attempt_init(struct attempt *a, struct office *o, const char *identity,
    const char *source)
{
	memset(a, 0, sizeof(*a));
	a->claim.registrar = o->registrar;
	a->claim.server_name_matches = true;
	a->claim.done = attempt_done;
	snprintf(a->claim.identity, sizeof(a->claim.identity), "%s", identity);
	assert_int_equal(0, ip_parse(&a->claim.source, source));
	sem_init(&a->done, 0, 0);
}

/* True if it went through the store. */
static bool
start(struct attempt *a)
{
	int result = claim_start(&a->claim);

	if (result == 0)
		sem_wait(&a->done);
	else
		assert_int_equal(CLAIM_ANSWERED, result);
	return result == 0;
}

static bool
confirm(struct attempt *a)
{
	int result = claim_confirm(&a->claim);

	if (result == 0)
		sem_wait(&a->done);
	else
		assert_int_equal(CLAIM_ANSWERED, result);
	return a->claim.confirmed;
}

/* Waits for what claim_refuse() queued, since nobody is told. */
static void
refuse(struct attempt *a, struct office *o)
{
	claim_refuse(&a->claim);
	assert_int_equal(0, pass_writer(o->db->store));
}

static int64_t
number(struct office *o, const char *sql)
{
	return sql_number(o->db->path, sql);
}

static bool
is_zero(const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0 && p[len - 1] == 0)
		len--;
	return len == 0;
}

static void
test_granted_and_confirmed(void **state)
{
	struct office *o = *state;
	struct attempt a;

	have_alice(o, 1);
	attempt_init(&a, o, "alice", "192.0.2.1");
	assert_true(start(&a));
	assert_true(a.claim.granted);
	assert_int_equal(7, a.claim.record.w0[0]);
	/* Durable by now: the guess is gone in the file. */
	assert_int_equal(9, number(o, "SELECT guesses_left FROM identity"));
	assert_true(confirm(&a));
	assert_true(is_zero(&a.claim.record, sizeof(a.claim.record)));
	assert_int_equal(10, number(o, "SELECT guesses_left FROM identity"));
	assert_int_equal(0, number(o, "SELECT uses_left FROM identity"));
	assert_int_equal(1, number(o, "SELECT count(*) FROM audit WHERE"
				      " event = 'pake.authenticated'"
				      " AND source = '192.0.2.1'"));
}

static void
test_parallel_handshakes_share_no_use(void **state)
{
	struct office *o = *state;
	struct attempt a, b;

	have_alice(o, 1);
	attempt_init(&a, o, "alice", "192.0.2.1");
	attempt_init(&b, o, "alice", "192.0.2.2");
	assert_true(start(&a) && a.claim.granted);
	assert_true(start(&b) && b.claim.granted);
	assert_true(confirm(&b));
	assert_false(confirm(&a));
}

static void
test_unknown_identity_costs_a_commit(void **state)
{
	struct office *o = *state;
	struct attempt a;

	attempt_init(&a, o, "nobody", "192.0.2.1");
	assert_true(start(&a));
	assert_false(a.claim.granted);
	assert_int_equal(CLAIM_UNKNOWN, a.claim.outcome);
	assert_int_equal(1, number(o, "SELECT sum(n) FROM claim_decoy"));
}

/* Whoever asks for another server is claimed as nobody: at the same cost, and
 * without touching the identity. */
static void
test_other_server_name_is_nobody(void **state)
{
	struct office *o = *state;
	struct attempt a;

	have_alice(o, 1);
	attempt_init(&a, o, "alice", "192.0.2.1");
	a.claim.server_name_matches = false;
	assert_true(start(&a));
	assert_false(a.claim.granted);
	assert_true(is_zero(&a.claim.record, sizeof(a.claim.record)));
	assert_int_equal(10, number(o, "SELECT guesses_left FROM identity"));
	assert_int_equal(1, number(o, "SELECT sum(n) FROM claim_decoy"));
	refuse(&a, o);
	assert_int_equal(1, number(o, "SELECT count(*) FROM audit WHERE"
				      " event = 'pake.refused' AND subject = ''"
				      " AND detail LIKE '%server name%'"));
}

/* The buckets come first: nothing is written, and the identity keeps its
 * guesses. */
static void
test_bucket_refuses_without_a_commit(void **state)
{
	struct office *o = *state;
	struct attempt a;
	int64_t guesses, decoys;

	have_alice(o, 1);
	for (int i = 0; i < 5; i++) {
		attempt_init(&a, o, "nobody", "192.0.2.1");
		assert_true(start(&a));
		assert_false(a.claim.limited);
	}
	guesses = number(o, "SELECT guesses_left FROM identity");
	decoys = number(o, "SELECT sum(n) FROM claim_decoy");
	attempt_init(&a, o, "alice", "192.0.2.1");
	assert_false(start(&a));
	assert_true(a.claim.limited);
	assert_false(a.claim.granted);
	refuse(&a, o);
	assert_int_equal(
	    guesses, number(o, "SELECT guesses_left FROM identity"));
	assert_int_equal(decoys, number(o, "SELECT sum(n) FROM claim_decoy"));
	assert_int_equal(0, number(o, "SELECT count(*) FROM audit WHERE"
				      " event = 'pake.refused'"));
	/* Another source is not concerned, until all together are too many. */
	for (int i = 0; i < 3; i++) {
		attempt_init(&a, o, "nobody", "192.0.2.2");
		assert_true(start(&a));
	}
	attempt_init(&a, o, "nobody", "192.0.2.3");
	assert_false(start(&a));
}

static void
test_success_gives_the_bucket_back(void **state)
{
	struct office *o = *state;
	struct attempt a;

	have_alice(o, IDENTITY_UNLIMITED);
	for (int i = 0; i < 20; i++) {
		attempt_init(&a, o, "alice", "192.0.2.1");
		assert_true(start(&a));
		assert_true(a.claim.granted);
		assert_true(confirm(&a));
	}
}

static void
test_refusal_is_audited(void **state)
{
	struct office *o = *state;
	struct attempt a;

	have_alice(o, 1);
	for (int i = 0; i < 2; i++) {
		attempt_init(&a, o, "alice", "192.0.2.1");
		assert_true(start(&a) && a.claim.granted);
		refuse(&a, o);
		assert_true(is_zero(&a.claim.record, sizeof(a.claim.record)));
	}
	assert_int_equal(2, number(o, "SELECT count FROM audit_shown WHERE"
				      " event = 'pake.refused'"
				      " AND subject = 'alice'"
				      " AND source = '192.0.2.1'"
				      " AND detail LIKE 'wrong password%'"));
	/* The guesses stay lost. */
	assert_int_equal(8, number(o, "SELECT guesses_left FROM identity"));
}

/* It may be a secret, typed into the wrong field. */
static void
test_unknown_name_is_not_kept(void **state)
{
	struct office *o = *state;
	struct attempt a;

	attempt_init(&a, o, "my-secret", "192.0.2.1");
	assert_true(start(&a));
	refuse(&a, o);
	assert_int_equal(1, number(o, "SELECT count(*) FROM audit WHERE"
				      " event = 'pake.refused'"
				      " AND subject = ''"
				      " AND detail = 'unknown identity'"));
}

/* How many a bucket refused comes to the log with the next one allowed. */
static void
test_suppressed_attempts_are_audited(void **state)
{
	struct office *o = *state;
	struct attempt a;

	have_alice(o, IDENTITY_UNLIMITED);
	attempt_init(&a, o, "alice", "192.0.2.1");
	assert_true(start(&a) && a.claim.granted);
	for (int i = 0; i < 4; i++) {
		struct attempt b;

		attempt_init(&b, o, "nobody", "192.0.2.1");
		assert_true(start(&b));
	}
	for (int i = 0; i < 3; i++) {
		struct attempt b;

		attempt_init(&b, o, "nobody", "192.0.2.1");
		assert_false(start(&b));
		refuse(&b, o);
	}
	assert_true(confirm(&a)); /* makes room for one */
	attempt_init(&a, o, "nobody", "192.0.2.1");
	assert_true(start(&a));
	refuse(&a, o);
	assert_int_equal(3, number(o, "SELECT count FROM audit_shown WHERE"
				      " event = 'pake.refused'"
				      " AND detail = 'too many attempts'"
				      " AND source = '192.0.2.1'"));
}

static void
test_stopped_store_grants_nothing(void **state)
{
	struct office *o = *state;
	struct attempt a;

	have_alice(o, 2);
	attempt_init(&a, o, "alice", "192.0.2.1");
	assert_true(start(&a) && a.claim.granted);
	store_stop(o->db->store);
	assert_false(confirm(&a));
	attempt_init(&a, o, "alice", "192.0.2.1");
	assert_false(start(&a));
	assert_false(a.claim.granted);
	claim_refuse(&a.claim);
}

/* A job behind the claim's in its batch that ends the transaction, as a full
 * disk does. */
struct loss {
	struct store_job job;
	sem_t done;
};

static int
loss_run(struct store_job *job, struct store_txn *txn)
{
	(void)job;
	sqlite3_exec(txn->conn.db, "ROLLBACK", NULL, NULL, NULL);
	return -ERR_IO;
}

static void
loss_done(struct store_job *job)
{
	sem_post(&CONTAINER_OF(job, struct loss, job)->done);
}

static void
in_lost_batch(struct office *o, struct attempt *a, int (*fn)(struct claim *))
{
	struct loss loss = {.job = {.run = loss_run, .done = loss_done}};
	struct gate gate = {.inside = NULL};

	sem_init(&loss.done, 0, 0);
	gate_close(&gate, o->db->store);
	assert_int_equal(0, fn(&a->claim));
	assert_int_equal(0, store_submit(o->db->store, &loss.job));
	gate_open(&gate);
	sem_wait(&a->done);
	sem_wait(&loss.done);
}

/* The use is taken when it is committed, and not before: a full disk must not
 * let one code in twice. */
static void
test_lost_commit_confirms_nothing(void **state)
{
	struct office *o = *state;
	struct attempt a;

	have_alice(o, 1);
	attempt_init(&a, o, "alice", "192.0.2.1");
	assert_true(start(&a) && a.claim.granted);
	in_lost_batch(o, &a, claim_confirm);
	assert_false(a.claim.confirmed);
	assert_int_equal(1, number(o, "SELECT uses_left FROM identity"));
}

static void
test_lost_commit_grants_nothing(void **state)
{
	struct office *o = *state;
	struct attempt a;

	have_alice(o, 1);
	attempt_init(&a, o, "alice", "192.0.2.1");
	in_lost_batch(o, &a, claim_start);
	assert_false(a.claim.granted);
	assert_true(is_zero(&a.claim.record, sizeof(a.claim.record)));
	assert_int_equal(10, number(o, "SELECT guesses_left FROM identity"));
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_granted_and_confirmed),
	    T(test_parallel_handshakes_share_no_use),
	    T(test_unknown_identity_costs_a_commit),
	    T(test_other_server_name_is_nobody),
	    T(test_bucket_refuses_without_a_commit),
	    T(test_success_gives_the_bucket_back),
	    T(test_refusal_is_audited),
	    T(test_unknown_name_is_not_kept),
	    T(test_suppressed_attempts_are_audited),
	    T(test_stopped_store_grants_nothing),
	    T(test_lost_commit_confirms_nothing),
	    T(test_lost_commit_grants_nothing),
	};

	log_set_level(LOG_LEVEL_ERROR);
	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
