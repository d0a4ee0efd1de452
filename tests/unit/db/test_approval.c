#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/approval.h"
#include "db/identity.h"
#include "tests/unit/db/support.h"

#define T0 1700000000

struct ask {
	struct approval approval;
	int64_t now;
	char state[16], reason[32];
	int64_t id;
};

static int
look(void *arg, const struct approval *a)
{
	struct ask *ask = arg;

	strcpy(ask->state, a->state);
	strcpy(ask->reason, a->reason);
	ask->id = a->id;
	return 0;
}

static int
ask_run(struct store_txn *txn, void *arg)
{
	struct ask *ask = arg;

	return approval_ask(txn, &ask->approval, ask->now, look, ask);
}

static struct ask
request(uint8_t key, int64_t identity_id)
{
	struct ask ask = {.approval = {.kind = "enrollment",
			      .subject = "lamp",
			      .source = "192.0.2.1",
			      .identity_id = identity_id},
	    .now = T0};

	ask.approval.key[0] = key;
	return ask;
}

struct decision {
	int64_t id;
	bool approve;
	const char *reason;
};

static int
decide_run(struct store_txn *txn, void *arg)
{
	const struct decision *d = arg;

	return approval_decide(
	    txn, d->id, d->approve, d->reason, T0 + 1, "uid 0");
}

static int
take_run(struct store_txn *txn, void *arg)
{
	const struct ask *ask = arg;

	return approval_take(txn, ask->approval.kind, ask->approval.key);
}

static int
add_identity_run(struct store_txn *txn, void *arg)
{
	const struct identity identity = {.wire_name = arg,
	    .name = arg,
	    .kind = "device",
	    .profile = "endpoint",
	    .allow_names = ""};

	return identity_add(txn, &identity, NULL, "uid 0");
}

static int
count(void *arg, const struct approval *a)
{
	(void)a;
	(*(int *)arg)++;
	return 0;
}

static int
n_listed(struct fixture *f, bool all, int64_t after)
{
	int n = 0;

	assert_int_equal(
	    0, approval_list(f->reader, all, after, 2000, count, &n));
	return n;
}

static void
test_approved(void **state)
{
	struct fixture *f = *state;
	struct ask ask = request(1, 0), other = request(1, 0);
	struct decision yes = {.approve = true}, no = {.reason = "x"},
			nobody = {.id = 99};

	assert_int_equal(0, in_txn(f->store, ask_run, &ask));
	assert_string_equal("waiting", ask.state);
	assert_int_equal(0, in_txn(f->store, ask_run, &ask));
	assert_int_equal(1, n_listed(f, false, 0));
	assert_int_equal(0, n_listed(f, false, ask.id));
	/* Another kind is another request. */
	other.approval.kind = "voucher";
	assert_int_equal(0, in_txn(f->store, ask_run, &other));
	assert_int_not_equal(ask.id, other.id);
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, take_run, &ask));
	yes.id = no.id = ask.id;
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, decide_run, &nobody));
	assert_int_equal(0, in_txn(f->store, decide_run, &yes));
	assert_int_equal(0, in_txn(f->store, decide_run, &yes));
	assert_int_equal(APPROVAL_DECIDED, in_txn(f->store, decide_run, &no));
	assert_int_equal(0, in_txn(f->store, ask_run, &ask));
	assert_string_equal("approved", ask.state);
	assert_int_equal(0, in_txn(f->store, take_run, &ask));
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, take_run, &ask));
	assert_int_equal(0, in_txn(f->store, ask_run, &ask));
	assert_string_equal("waiting", ask.state);
	assert_int_equal(
	    1, sql_number(f->path, "SELECT count(*) FROM audit WHERE"
				   " event = 'approval.approve' AND"
				   " actor = 'uid 0' AND subject = 'lamp'"));
}

static void
test_denied(void **state)
{
	struct fixture *f = *state;
	struct ask ask = request(1, 0);
	struct decision no = {.reason = "not here"};

	assert_int_equal(0, in_txn(f->store, ask_run, &ask));
	no.id = ask.id;
	assert_int_equal(0, in_txn(f->store, decide_run, &no));
	assert_int_equal(0, in_txn(f->store, ask_run, &ask));
	assert_string_equal("denied", ask.state);
	assert_string_equal("not here", ask.reason);
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, take_run, &ask));
	assert_int_equal(0, n_listed(f, false, 0));
	assert_int_equal(1, n_listed(f, true, 0));
	/* Nothing is for ever. */
	ask.now = T0 + APPROVAL_KEEP_S;
	assert_int_equal(0, in_txn(f->store, ask_run, &ask));
	assert_string_equal("waiting", ask.state);
}

static int
remove_run(struct store_txn *txn, void *arg)
{
	return identity_remove(txn, arg, T0, "uid 0");
}

/* Whoever asks for many things at once pushes out its own. */
static void
test_room(void **state)
{
	struct fixture *f = *state;
	char lamp[] = "lamp", lock[] = "lock";
	struct ask of_lock = request(200, 2);

	assert_int_equal(0, in_txn(f->store, add_identity_run, lamp));
	assert_int_equal(0, in_txn(f->store, add_identity_run, lock));
	assert_int_equal(0, in_txn(f->store, ask_run, &of_lock));
	for (uint8_t i = 0; i < 10; i++) {
		struct ask ask = request(i, 1);

		assert_int_equal(0, in_txn(f->store, ask_run, &ask));
	}
	assert_int_equal(APPROVALS_WAITING_EACH + 1, n_listed(f, false, 0));
	assert_int_equal(
	    1, sql_number(f->path, "SELECT count(*) FROM approval WHERE"
				   " identity_id = 2"));
	assert_int_equal(
	    1, sql_number(f->path, "SELECT count(*) FROM approval WHERE"
				   " substr(key_sha256, 1, 1) = x'09'"));
	assert_int_equal(0, in_txn(f->store, remove_run, lamp));
	assert_int_equal(1, n_listed(f, true, 0));
}

/* arg: how many there are in the end, of as many identities as are needed, or
 * of nobody. */
struct fill {
	int n;
	bool nobody;
};

static int
fill_run(struct store_txn *txn, void *arg)
{
	const struct fill *fill = arg;
	int err = 0;

	for (int i = 0; i < fill->n && err == 0; i++) {
		struct ask ask = request(0, 0);
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		if (!fill->nobody && i % APPROVALS_WAITING_EACH == 0)
			err = add_identity_run(txn, name);
		if (err != 0)
			return err;
		if (!fill->nobody)
			ask.approval.identity_id =
			    1 + i / APPROVALS_WAITING_EACH;

		ask.approval.key[1] = (uint8_t)(i >> 8);
		ask.approval.key[2] = (uint8_t)i;
		err = approval_ask(txn, &ask.approval, T0, look, &ask);
	}
	return err;
}

static void
test_full(void **state)
{
	struct fixture *f = *state;
	struct ask more = request(1, 0), known = request(0, 0);
	struct fill all = {APPROVALS_WAITING_MAX, false};

	assert_int_equal(0, in_txn(f->store, fill_run, &all));
	assert_int_equal(-ERR_BUSY, in_txn(f->store, ask_run, &more));
	assert_int_equal(0, in_txn(f->store, ask_run, &known));
	assert_int_equal(APPROVALS_WAITING_MAX, n_listed(f, true, 0));
}

/* Devices of unknown manufacturers, which cost nothing to make, leave room for
 * the others. */
static void
test_nobody(void **state)
{
	struct fixture *f = *state;
	char lamp[] = "lamp";
	struct ask more = request(1, 0), of_lamp = request(2, 1);
	struct fill nobody = {APPROVALS_WAITING_NOBODY, true};

	assert_int_equal(0, in_txn(f->store, add_identity_run, lamp));
	assert_int_equal(0, in_txn(f->store, fill_run, &nobody));
	assert_int_equal(-ERR_BUSY, in_txn(f->store, ask_run, &more));
	assert_int_equal(0, in_txn(f->store, ask_run, &of_lamp));
	assert_int_equal(APPROVALS_WAITING_NOBODY + 1, n_listed(f, false, 0));
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_approved), T(test_denied),
	    T(test_room), T(test_full), T(test_nobody)};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
