/* [RFC7030 4.2.3] */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ca/signer_process.h"
#include "registrar/approval.h"
#include "registrar/change.h"
#include "tests/unit/registrar/support.h"

static struct office *office;

static void
request_done(struct approval_request *request)
{
	(void)request;
	sem_post(&office->done);
}

static void
change_done(struct change *change)
{
	(void)change;
	sem_post(&office->done);
}

static struct approval_request
ask(struct office *o, uint8_t key)
{
	struct approval_request r = {.registrar = o->registrar,
	    .kind = APPROVAL_VOUCHER,
	    .subject = "Acme 17",
	    .key = {key},
	    .done = request_done};

	office = o;
	assert_int_equal(0, ip_parse(&r.source, "192.0.2.7"));
	assert_int_equal(0, approval_request(&r));
	sem_wait(&o->done);
	return r;
}

static int
decide(
    struct office *o, enum change_kind kind, const char *id, const char *reason)
{
	struct change c = {.registrar = o->registrar,
	    .kind = kind,
	    .actor = "uid 7",
	    .done = change_done};

	office = o;
	snprintf(c.name, sizeof(c.name), "%s", id);
	snprintf(c.reason, sizeof(c.reason), "%s", reason);
	assert_int_equal(0, registrar_change(&c));
	sem_wait(&o->done);
	return c.result;
}

static void
test_waiting(void **state)
{
	for (int key = 0; key < 256; key += 51) {
		struct approval_request r = ask(*state, (uint8_t)key);

		assert_int_equal(APPROVAL_WAITING, r.result);
		assert_in_range(r.retry_after_s, 30, 60);
		assert_non_null(strstr(r.why.text, "approval"));
	}
}

static void
test_decided(void **state)
{
	struct office *o = *state;
	struct approval_request r;

	ask(o, 1);
	ask(o, 2);
	assert_int_equal(0, decide(o, CHANGE_REQUEST_APPROVE, "1", ""));
	assert_int_equal(0, decide(o, CHANGE_REQUEST_DENY, "2", "too old"));
	r = ask(o, 1);
	assert_int_equal(0, r.result);
	r = ask(o, 2);
	assert_int_equal(APPROVAL_DENIED, r.result);
	assert_non_null(strstr(r.why.text, "too old"));
	assert_int_equal(
	    -ERR_REFUSED, decide(o, CHANGE_REQUEST_APPROVE, "2", ""));
}

static void
test_nobody(void **state)
{
	static const char *const ids[] = {
	    "1", "", "x", "-1", "1x", "99999999999999999999"};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		assert_int_equal(-ERR_NOT_FOUND,
		    decide(*state, CHANGE_REQUEST_APPROVE, ids[i], ""));
		assert_int_equal(-ERR_NOT_FOUND,
		    decide(*state, CHANGE_DEVICE_ACCEPT, ids[i], ""));
	}
}

/* A reason becomes a line of an answer. */
static void
test_odd_reason(void **state)
{
	ask(*state, 1);
	assert_int_equal(
	    -ERR_INVALID, decide(*state, CHANGE_REQUEST_DENY, "1", "a\nb"));
	assert_int_equal(APPROVAL_WAITING, ask(*state, 1).result);
}

static void
test_stopped(void **state)
{
	struct office *o = *state;
	struct approval_request r = {.registrar = o->registrar,
	    .kind = APPROVAL_VOUCHER,
	    .done = request_done};

	registrar_stop(o->registrar);
	store_stop(o->db->store);
	assert_int_equal(-ERR_CLOSED, approval_request(&r));
	assert_true(strlen(r.why.text) > 0);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, office_setup, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {T(test_waiting), T(test_decided),
	    T(test_nobody), T(test_odd_reason), T(test_stopped)};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
