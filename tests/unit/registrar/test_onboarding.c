#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "registrar/onboarding.h"
#include "tests/unit/registrar/support.h"
#include "tls/spake2p.h"
#include "ca/signer_process.h"

static struct office *office;

static void
add_done(struct identity_add *add)
{
	(void)add;
	sem_post(&office->done);
}

static void
add_init(struct identity_add *add, struct office *o, const char *name)
{
	memset(add, 0, sizeof(*add));
	add->registrar = o->registrar;
	add->done = add_done;
	snprintf(add->name, sizeof(add->name), "%s", name);
	strcpy(add->profile, "endpoint");
	strcpy(add->actor, "uid 0");
	office = o;
}

static int
add_and_wait(struct identity_add *add)
{
	int err = registrar_identity_add(add);

	if (err == 0)
		sem_wait(&office->done);
	return err != 0 ? err : add->result;
}

struct found {
	struct identity identity;
	char wire_name[80], name[80], kind[16];
	int n;
};

static int
look(void *arg, const struct identity *i)
{
	struct found *found = arg;

	found->n++;
	found->identity = *i;
	snprintf(
	    found->wire_name, sizeof(found->wire_name), "%s", i->wire_name);
	snprintf(found->name, sizeof(found->name), "%s", i->name);
	snprintf(found->kind, sizeof(found->kind), "%s", i->kind);
	return 0;
}

static struct found
only_one(struct office *o)
{
	struct found found = {.n = 0};

	assert_int_equal(0, identity_list(o->db->reader, look, &found));
	assert_int_equal(1, found.n);
	return found;
}

struct get_record {
	const char *wire_name;
	struct verifier record;
};

static int
get_record(struct store_txn *txn, void *arg)
{
	struct get_record *g = arg;

	return identity_claim(txn, &g->record, g->wire_name, clock_now());
}

/* The stored record is the one that this password and these names give. */
static void
assert_record(struct office *o, const char *wire_name, const char *password)
{
	struct get_record g = {.wire_name = wire_name};
	struct verifier expected;

	assert_int_equal(CLAIM_GRANTED, in_txn(o->db->store, get_record, &g));
	assert_int_equal(
	    0, spake2p_register(&expected, NULL,
		   (struct bytes){(const uint8_t *)password, strlen(password)},
		   wire_name, "est.example.net"));
	assert_memory_equal(&expected, &g.record, sizeof(expected));
}

static void
test_code(void **state)
{
	struct identity_add add;
	struct office *o = *state;
	struct found found;

	add_init(&add, o, "Ann's phone");
	assert_int_equal(0, add_and_wait(&add));
	found = only_one(o);
	assert_string_equal("Ann's phone", found.name);
	assert_string_equal("code", found.kind);
	assert_string_equal(add.code.identity, found.wire_name);
	assert_string_equal(add.wire_name, found.wire_name);
	assert_int_equal(CODE_IDENTITY_LEN, strlen(found.wire_name));
	assert_int_equal(CODE_SECRET_LEN, strlen(add.code.secret));
	/* One use, a code's budget, no end. */
	assert_int_equal(1, found.identity.uses_left);
	assert_int_equal(1000, found.identity.guesses_left);
	assert_int_equal(IDENTITY_NEVER, found.identity.expires_at);
	/* What goes into the URI. */
	assert_string_equal("est.example.net", add.code.server_name);
	assert_true(add.code.has_root);
	assert_int_equal(0xa5, add.code.root_sha256[31]);
	assert_record(o, add.wire_name, add.code.secret);
}

static void
test_chosen_password(void **state)
{
	struct identity_add add;
	struct office *o = *state;
	struct found found;

	add_init(&add, o, "alice");
	add.chosen = true;
	strcpy(add.password, "correct horse");
	assert_int_equal(0, add_and_wait(&add));
	found = only_one(o);
	assert_string_equal("alice", found.wire_name);
	assert_string_equal("password", found.kind);
	assert_int_equal(IDENTITY_UNLIMITED, found.identity.uses_left);
	assert_int_equal(10, found.identity.guesses_left);
	assert_record(o, "alice", "correct horse");
}

static void
test_uses_expiry_and_duplicate(void **state)
{
	struct identity_add add, again;
	struct office *o = *state;
	struct found found;
	int64_t now;

	/* The clock is ahead, as the registrar sees it. */
	clock_set_offset(1000000);
	now = clock_now();
	add_init(&add, o, "alice");
	add.chosen = true;
	strcpy(add.password, "12345678"); /* the shortest */
	add.uses = 7;
	add.expires_in_s = 3600;
	assert_int_equal(0, add_and_wait(&add));
	found = only_one(o);
	assert_int_equal(7, found.identity.uses_left);
	assert_in_range(found.identity.expires_at, now + 3600, now + 3610);
	assert_int_equal(found.identity.expires_at, add.expires_at);
	clock_set_offset(0);
	add_init(&again, o, "alice");
	again.chosen = true;
	strcpy(again.password, "another password");
	assert_int_equal(-ERR_EXISTS, add_and_wait(&again));
	assert_non_null(strstr(again.why.text, "alice"));
	only_one(o);
}

/* Each is refused at once, with a reason, and nothing is kept. */
static void
test_bad_requests_refused(void **state)
{
	static const struct {
		const char *name, *password, *profile;
		int64_t uses, expires_in_s;
		const char *says;
	} bad[] = {{"", NULL, "endpoint", 0, 0, "name"},
	    {"caf\xc3\xa9", NULL, "endpoint", 0, 0, "name"},
	    {"a\nb", NULL, "endpoint", 0, 0, "name"},
	    {"phone", NULL, "", 0, 0, "profile"},
	    {"phone", NULL, "est-server", 0, 0, "profile"},
	    {"phone", NULL, "Endpoint", 0, 0, "profile"},
	    {"phone", NULL, "endpoint", -1, 0, "uses"},
	    {"phone", NULL, "endpoint", 0, -1, "negative"},
	    {"phone", NULL, "endpoint", 0, INT64_MAX, "too long"},
	    {"a b", "long enough", "endpoint", 0, 0, "space"},
	    {"a:b", "long enough", "endpoint", 0, 0, "colon"},
	    {"alice", "1234567", "endpoint", 0, 0, "shorter"},
	    {"alice", "", "endpoint", 0, 0, "shorter"},
	    {"alice", "tabs\tinside", "endpoint", 0, 0, "password"},
	    {"alice", "p\xc3\xa4ssword", "endpoint", 0, 0, "password"}};
	struct office *o = *state;
	int64_t n;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct identity_add add;
		int err;

		add_init(&add, o, bad[i].name);
		strcpy(add.profile, bad[i].profile);
		add.uses = bad[i].uses;
		add.expires_in_s = bad[i].expires_in_s;
		if (bad[i].password != NULL) {
			add.chosen = true;
			strcpy(add.password, bad[i].password);
		}
		err = registrar_identity_add(&add);
		if (err != -ERR_INVALID && err != -ERR_REFUSED)
			fail_msg("%zu: %d", i, err);
		if (strstr(add.why.text, bad[i].says) == NULL)
			fail_msg("%zu: %s", i, add.why.text);
		if (bad[i].password != NULL && bad[i].password[0] != '\0')
			assert_null(strstr(add.why.text, bad[i].password));
	}
	assert_int_equal(0, identity_count(o->db->reader, &n));
	assert_int_equal(0, n);
}

/* The one that the thread has, once it has it. */
struct blocker {
	struct background_task task;
	sem_t running, end;
};

static void
block_run(struct background_task *task)
{
	struct blocker *blocker = CONTAINER_OF(task, struct blocker, task);

	sem_post(&blocker->running);
	sem_wait(&blocker->end);
}

static void
nothing_run(struct background_task *task)
{
	(void)task;
}

/* The queue of scrypt has a bound. */
static void
test_busy(void **state)
{
	struct blocker blocker = {.task = {.run = block_run}};
	struct background_task tasks[6];
	struct identity_add add;
	struct office *o = *state;
	int n = 0, err;

	add_init(&add, o, "phone");
	assert_int_equal(0, sem_init(&blocker.running, 0, 0));
	assert_int_equal(0, sem_init(&blocker.end, 0, 0));
	assert_int_equal(0, background_submit(o->background, &blocker.task));
	sem_wait(&blocker.running);
	for (int i = 0; i < 6; i++) {
		tasks[i] = (struct background_task){.run = nothing_run};
		n += background_submit(o->background, &tasks[i]) == 0;
	}
	err = registrar_identity_add(&add);
	sem_post(&blocker.end);
	assert_int_equal(-ERR_BUSY, err);
	assert_in_range(n, 1, 5);
	assert_true(strlen(add.why.text) > 0);
	background_stop(o->background);
	o->background = NULL;
}

static void
test_stopped_store(void **state)
{
	struct identity_add add;
	struct office *o = *state;

	add_init(&add, o, "phone");
	store_stop(o->db->store);
	assert_int_equal(-ERR_CLOSED, add_and_wait(&add));
	assert_true(strlen(add.why.text) > 0);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_code),
	    T(test_chosen_password),
	    T(test_uses_expiry_and_duplicate),
	    T(test_bad_requests_refused),
	    T(test_busy),
	    T(test_stopped_store),
	};

	log_set_level(LOG_LEVEL_ERROR);
	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
