/* Identities over HTTP Basic, and those that an administrator disabled. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/log.h"
#include "db/identity.h"
#include "tests/unit/db/support.h"

#define T0 1700000000
#define BACKOFF_MAX 60

struct add {
	const char *wire_name;
	int64_t uses;
	bool basic;
};

static int
add_run(struct store_txn *txn, void *arg)
{
	const struct add *add = arg;
	const struct identity identity = {.wire_name = add->wire_name,
	    .name = add->wire_name,
	    .kind = "password",
	    .profile = "endpoint",
	    .allow_names = "",
	    .created_at = T0,
	    .uses_left = add->uses,
	    .guesses_max = 3,
	    .basic = add->basic};
	struct verifier record;

	memset(&record, 5, sizeof(record));
	return identity_add(txn, &identity, &record, "uid 0");
}

static void
have(struct fixture *f, const char *wire_name, int64_t uses, bool basic)
{
	struct add add = {wire_name, uses, basic};

	assert_int_equal(0, in_txn(f->store, add_run, &add));
}

static int
look(void *arg, const struct identity *identity)
{
	*(struct identity *)arg = *identity;
	return 0;
}

static struct identity
get(struct fixture *f, const char *wire_name)
{
	struct identity i = {.id = 0};

	assert_int_equal(
	    0, identity_get_by_wire_name(f->reader, wire_name, look, &i));
	return i;
}

struct claim {
	const char *wire_name;
	bool basic;
	int64_t id, now;
	struct verifier record;
};

static int
claim_run(struct store_txn *txn, void *arg)
{
	struct claim *c = arg;

	if (!c->basic)
		return identity_claim(txn, &c->record, c->wire_name, c->now);
	return identity_claim_basic(
	    txn, &c->id, &c->record, c->wire_name, c->now);
}

static int
claim_basic(struct fixture *f, const char *wire_name, int64_t *id)
{
	struct claim c = {.wire_name = wire_name, .basic = true, .now = T0};
	int outcome = in_txn(f->store, claim_run, &c);

	if (outcome == CLAIM_GRANTED)
		assert_int_equal(5, c.record.w0[0]);
	if (id != NULL)
		*id = c.id;
	return outcome;
}

static int
claim_pake(struct fixture *f, const char *wire_name)
{
	struct claim c = {.wire_name = wire_name, .now = T0};

	return in_txn(f->store, claim_run, &c);
}

static int
wrong_run(struct store_txn *txn, void *arg)
{
	return identity_note_wrong(txn, arg, T0, BACKOFF_MAX);
}

static int
confirm_run(struct store_txn *txn, void *arg)
{
	return identity_confirm_basic(txn, *(int64_t *)arg);
}

static int
use_run(struct store_txn *txn, void *arg)
{
	return identity_take_use(txn, *(int64_t *)arg);
}

static int
disable_run(struct store_txn *txn, void *arg)
{
	return identity_disable(txn, arg, T0, "uid 0");
}

static int
enable_run(struct store_txn *txn, void *arg)
{
	return identity_enable(txn, arg, T0, "uid 0");
}

/* A guess costs before it is judged, and a right one costs nothing: no use
 * either. */
static void
test_claim_and_confirm(void **state)
{
	struct fixture *f = *state;
	char alice[] = "alice";
	int64_t id = 0;

	have(f, "alice", 2, true);
	assert_int_equal(0, in_txn(f->store, wrong_run, alice));
	assert_int_equal(1, get(f, "alice").failures);
	assert_int_equal(CLAIM_GRANTED, claim_basic(f, "alice", &id));
	assert_int_equal(get(f, "alice").id, id);
	assert_int_equal(2, get(f, "alice").guesses_left);
	assert_int_equal(0, in_txn(f->store, confirm_run, &id));
	assert_int_equal(3, get(f, "alice").guesses_left);
	assert_int_equal(0, get(f, "alice").failures);
	assert_int_equal(2, get(f, "alice").uses_left);
	id = 4711;
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, confirm_run, &id));
}

/* One budget for both ways in. */
static void
test_budget_is_shared(void **state)
{
	struct fixture *f = *state;

	have(f, "alice", IDENTITY_UNLIMITED, true);
	assert_int_equal(CLAIM_GRANTED, claim_basic(f, "alice", NULL));
	assert_int_equal(CLAIM_GRANTED, claim_pake(f, "alice"));
	assert_int_equal(CLAIM_GRANTED, claim_basic(f, "alice", NULL));
	assert_int_equal(CLAIM_LOCKED, claim_basic(f, "alice", NULL));
	assert_int_equal(CLAIM_LOCKED, claim_pake(f, "alice"));
}

/* Without --basic it is unknown here, and its budget is not touched. */
static void
test_without_the_flag_refused(void **state)
{
	struct fixture *f = *state;

	have(f, "bob", IDENTITY_UNLIMITED, false);
	assert_int_equal(CLAIM_UNKNOWN, claim_basic(f, "bob", NULL));
	assert_int_equal(CLAIM_UNKNOWN, claim_basic(f, "nobody", NULL));
	assert_int_equal(3, get(f, "bob").guesses_left);
	assert_int_equal(2, sql_number(f->path, "SELECT n FROM claim_decoy"));
	assert_int_equal(CLAIM_GRANTED, claim_pake(f, "bob"));
}

static void
test_uses(void **state)
{
	struct fixture *f = *state;
	int64_t id;

	have(f, "alice", 2, true);
	have(f, "bob", IDENTITY_UNLIMITED, true);
	id = get(f, "alice").id;
	assert_int_equal(0, in_txn(f->store, use_run, &id));
	assert_int_equal(
	    2, sql_number(f->path, "SELECT count(*) FROM pake_record"));
	assert_int_equal(0, in_txn(f->store, use_run, &id));
	assert_int_equal(
	    1, sql_number(f->path, "SELECT count(*) FROM pake_record"));
	assert_int_equal(CONFIRM_USED_UP, in_txn(f->store, use_run, &id));
	assert_int_equal(0, get(f, "alice").uses_left);
	assert_int_equal(CLAIM_USED_UP, claim_basic(f, "alice", NULL));
	id = get(f, "bob").id;
	assert_int_equal(0, in_txn(f->store, use_run, &id));
	assert_int_equal(IDENTITY_UNLIMITED, get(f, "bob").uses_left);
	id = 4711;
	assert_int_equal(CONFIRM_USED_UP, in_txn(f->store, use_run, &id));
}

static void
test_disabled(void **state)
{
	struct fixture *f = *state;
	char alice[] = "alice", nobody[] = "nobody";

	have(f, "alice", IDENTITY_UNLIMITED, true);
	assert_int_equal(0, in_txn(f->store, disable_run, alice));
	assert_true(get(f, "alice").disabled);
	assert_int_equal(CLAIM_DISABLED, claim_basic(f, "alice", NULL));
	assert_int_equal(CLAIM_DISABLED, claim_pake(f, "alice"));
	assert_int_equal(3, get(f, "alice").guesses_left);
	assert_int_equal(0, in_txn(f->store, enable_run, alice));
	assert_false(get(f, "alice").disabled);
	assert_int_equal(CLAIM_GRANTED, claim_basic(f, "alice", NULL));
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, disable_run, nobody));
	assert_int_equal(
	    1, sql_number(f->path, "SELECT count(*) FROM audit WHERE"
				   " event = 'identity.disable'"));
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_claim_and_confirm),
	    T(test_budget_is_shared), T(test_without_the_flag_refused),
	    T(test_uses), T(test_disabled)};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
