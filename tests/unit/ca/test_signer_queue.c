/* Many requests at a time: each is answered once, and the queue is bounded. */
#include "tests/unit/cmocka.h"

#include <pthread.h>

#include "tests/unit/ca/signer_support.h"

/* Counts answers; blocks the signer's thread while gate is held. */
struct counter {
	pthread_mutex_t gate;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int n_entered, n_done, n_closed;
};

struct counted {
	struct signer_request request;
	struct counter *counter;
};

static void
counted_done(struct signer_request *request)
{
	struct counted *counted =
	    CONTAINER_OF(request, struct counted, request);
	struct counter *c = counted->counter;

	pthread_mutex_lock(&c->lock);
	c->n_entered++;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
	pthread_mutex_lock(&c->gate);
	pthread_mutex_unlock(&c->gate);
	blob_fini(&request->cert);
	pthread_mutex_lock(&c->lock);
	if (request->result == -ERR_CLOSED)
		c->n_closed++;
	/* Whoever waits for the last may free it from here on. */
	c->n_done++;
	pthread_cond_signal(&c->changed);
	pthread_mutex_unlock(&c->lock);
}

#define FEW 3
#define QUEUE_MAX 1024 /* SIGNER_QUEUE_MAX */

static struct counted *
counted_new(struct counter *counter)
{
	struct signer_request *usual =
	    craft_request(PROFILE_DNS_SERVER, CRAFT_ADN);
	struct counted *counted = malloc(sizeof(*counted));

	counted->request = *usual;
	counted->request.done = counted_done;
	counted->counter = counter;
	free(usual);
	return counted;
}

static void
test_submit(void **state)
{
	struct fixture *f = *state;
	struct counter counter = {.gate = PTHREAD_MUTEX_INITIALIZER,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .changed = PTHREAD_COND_INITIALIZER};
	struct counted *all[FEW];

	for (size_t i = 0; i < FEW; i++) {
		all[i] = counted_new(&counter);
		assert_int_equal(0, signer_submit(f->signer, &all[i]->request));
	}
	pthread_mutex_lock(&counter.lock);
	while (counter.n_done < FEW)
		pthread_cond_wait(&counter.changed, &counter.lock);
	pthread_mutex_unlock(&counter.lock);
	for (size_t i = 0; i < FEW; i++) {
		assert_int_equal(0, all[i]->request.result);
		free(all[i]);
	}
}

static void *
stop(void *arg)
{
	struct fixture *f = arg;

	signer_stop(f->signer);
	return NULL;
}

/* From here on the thread is held by the gate. */
static void
wait_entered(struct counter *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->n_entered == 0)
		pthread_cond_wait(&c->changed, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

/* The queue is bounded, and every request that it took is answered once, also
 * when the signer ends. */
static void
test_full_queue_and_stop(void **state)
{
	struct fixture *f = *state;
	struct counter counter = {.gate = PTHREAD_MUTEX_INITIALIZER,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	    .changed = PTHREAD_COND_INITIALIZER};
	struct counted *first = counted_new(&counter), **all;
	struct signer_request probe = {.done = counted_done};
	int taken = 0, err = 0;
	pthread_t thread;

	all = calloc(QUEUE_MAX + 2, sizeof(void *));
	pthread_mutex_lock(&counter.gate);
	for (int i = 0; i < QUEUE_MAX + 2 && err == 0; i++) {
		all[i] = malloc(sizeof(**all));
		*all[i] = *first;
		err = signer_submit(f->signer, &all[i]->request);
		if (err == 0)
			taken++;
		if (i == 0)
			wait_entered(&counter);
	}
	assert_int_equal(-ERR_BUSY, err);
	assert_int_equal(QUEUE_MAX + 1, taken);
	assert_int_equal(0, pthread_create(&thread, NULL, stop, f));
	/* Once the stop has begun nothing new is taken. */
	do {
		err = signer_submit(f->signer, &probe);
	} while (err == -ERR_BUSY);
	assert_int_equal(-ERR_CLOSED, err);
	pthread_mutex_unlock(&counter.gate);
	pthread_join(thread, NULL);
	f->signer = NULL;
	assert_int_equal(taken, counter.n_done);
	assert_int_equal(taken - 1, counter.n_closed);
	for (int i = 0; i < QUEUE_MAX + 2; i++)
		free(all[i]);
	free(all);
	free(first);
}

#define SIGNER_TEST(fn)                                                        \
	cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    SIGNER_TEST(test_submit),
	    SIGNER_TEST(test_full_queue_and_stop),
	};

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
