/* Onboarding codes and attempts by TLS-SRP: one budget, one number of uses, and
 * one end with the PAKE. */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/signer_process.h"
#include "db/sql.h"
#include "registrar/claim.h"
#include "registrar/onboarding.h"
#include "registrar/srp.h"
#include "tests/unit/registrar/support.h"
#include "tls/srp.h"

static struct office *office;

static int64_t
number(const char *sql)
{
	return sql_number(office->db->path, sql);
}

static void
renew_registrar(bool srp)
{
	struct registrar_config config = *registrar_config(office->registrar);

	config.srp = srp;
	assert_int_equal(0, srp_seed_load(config.srp_seed, office->db->store));
	registrar_free(office->registrar);
	assert_int_equal(0, registrar_new(&office->registrar, &config));
}

static int
setup(void **state)
{
	int err = office_setup(state);

	office = *state;
	renew_registrar(true);
	return err;
}

static void
add_done(struct identity_add *add)
{
	(void)add;
	sem_post(&office->done);
}

/* A code, or alice with a chosen password. */
static struct identity_add
add_identity(bool chosen, int64_t uses)
{
	struct identity_add add = {.registrar = office->registrar,
	    .done = add_done,
	    .name = "alice",
	    .profile = "endpoint",
	    .actor = "uid 0",
	    .chosen = chosen,
	    .uses = uses};

	if (chosen)
		strcpy(add.password, "correct horse");
	assert_int_equal(0, registrar_identity_add(&add));
	sem_wait(&office->done);
	assert_int_equal(0, add.result);
	return add;
}

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
start(struct attempt *a, const char *identity, bool srp)
{
	memset(a, 0, sizeof(*a));
	a->claim.registrar = office->registrar;
	a->claim.server_name_matches = true;
	a->claim.srp = srp;
	a->claim.done = attempt_done;
	snprintf(a->claim.identity, sizeof(a->claim.identity), "%s", identity);
	assert_int_equal(0, ip_parse(&a->claim.source, "192.0.2.1"));
	sem_init(&a->done, 0, 0);
	if (claim_start(&a->claim) == 0)
		sem_wait(&a->done);
}

static bool
confirm(struct attempt *a)
{
	if (claim_confirm(&a->claim) == 0)
		sem_wait(&a->done);
	return a->claim.confirmed;
}

/* Waits for what claim_refuse() queued, since nobody is told. */
static void
refuse(struct attempt *a)
{
	claim_refuse(&a->claim);
	assert_int_equal(0, pass_writer(office->db->store));
}

static void
test_code_has_a_verifier(void **state)
{
	struct identity_add add = add_identity(false, 0);
	const uint8_t *seed = registrar_config(office->registrar)->srp_seed;
	struct srp_verifier expected;
	struct attempt a;

	(void)state;
	assert_true(add.srp);
	assert_int_equal(0,
	    srp_register(&expected, seed, add.code.identity, add.code.secret));
	start(&a, add.wire_name, true);
	assert_true(a.claim.granted);
	assert_memory_equal(&expected, &a.claim.srp_verifier, sizeof(expected));
	/* Durable by now. */
	assert_int_equal(999, number("SELECT guesses_left FROM identity"));
	assert_true(confirm(&a));
	assert_int_equal(1000, number("SELECT guesses_left FROM identity"));
	assert_int_equal(1, number("SELECT count(*) FROM audit WHERE"
				   " event = 'srp.authenticated'"
				   " AND source = '192.0.2.1'"));
	assert_int_equal(0, number("SELECT count(*) FROM audit WHERE"
				   " event = 'pake.authenticated'"));
	/* The verifier does not stay in memory. */
	memset(&expected, 0, sizeof(expected));
	assert_memory_equal(&expected, &a.claim.srp_verifier, sizeof(expected));
}

/* The last use takes both records, by whichever way it went. */
static void
test_last_use_takes_both(void **state)
{
	(void)state;
	for (int srp = 0; srp < 2; srp++) {
		struct identity_add add = add_identity(false, 2);
		struct attempt a;

		start(&a, add.wire_name, true);
		assert_true(confirm(&a));
		assert_int_equal(
		    1, number("SELECT count(*) FROM srp_verifier"));
		start(&a, add.wire_name, srp == 1);
		assert_true(confirm(&a));
		assert_int_equal(
		    0, number("SELECT count(*) FROM srp_verifier"));
		assert_int_equal(0, number("SELECT count(*) FROM pake_record"));
		start(&a, add.wire_name, srp == 0);
		assert_false(a.claim.granted);
		assert_int_equal(CLAIM_USED_UP, a.claim.outcome);
		refuse(&a);
	}
}

static void
test_parallel_handshakes_share_no_use(void **state)
{
	struct identity_add add = add_identity(false, 1);
	struct attempt srp, pake;

	(void)state;
	start(&srp, add.wire_name, true);
	start(&pake, add.wire_name, false);
	assert_true(srp.claim.granted && pake.claim.granted);
	assert_true(confirm(&pake));
	assert_false(confirm(&srp));
}

/* Guesses by both count together. */
static void
test_one_budget(void **state)
{
	struct identity_add add = add_identity(false, 1);
	struct attempt a;

	(void)state;
	sql_change(office->db->path, "UPDATE identity SET guesses_left = 2");
	start(&a, add.wire_name, true);
	assert_true(a.claim.granted);
	refuse(&a);
	assert_int_equal(1, number("SELECT failures FROM identity"));
	start(&a, add.wire_name, false);
	assert_true(a.claim.granted);
	refuse(&a);
	assert_int_equal(2, number("SELECT failures FROM identity"));
	for (int srp = 0; srp < 2; srp++) {
		start(&a, add.wire_name, srp == 1);
		assert_false(a.claim.granted);
		assert_int_equal(CLAIM_LOCKED, a.claim.outcome);
	}
	assert_int_equal(1, number("SELECT count(*) FROM audit WHERE"
				   " event = 'srp.refused'"
				   " AND detail LIKE 'wrong password%'"));
}

/* A password that somebody thought of, and a code made while it was off. */
static void
test_no_verifier_refused(void **state)
{
	int64_t decoys = number("SELECT sum(n) FROM claim_decoy");
	struct identity_add add = add_identity(true, 0);
	struct attempt a;

	(void)state;
	assert_false(add.srp);
	start(&a, add.wire_name, true);
	assert_false(a.claim.granted);
	assert_int_equal(CLAIM_NO_SRP, a.claim.outcome);
	refuse(&a);
	/* It cost a commit, as an unknown one does, and no guess. */
	assert_int_equal(decoys + 1, number("SELECT sum(n) FROM claim_decoy"));
	assert_int_equal(10, number("SELECT guesses_left FROM identity"));
	assert_int_equal(0, number("SELECT failures FROM identity"));
	renew_registrar(false);
	add = add_identity(false, 0);
	renew_registrar(true);
	start(&a, add.wire_name, true);
	assert_int_equal(CLAIM_NO_SRP, a.claim.outcome);
	start(&a, add.wire_name, false);
	assert_true(a.claim.granted);
	start(&a, "NOBODY00", true);
	assert_int_equal(CLAIM_UNKNOWN, a.claim.outcome);
	assert_int_equal(0, number("SELECT count(*) FROM srp_verifier"));
}

static int
remove_identity(struct store_txn *txn, void *arg)
{
	return identity_remove(txn, arg, clock_now(), "uid 0");
}

/* In the middle of a handshake, too. */
static void
test_removed_refused(void **state)
{
	struct identity_add add = add_identity(false, 0);
	struct attempt a;

	(void)state;
	start(&a, add.wire_name, true);
	assert_true(a.claim.granted);
	assert_int_equal(
	    0, in_txn(office->db->store, remove_identity, add.wire_name));
	assert_int_equal(0, number("SELECT count(*) FROM srp_verifier"));
	assert_false(confirm(&a));
	start(&a, add.wire_name, true);
	assert_int_equal(CLAIM_UNKNOWN, a.claim.outcome);
}

/* Another start finds the same seed, another appliance another. */
static void
test_seed_is_kept(void **state)
{
	uint8_t first[SRP_SEED_LEN], again[SRP_SEED_LEN];
	struct store *store = office->db->store;
	void *other = NULL;

	(void)state;
	assert_int_equal(0, srp_seed_load(first, store));
	assert_int_equal(0, srp_seed_load(again, store));
	assert_memory_equal(first, again, sizeof(first));
	assert_int_equal(0, fixture_setup(&other));
	assert_int_equal(
	    0, srp_seed_load(again, ((struct fixture *)other)->store));
	assert_memory_not_equal(first, again, sizeof(first));
	fixture_teardown(&other);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_code_has_a_verifier),
	    T(test_last_use_takes_both),
	    T(test_parallel_handshakes_share_no_use),
	    T(test_one_budget),
	    T(test_no_verifier_refused),
	    T(test_removed_refused),
	    T(test_seed_is_kept),
	};

	log_set_level(LOG_LEVEL_ERROR);
	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
