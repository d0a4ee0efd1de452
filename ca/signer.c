#include "ca/signer.h"

#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "ca/signer_private.h"
#include "ca/signer_process.h"

static void
wake(struct signer *signer)
{
	const uint64_t one = 1;

	/* Full only if the thread is about to look anyway. */
	if (write(signer->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void
signer_free(struct signer *signer)
{
	char how[PROCESS_HOW_MAX];

	signer_process_end(signer, 0, how);
	if (signer->wake_fd >= 0)
		close(signer->wake_fd);
	blob_fini(&signer->root);
	blob_fini(&signer->issuing);
	buf_fini(&signer->out);
	pthread_mutex_destroy(&signer->lock);
	free(signer);
}

int
signer_spawn(struct signer **out, struct keeper *keeper, struct reason *why)
{
	struct signer *signer = calloc(1, sizeof(*signer));
	int err = 0;

	if (signer == NULL) {
		reason_set(why, 0, "out of memory");
		return -ERR_NOMEM;
	}
	pthread_mutex_init(&signer->lock, NULL);
	signer->last = &signer->first;
	signer->keeper = keeper;
	signer->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (signer->wake_fd < 0)
		err = reason_set(why, -ERR_IO, "cannot start the signer");
	signer->started_ms = clock_monotonic_ms();
	if (err == 0)
		err = signer_process_start(signer, why);
	if (err != 0) {
		signer_free(signer);
		return err;
	}
	*out = signer;
	return 0;
}

static int
fill_hello(struct signer_hello *hello, const struct signer_config *config)
{
	const struct authority_params *create = config->create;
	int err = str_format(
	    hello->ca_dir, sizeof(hello->ca_dir), "%s", config->ca_dir);

	if (err == 0)
		err = str_format(hello->server_name, sizeof(hello->server_name),
		    "%s", config->server_name);
	memcpy(hello->per_hour, config->per_hour, sizeof(hello->per_hour));
	hello->create = create != NULL;
	if (err != 0 || create == NULL)
		return err;
	hello->root_days = create->root_days;
	hello->issuing_days = create->issuing_days;
	hello->constraints = create->constraints;
	return str_format(
	    hello->domain, sizeof(hello->domain), "%s", create->domain);
}

int
signer_argument(
    char out[SIGNER_ARGUMENT_MAX], const struct signer_config *config)
{
	AUTOFREE struct signer_hello *hello = calloc(1, sizeof(*hello));
	uint8_t digest[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];
	int err = hello != NULL ? fill_hello(hello, config) : -ERR_NOMEM;

	if (err == 0)
		err = signer_hello_digest(digest, hello);
	if (err != 0)
		return err;
	hex_encode(hex, (struct bytes){digest, sizeof(digest)});
	return str_format(
	    out, SIGNER_ARGUMENT_MAX, "%s=%s", SIGNER_ARGUMENT, hex);
}

/* Signals belong to the main thread. */
static int
start_thread(struct signer *signer)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&signer->thread, NULL, signer_thread, signer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0)
		return -ERR_NOMEM;
	signer->has_thread = true;
	return 0;
}

int
signer_open(struct signer *signer, const struct signer_config *config,
    struct reason *why)
{
	int err = fill_hello(&signer->hello, config);

	if (err != 0)
		return reason_set(
		    why, err, "the signer's configuration: %s", err_text(err));
	err = signer_greet(signer, why);
	if (err != 0)
		return err;
	signer->hello.create = false;
	signer->up = true;
	err = start_thread(signer);
	return err == 0
		   ? 0
		   : reason_set(why, err, "cannot start the signer's thread");
}

int
signer_start(
    struct signer **out, const struct signer_config *config, struct reason *why)
{
	struct signer *signer = NULL;
	int err = signer_spawn(&signer, NULL, why);

	if (err == 0)
		err = signer_open(signer, config, why);
	if (err != 0) {
		signer_stop(signer);
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
	pthread_mutex_unlock(&signer->lock);
	wake(signer);
	if (signer->has_thread)
		pthread_join(signer->thread, NULL);
	signer_free(signer);
}

int
signer_submit(struct signer *signer, struct signer_request *request)
{
	bool was_empty = false;
	int err = 0;

	pthread_mutex_lock(&signer->lock);
	if (signer->stopping || !signer->up) {
		err = -ERR_CLOSED;
	} else if (signer->n_waiting >= SIGNER_QUEUE_MAX) {
		err = -ERR_BUSY;
	} else {
		was_empty = signer->first == NULL;
		request->next = NULL;
		*signer->last = request;
		signer->last = &request->next;
		signer->n_waiting++;
	}
	pthread_mutex_unlock(&signer->lock);
	/* What is queued already waits for the thread's turn, or for the
	 * answers of those before. */
	if (was_empty)
		wake(signer);
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
	request->checkpoint = waiter->request.checkpoint;
	return request->result;
}

struct bytes
signer_root(const struct signer *signer)
{
	return blob_bytes(&signer->root);
}

struct bytes
signer_issuing(const struct signer *signer)
{
	return blob_bytes(&signer->issuing);
}

const struct constraints *
signer_constraints(const struct signer *signer)
{
	return &signer->constraints;
}

const struct checkpoint *
signer_last_checkpoint(const struct signer *signer)
{
	return &signer->last_checkpoint;
}
