/* The client's side when the signer's process dies or misbehaves. The process
 * is this program; what it does is the request's common name. */
#include "tests/unit/cmocka.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "ca/signer_wire.h"
#include "tests/unit/ca/signer_support.h"

/* A deadline only: nothing waits this long unless it fails. */
#define LONG_MS 10000

#define DIE "die"
#define GARBAGE "garbage"
#define STRANGER "stranger"
#define TWICE "twice"

/* --- the process --- */

static int
send_answer(struct signer_service *service, uint64_t id)
{
	static const uint8_t cert[] = {0x30, 0x00};
	const struct signer_issued issued = {.cert = {cert, sizeof(cert)}};

	if (signer_issued_encode(&service->out, id, &issued) != 0)
		return -ERR_NOMEM;
	return ipc_send(
	    service->fd, (struct bytes){(const uint8_t *)service->out.data,
			     service->out.len});
}

static int
handle(struct signer_service *service, struct bytes packet)
{
	const char *what = service->request.common_name;
	struct ipc_reader r;
	uint16_t type;
	uint64_t id;

	ipc_open(&r, &type, &id, packet);
	if (signer_issue_decode(&service->request, &r) != 0)
		return -ERR_INVALID;
	if (strcmp(what, DIE) == 0)
		_exit(3);
	if (strcmp(what, GARBAGE) == 0)
		return ipc_send(
		    service->fd, (struct bytes){packet.data, packet.len - 1});
	if (strcmp(what, STRANGER) == 0)
		return send_answer(service, id + 1000);
	if (strcmp(what, TWICE) == 0 && send_answer(service, id) == 0)
		return send_answer(service, id);
	return signer_handle(service, packet);
}

/* --- the tests --- */

static struct signer_request *
make(const char *what)
{
	struct signer_request *request =
	    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);

	strcpy(request->common_name, what);
	return request;
}

static int
issue(struct fixture *f, const char *what, struct reason *why)
{
	struct signer_request *request = make(what);
	int result = signer_issue(f->signer, request);

	if (why != NULL)
		*why = request->why;
	request_free(request);
	return result;
}

/* What is no answer to a question that waits ends the process. */
static void
test_wrong_answers_refused(void **state)
{
	static const char *const ways[] = {DIE, GARBAGE, STRANGER};
	struct reason why = {""};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct fixture *f = *state;

		assert_int_equal(-ERR_CLOSED, issue(f, ways[i], &why));
		assert_non_null(strstr(why.text, "started again"));
		assert_int_equal(-ERR_CLOSED, issue(f, "", NULL));
		fixture_teardown(state);
		fixture_setup(state);
	}
}

/* The second one is nobody's. */
static void
test_second_answer_refused(void **state)
{
	struct fixture *f = *state;
	int64_t until = clock_monotonic_ms() + LONG_MS;
	int err;

	assert_int_equal(0, issue(f, TWICE, NULL));
	do {
		err = issue(f, "", NULL);
	} while (err == 0 && clock_monotonic_ms() < until);
	assert_int_equal(-ERR_CLOSED, err);
}

#define MANY 100

struct batch {
	struct signer_request *requests[MANY];
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int n_done;
};

static struct batch batch = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void
batch_done(struct signer_request *request)
{
	(void)request;
	pthread_mutex_lock(&batch.lock);
	batch.n_done++;
	pthread_cond_signal(&batch.changed);
	pthread_mutex_unlock(&batch.lock);
}

static struct bytes
copy_of(struct blob *copy, struct bytes bytes)
{
	assert_int_equal(0, blob_copy(copy, bytes));
	return blob_bytes(copy);
}

/* Sent or queued: everything is answered, once, and what came before the death
 * with its certificate, but for the last answers, which leave together. Then
 * there is another process, with the same CA. */
static void
test_all_are_answered_and_it_comes_back(void **state)
{
	struct fixture *f = *state;
	struct blob root = {0};
	int64_t until = clock_monotonic_ms() + LONG_MS;
	size_t n_issued = 0;
	int err;

	copy_of(&root, signer_root(f->signer));
	for (size_t i = 0; i < MANY; i++) {
		batch.requests[i] = make(i == MANY / 2 ? DIE : "");
		batch.requests[i]->done = batch_done;
		batch.requests[i]->result = 1;
		err = signer_submit(f->signer, batch.requests[i]);
		assert_true(err == 0 || err == -ERR_CLOSED);
		if (err == 0)
			continue;
		batch.requests[i]->result = err;
		batch_done(batch.requests[i]);
	}
	pthread_mutex_lock(&batch.lock);
	while (batch.n_done < MANY)
		pthread_cond_wait(&batch.changed, &batch.lock);
	pthread_mutex_unlock(&batch.lock);
	for (size_t i = 0; i < MANY; i++) {
		const struct signer_request *r = batch.requests[i];
		bool issued = r->cert.data != NULL;

		assert_true(!issued || i == n_issued); /* in their order */
		n_issued += issued;
		assert_int_equal(issued ? 0 : -ERR_CLOSED, r->result);
		request_free(batch.requests[i]);
	}
	assert_in_range(n_issued, MANY / 2 - (SIGNER_HELD_MAX - 1), MANY / 2);
	assert_int_equal(-ERR_CLOSED, issue(f, "", NULL));
	do {
		usleep(10000);
		err = issue(f, "", NULL);
	} while (err == -ERR_CLOSED && clock_monotonic_ms() < until);
	assert_int_equal(0, err);
	assert_true(bytes_equal(blob_bytes(&root), signer_root(f->signer)));
	blob_fini(&root);
}

/* While it is down as well. */
static void
test_stop_while_down(void **state)
{
	struct fixture *f = *state;
	int64_t before;

	assert_int_equal(-ERR_CLOSED, issue(f, DIE, NULL));
	before = clock_monotonic_ms();
	signer_stop(STEAL(f->signer));
	assert_true(clock_monotonic_ms() - before < LONG_MS / 2);
}

#define SIGNER_TEST(fn)                                                        \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    SIGNER_TEST(test_wrong_answers_refused),
	    SIGNER_TEST(test_second_answer_refused),
	    SIGNER_TEST(test_all_are_answered_and_it_comes_back),
	    SIGNER_TEST(test_stop_while_down),
	};

	if (signer_is_called(argc, argv))
		return signer_run(argv, handle);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
