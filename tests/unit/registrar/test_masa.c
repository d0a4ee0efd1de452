#include "tests/unit/cmocka.h"

#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <time.h>

#include "registrar/masa.h"

#define PATIENCE_S 20 /* only a test that fails takes this long */

/* What a silent name server does to whoever asks: no test asks any other. */
static sem_t asked, answers;

/* libcurl's. */
int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
    struct addrinfo **res)
{
	(void)node;
	(void)service;
	(void)hints;
	(void)res;
	sem_post(&asked);
	sem_wait(&answers);
	return EAI_AGAIN;
}

static sem_t done;

static void
note_done(struct masa_call *call)
{
	(void)call;
	sem_post(&done);
}

static bool
happens(sem_t *sem)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	return sem_timedwait(sem, &until) == 0;
}

static void
fill(struct masa_call *call)
{
	static const char *const url = "masa.example";

	memset(call, 0, sizeof(*call));
	assert_int_equal(0, masa_url_parse(&call->url, url, NULL));
	call->resource = "requestvoucher";
	call->content_type = call->accept = "application/voucher-cms+json";
	call->body = (struct bytes){(const uint8_t *)"x", 1};
	call->tls_anchors = "";
	call->done = note_done;
}

/* --- the tests --- */

static void *
stop(void *masa)
{
	masa_stop(masa);
	sem_post(&done);
	return NULL;
}

/* The end of the program does not wait for a name server. */
static void
test_silent_name_server(void **state)
{
	struct masa_call call;
	struct masa *masa;
	pthread_t thread;
	bool stopped;

	(void)state;
	fill(&call);
	assert_int_equal(0, masa_start(&masa, NULL));
	assert_int_equal(0, masa_submit(masa, &call));
	assert_true(happens(&asked));
	assert_int_equal(0, pthread_create(&thread, NULL, stop, masa));
	stopped = happens(&done) && happens(&done);
	sem_post(&answers);
	pthread_join(thread, NULL);
	assert_true(stopped);
	assert_int_equal(MASA_STOPPED, call.result);
	masa_free(masa);
}

/* Nobody is asked for what nobody wants. */
static void
test_abandoned(void **state)
{
	struct masa_call call;
	struct masa *masa;

	(void)state;
	fill(&call);
	atomic_store(&call.abandoned, true);
	assert_int_equal(0, masa_start(&masa, NULL));
	assert_int_equal(0, masa_submit(masa, &call));
	assert_true(happens(&done));
	assert_int_equal(MASA_STOPPED, call.result);
	assert_int_equal(-1, sem_trywait(&asked));
	masa_free(masa);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_abandoned),
	    cmocka_unit_test(test_silent_name_server)};

	sem_init(&asked, 0, 0);
	sem_init(&answers, 0, 0);
	sem_init(&done, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
