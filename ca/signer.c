#include "ca/signer.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "ca/authority_load.h"
#include "ca/authority_sign.h"

#define SIGNER_QUEUE_MAX 1024

struct signer {
	struct authority *authority;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* something is queued, or stopping */
	/* Under lock: */
	struct signer_request *first, **last;
	size_t n_queued;
	bool stopping;
};

/* NULL when stopping and nothing is left. */
static struct signer_request *
take_request(struct signer *signer, bool *stopping)
{
	struct signer_request *request;

	pthread_mutex_lock(&signer->lock);
	while (signer->first == NULL && !signer->stopping)
		pthread_cond_wait(&signer->wake, &signer->lock);
	request = signer->first;
	if (request != NULL) {
		signer->first = request->next;
		if (signer->first == NULL)
			signer->last = &signer->first;
		signer->n_queued--;
	}
	*stopping = signer->stopping;
	pthread_mutex_unlock(&signer->lock);
	return request;
}

static void
answer(struct signer *signer, struct signer_request *request, bool stopping)
{
	request->next = NULL;
	request->why.text[0] = '\0';
	request->cert = (struct blob){0};
	if (stopping)
		request->result = reason_set(
		    &request->why, -ERR_CLOSED, "the signer is stopping");
	else
		request->result = authority_sign(
		    &request->cert, signer->authority, request, &request->why);
	request->done(request);
}

static void *
signer_run(void *arg)
{
	struct signer *signer = arg;
	struct signer_request *request;
	bool stopping;

	while ((request = take_request(signer, &stopping)) != NULL)
		answer(signer, request, stopping);
	return NULL;
}

/* Signals belong to the main thread. */
static int
start_thread(struct signer *signer)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&signer->thread, NULL, signer_run, signer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0 ? 0 : -ERR_NOMEM;
}

static void
signer_free(struct signer *signer)
{
	authority_free(signer->authority);
	pthread_cond_destroy(&signer->wake);
	pthread_mutex_destroy(&signer->lock);
	free(signer);
}

int
signer_start(
    struct signer **out, const struct signer_config *config, struct reason *why)
{
	struct signer *signer = calloc(1, sizeof(*signer));
	int err;

	if (signer == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	pthread_mutex_init(&signer->lock, NULL);
	pthread_cond_init(&signer->wake, NULL);
	signer->last = &signer->first;
	err = authority_load(
	    &signer->authority, config->ca_dir, config->server_name, why);
	if (err == 0) {
		err = start_thread(signer);
		if (err != 0)
			reason_set(why, err, "cannot start the signer");
	}
	if (err != 0) {
		signer_free(signer);
		return err;
	}
	*out = signer;
	return 0;
}

void
signer_stop(struct signer *signer)
{
	if (signer == NULL)
		return;
	pthread_mutex_lock(&signer->lock);
	signer->stopping = true;
	pthread_cond_signal(&signer->wake);
	pthread_mutex_unlock(&signer->lock);
	pthread_join(signer->thread, NULL);
	signer_free(signer);
}

int
signer_submit(struct signer *signer, struct signer_request *request)
{
	int err = 0;

	pthread_mutex_lock(&signer->lock);
	if (signer->stopping) {
		err = -ERR_CLOSED;
	} else if (signer->n_queued >= SIGNER_QUEUE_MAX) {
		err = -ERR_BUSY;
	} else {
		request->next = NULL;
		*signer->last = request;
		signer->last = &request->next;
		signer->n_queued++;
		pthread_cond_signal(&signer->wake);
	}
	pthread_mutex_unlock(&signer->lock);
	return err;
}

/* A request of its own, so that the caller's done is left alone. */
struct waiter {
	struct signer_request request;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool answered;
};

static void
waiter_done(struct signer_request *request)
{
	struct waiter *waiter = CONTAINER_OF(request, struct waiter, request);

	pthread_mutex_lock(&waiter->lock);
	waiter->answered = true;
	pthread_cond_signal(&waiter->wake);
	pthread_mutex_unlock(&waiter->lock);
}

static void
waiter_wait(struct waiter *waiter)
{
	pthread_mutex_lock(&waiter->lock);
	while (!waiter->answered)
		pthread_cond_wait(&waiter->wake, &waiter->lock);
	pthread_mutex_unlock(&waiter->lock);
}

static int
refuse(struct signer_request *request, int err)
{
	request->result = err;
	request->cert = (struct blob){0};
	return reason_set(&request->why, err, "signer: %s", err_text(err));
}

int
signer_issue(struct signer *signer, struct signer_request *request)
{
	AUTOFREE struct waiter *waiter = calloc(1, sizeof(*waiter));
	int err;

	if (waiter == NULL)
		return refuse(request, -ERR_NOMEM);
	waiter->request = *request;
	waiter->request.done = waiter_done;
	pthread_mutex_init(&waiter->lock, NULL);
	pthread_cond_init(&waiter->wake, NULL);
	err = signer_submit(signer, &waiter->request);
	if (err == 0)
		waiter_wait(waiter);
	pthread_cond_destroy(&waiter->wake);
	pthread_mutex_destroy(&waiter->lock);
	if (err != 0)
		return refuse(request, err);
	request->result = waiter->request.result;
	request->why = waiter->request.why;
	request->cert = waiter->request.cert;
	return request->result;
}

struct bytes
signer_root(const struct signer *signer)
{
	return blob_bytes(&signer->authority->root);
}

struct bytes
signer_issuing(const struct signer *signer)
{
	return blob_bytes(&signer->authority->issuing);
}

const struct constraints *
signer_constraints(const struct signer *signer)
{
	return &signer->authority->constraints;
}
