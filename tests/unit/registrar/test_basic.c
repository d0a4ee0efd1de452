#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/audit.h"
#include "db/identity.h"
#include "registrar/basic.h"
#include "registrar/change.h"
#include "registrar/internal.h"
#include "registrar/onboarding.h"
#include "tests/unit/registrar/support.h"
#include "ca/signer_process.h"

static struct office *office;

/* --- identities --- */

static void
add_done(struct identity_add *add)
{
	(void)add;
	sem_post(&office->done);
}

static void
have(struct office *o, struct identity_add *add, const char *name,
    const char *password)
{
	office = o;
	add->registrar = o->registrar;
	add->done = add_done;
	add->basic = true;
	snprintf(add->name, sizeof(add->name), "%s", name);
	strcpy(add->profile, "endpoint");
	strcpy(add->actor, "uid 0");
	if (password != NULL) {
		add->chosen = true;
		strcpy(add->password, password);
	}
	assert_int_equal(0, registrar_identity_add(add));
	sem_wait(&o->done);
	assert_int_equal(0, add->result);
}

static int
look(void *arg, const struct identity *identity)
{
	*(struct identity *)arg = *identity;
	return 0;
}

static struct identity
get(struct office *o, const char *wire_name)
{
	struct identity i = {.id = 0};

	assert_int_equal(
	    0, identity_get_by_wire_name(o->db->reader, wire_name, look, &i));
	return i;
}

/* --- checks --- */

static void
check_done(struct basic_check *check)
{
	(void)check;
	sem_post(&office->done);
}

static void
check_init(struct basic_check *check, const char *user, const char *password)
{
	memset(check, 0, sizeof(*check));
	check->registrar = office->registrar;
	check->done = check_done;
	snprintf(check->user, sizeof(check->user), "%s", user);
	snprintf(check->password, sizeof(check->password), "%s", password);
	assert_int_equal(0, ip_parse(&check->source, "192.0.2.1"));
}

static int
judge(const char *user, const char *password, int64_t *id)
{
	struct basic_check check;

	check_init(&check, user, password);
	if (basic_check_start(&check) != BASIC_ANSWERED)
		sem_wait(&office->done);
	if (id != NULL)
		*id = check.identity_id;
	return check.result;
}

/* Right, and from memory: no thread was asked. */
static bool
is_remembered(const char *user, const char *password)
{
	struct basic_check check;
	int started;

	check_init(&check, user, password);
	started = basic_check_start(&check);
	if (started != BASIC_ANSWERED)
		sem_wait(&office->done);
	assert_int_equal(0, check.result);
	return started == BASIC_ANSWERED;
}

/* Nobody waits for the rows of refusals: here what comes behind them does. */
static int64_t
count(struct office *o, const char *event)
{
	char sql[128];

	assert_int_equal(0, pass_writer(o->db->store));
	snprintf(sql, sizeof(sql),
	    "SELECT ifnull(sum(count), 0) FROM audit_shown WHERE event = '%s'",
	    event);
	return sql_number(o->db->path, sql);
}

static void
test_password(void **state)
{
	struct identity_add add = {.uses = 0};
	struct office *o = *state;
	int64_t id = 0;

	have(o, &add, "alice", "correct horse");
	assert_int_equal(0, judge("alice", "correct horse", &id));
	assert_int_equal(get(o, "alice").id, id);
	assert_int_equal(-ERR_PERMISSION, judge("alice", "wrong", NULL));
	assert_int_equal(-ERR_PERMISSION, judge("alice", "", NULL));
	assert_int_equal(
	    -ERR_PERMISSION, judge("nobody", "correct horse", NULL));
	assert_int_equal(8, get(o, "alice").guesses_left);
	assert_int_equal(1, count(o, "basic.authenticated"));
	assert_int_equal(3, count(o, "basic.refused"));
	/* A name that nobody has is not kept. */
	assert_int_equal(0,
	    sql_number(o->db->path, "SELECT count(*) FROM audit WHERE subject ="
				    " 'nobody'"));
	/* The right one gives back what the wrong ones in a row cost it. */
	basic_forget(o->registrar, 0);
	assert_int_equal(0, judge("alice", "correct horse", NULL));
	assert_int_equal(0, get(o, "alice").failures);
	assert_int_equal(IDENTITY_UNLIMITED, get(o, "alice").uses_left);
}

/* Its parts as people type them. */
static void
test_code(void **state)
{
	struct identity_add add = {.uses = 0};
	struct office *o = *state;
	char text[CODE_TEXT_MAX], user[16], password[16];
	int64_t id = 0;

	have(o, &add, "Ann's phone", NULL);
	code_format(text, &add.code);
	assert_int_equal(0, judge(add.code.identity, add.code.secret, &id));
	assert_int_equal(get(o, add.wire_name).id, id);
	snprintf(user, sizeof(user), "%.9s", text);
	snprintf(password, sizeof(password), "%.13s", text + 10);
	for (char *c = user; *c != '\0'; c++)
		*c = (char)(*c >= 'A' ? *c | 0x20 : *c);
	assert_int_equal(0, judge(user, password, NULL));
	/* A use is taken for a certificate only. */
	assert_int_equal(1, get(o, add.wire_name).uses_left);
	password[0] = password[0] == '7' ? '8' : '7';
	assert_int_equal(-ERR_PERMISSION, judge(user, password, NULL));
	assert_int_equal(999, get(o, add.wire_name).guesses_left);
}

/* A chosen name that reads like a code's identity is what it is. */
static void
test_name_like_a_code(void **state)
{
	struct identity_add add = {.uses = 0};
	struct office *o = *state;
	int64_t id = 0;

	have(o, &add, "deadbeef", "abcdefghjkm");
	assert_int_equal(0, judge("deadbeef", "abcdefghjkm", &id));
	assert_int_equal(get(o, "deadbeef").id, id);
}

static void
change_done(struct change *change)
{
	(void)change;
	sem_post(&office->done);
}

static void
apply(struct office *o, enum change_kind kind, const char *name)
{
	struct change change = {
	    .registrar = o->registrar, .kind = kind, .done = change_done};

	snprintf(change.name, sizeof(change.name), "%s", name);
	assert_int_equal(0, registrar_change(&change));
	sem_wait(&o->done);
	assert_int_equal(0, change.result);
}

static void
test_memory(void **state)
{
	struct identity_add add = {.uses = 0};
	struct office *o = *state;

	have(o, &add, "alice", "correct horse");
	assert_false(is_remembered("alice", "correct horse"));
	assert_true(is_remembered("alice", "correct horse"));
	assert_int_equal(1, count(o, "basic.authenticated"));
	/* Only that, as it is. */
	assert_int_equal(
	    -ERR_PERMISSION, judge("Alice", "correct horse", NULL));
	apply(o, CHANGE_IDENTITY_UNLOCK, "alice");
	assert_false(is_remembered("alice", "correct horse"));
	basic_forget(o->registrar, get(o, "alice").id + 1);
	assert_true(is_remembered("alice", "correct horse"));
	basic_forget(o->registrar, get(o, "alice").id);
	assert_false(is_remembered("alice", "correct horse"));
	apply(o, CHANGE_IDENTITY_REMOVE, "alice");
	assert_int_equal(
	    -ERR_PERMISSION, judge("alice", "correct horse", NULL));
}

static int
add_run(struct store_txn *txn, void *arg)
{
	const struct identity identity = {.wire_name = "alice",
	    .name = "alice",
	    .kind = "password",
	    .profile = "endpoint",
	    .allow_names = "",
	    .uses_left = IDENTITY_UNLIMITED,
	    .guesses_max = 10,
	    .basic = *(bool *)arg};
	struct verifier record;

	memset(&record, 7, sizeof(record));
	return identity_add(txn, &identity, &record, "uid 0");
}

/* Without the time that a record takes. */
static void
have_alice(struct office *o, bool basic)
{
	office = o;
	assert_int_equal(0, in_txn(o->db->store, add_run, &basic));
}

static int
spend_run(struct store_txn *txn, void *arg)
{
	struct verifier record;

	(void)arg;
	return identity_claim(txn, &record, "alice", clock_now());
}

/* The guess is durable before it is judged, so that a budget is kept whoever
 * asks at the same time; the buckets come first. */
static void
test_budget(void **state)
{
	struct basic_check checks[5];
	struct office *o = *state;
	int started = 0, refused = 0, limited = 0;
	int64_t suppressed;

	have_alice(o, true);
	for (int i = 0; i < 9; i++)
		assert_int_equal(
		    CLAIM_GRANTED, in_txn(o->db->store, spend_run, NULL));
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		char password[16];

		snprintf(password, sizeof(password), "guess %zu", i);
		check_init(&checks[i], "alice", password);
		/* The office lets each source try five times. */
		if (i >= 2)
			assert_true(
			    limits_take(o->registrar->limits, &checks[i].source,
				clock_monotonic_ms(), &suppressed));
	}
	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		started += basic_check_start(&checks[i]) != BASIC_ANSWERED;
	for (int i = 0; i < started; i++)
		sem_wait(&o->done);
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		refused += checks[i].result == -ERR_PERMISSION;
		limited += checks[i].result == BASIC_LIMITED;
	}
	assert_int_equal(2, refused);
	assert_int_equal(3, limited);
	assert_int_equal(0, get(o, "alice").guesses_left);
	assert_int_equal(2, count(o, "basic.refused"));
}

static void
test_without_the_flag_refused(void **state)
{
	struct office *o = *state;

	have_alice(o, false);
	assert_int_equal(-ERR_PERMISSION, judge("alice", "anything", NULL));
	assert_int_equal(10, get(o, "alice").guesses_left);
}

static void
test_stopped(void **state)
{
	struct office *o = *state;

	have_alice(o, true);
	store_stop(o->db->store);
	assert_int_equal(-ERR_CLOSED, judge("alice", "anything", NULL));
	registrar_stop(o->registrar);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_password),
	    T(test_code),
	    T(test_name_like_a_code),
	    T(test_memory),
	    T(test_budget),
	    T(test_without_the_flag_refused),
	    T(test_stopped),
	};

	log_set_level(LOG_LEVEL_ERROR);
	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
