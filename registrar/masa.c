#include "registrar/masa.h"

#include <pthread.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "registrar/masa_curl.h"

#define POLL_MAX_MS 10000
#define RETRY_DEFAULT_S 5 /* where a 202 does not say */
#define HTTP_CREATED 201
#define HTTP_ACCEPTED 202
#define HTTP_UNAVAILABLE 503

struct masa {
	CURLM *multi;
	pthread_t thread;
	bool has_thread;

	pthread_mutex_t mutex;
	struct masa_call *inbox, **inbox_end; /* under mutex, like: */
	size_t n_calls;
	bool stopping;

	struct masa_call *queued, *running; /* the thread's */
};

static void
end_call(struct masa *masa, struct masa_call *call)
{
	masa_curl_fini(call);
	pthread_mutex_lock(&masa->mutex);
	masa->n_calls--;
	pthread_mutex_unlock(&masa->mutex);
	call->done(call);
}

/* --- queue --- */

/* At the end: first come, first served. */
static void
enqueue(struct masa_call **list, struct masa_call *call)
{
	while (*list != NULL)
		list = &(*list)->next;
	call->next = NULL;
	*list = call;
}

static void
unlink_call(struct masa_call **list, const struct masa_call *call)
{
	while (*list != call)
		list = &(*list)->next;
	*list = (*list)->next;
}

static void
take_inbox(struct masa *masa)
{
	struct masa_call *inbox;
	int64_t give_up_ms =
	    clock_monotonic_ms() + (int64_t)MASA_PATIENCE_S * 1000;

	pthread_mutex_lock(&masa->mutex);
	inbox = STEAL(masa->inbox);
	masa->inbox_end = &masa->inbox;
	pthread_mutex_unlock(&masa->mutex);
	for (struct masa_call *call = inbox; call != NULL; call = call->next)
		call->give_up_ms = give_up_ms;
	if (inbox != NULL) {
		struct masa_call **at = &masa->queued;

		while (*at != NULL)
			at = &(*at)->next;
		*at = inbox;
	}
}

static bool
same_host(const struct masa_call *a, const struct masa_call *b)
{
	return a->url.port == b->url.port &&
	       strcmp(a->url.host, b->url.host) == 0;
}

static bool
has_room(const struct masa *masa, const struct masa_call *call)
{
	size_t n = 0, n_host = 0;

	for (const struct masa_call *c = masa->running; c != NULL;
	     c = c->next) {
		n++;
		n_host += same_host(c, call) ? 1 : 0;
	}
	return n < MASA_CALLS_RUNNING && n_host < MASA_CALLS_PER_HOST;
}

/* Of a call that is in no list. */
static void
fail(struct masa *masa, struct masa_call *call, enum masa_result result)
{
	call->result = result;
	end_call(masa, call);
}

static void
run_call(struct masa *masa, struct masa_call *call, const char *location)
{
	if (masa_curl_prepare(call, location) != 0) {
		fail(masa, call, MASA_FAILED);
	} else if (curl_multi_add_handle(masa->multi, call->curl) != CURLM_OK) {
		reason_set(&call->why, 0, "out of memory");
		fail(masa, call, MASA_FAILED);
	} else {
		enqueue(&masa->running, call);
	}
}

/* Begins what may begin; returns how long the thread may sleep. */
static int
run_due(struct masa *masa)
{
	int64_t now = clock_monotonic_ms(), sleep_ms = POLL_MAX_MS;
	struct masa_call *next;

	for (struct masa_call *call = masa->queued; call != NULL; call = next) {
		next = call->next;
		if (atomic_load(&call->abandoned)) {
			unlink_call(&masa->queued, call);
			reason_set(&call->why, 0, "nobody waits any more");
			fail(masa, call, MASA_STOPPED);
		} else if (call->not_before_ms > now) {
			if (call->not_before_ms - now < sleep_ms)
				sleep_ms = call->not_before_ms - now;
		} else if (has_room(masa, call)) {
			unlink_call(&masa->queued, call);
			run_call(masa, call, NULL);
		}
	}
	return (int)sleep_ms;
}

/* --- answers --- */

/* [RFC8995 5.6] True when the MASA wants to be asked again, and is. */
static bool
ask_later(struct masa_call *call)
{
	int64_t wait_s = masa_curl_retry_after(call);
	int64_t now = clock_monotonic_ms();

	if (call->status != HTTP_ACCEPTED &&
	    (call->status != HTTP_UNAVAILABLE || wait_s == 0))
		return false;
	if (wait_s == 0)
		wait_s = RETRY_DEFAULT_S;
	if (wait_s > MASA_RETRY_MAX_S)
		wait_s = MASA_RETRY_MAX_S;
	call->not_before_ms = now + wait_s * 1000;
	if (call->not_before_ms <= call->give_up_ms)
		return true;
	call->result = MASA_TIMED_OUT;
	reason_set(&call->why, 0,
	    "the MASA %.100s says 'later' (status %ld) for too long",
	    call->url.host, call->status);
	return false;
}

static void
follow_location(struct masa *masa, struct masa_call *call)
{
	char *location = NULL;

	if (masa_curl_location(&location, call) != 0) {
		fail(masa, call, MASA_RESET);
		return;
	}
	call->get = true;
	run_call(masa, call, location);
	curl_free(location);
}

static void
transfer_ended(struct masa *masa, struct masa_call *call, CURLcode code)
{
	(void)curl_multi_remove_handle(masa->multi, call->curl);
	unlink_call(&masa->running, call);
	masa_curl_finish(call, code);
	if (call->result == MASA_ANSWERED && ask_later(call)) {
		call->get = false;
		masa_curl_fini(call);
		enqueue(&masa->queued, call);
		return;
	}
	if (call->result == MASA_ANSWERED && call->status == HTTP_CREATED &&
	    call->may_be_created && !call->get) {
		follow_location(masa, call);
		return;
	}
	end_call(masa, call);
}

static void
take_ended(struct masa *masa)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(masa->multi, &left)) != NULL) {
		char *call = NULL;
		CURLcode code = message->data.result;

		if (message->msg == CURLMSG_DONE &&
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
			&call) == CURLE_OK)
			transfer_ended(masa, (void *)call, code);
	}
}

/* --- the thread --- */

static bool
is_stopping(struct masa *masa)
{
	bool stopping;

	pthread_mutex_lock(&masa->mutex);
	stopping = masa->stopping;
	pthread_mutex_unlock(&masa->mutex);
	return stopping;
}

static void
end_list(struct masa *masa, struct masa_call **list)
{
	while (*list != NULL) {
		struct masa_call *call = *list;

		*list = call->next;
		if (list == &masa->running)
			(void)curl_multi_remove_handle(masa->multi, call->curl);
		reason_set(&call->why, 0, "the registrar is stopping");
		fail(masa, call, MASA_STOPPED);
	}
}

static void *
run(void *arg)
{
	struct masa *masa = arg;
	int running;

	while (!is_stopping(masa)) {
		take_inbox(masa);
		if (curl_multi_perform(masa->multi, &running) != CURLM_OK)
			log_error("MASA client", "error=\"libcurl failed\"");
		take_ended(masa);
		(void)curl_multi_poll(
		    masa->multi, NULL, 0, run_due(masa), NULL);
	}
	take_inbox(masa);
	end_list(masa, &masa->running);
	end_list(masa, &masa->queued);
	return NULL;
}

int
masa_start(struct masa **out, struct reason *why)
{
	struct masa *masa = calloc(1, sizeof(*masa));

	if (masa == NULL)
		return -ERR_NOMEM;
	masa->inbox_end = &masa->inbox;
	pthread_mutex_init(&masa->mutex, NULL);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		pthread_mutex_destroy(&masa->mutex);
		free(masa);
		return reason_set(why, -ERR_IO, "libcurl does not start");
	}
	masa->multi = curl_multi_init();
	masa->has_thread = masa->multi != NULL &&
			   pthread_create(&masa->thread, NULL, run, masa) == 0;
	if (!masa->has_thread) {
		masa_free(masa);
		return reason_set(
		    why, -ERR_NOMEM, "the MASA client does not start");
	}
	*out = masa;
	return 0;
}

void
masa_stop(struct masa *masa)
{
	if (masa == NULL || !masa->has_thread)
		return;
	pthread_mutex_lock(&masa->mutex);
	masa->stopping = true;
	pthread_mutex_unlock(&masa->mutex);
	(void)curl_multi_wakeup(masa->multi);
	pthread_join(masa->thread, NULL);
	masa->has_thread = false;
}

void
masa_free(struct masa *masa)
{
	if (masa == NULL)
		return;
	masa_stop(masa);
	(void)curl_multi_cleanup(masa->multi);
	curl_global_cleanup();
	pthread_mutex_destroy(&masa->mutex);
	free(masa);
}

int
masa_submit(struct masa *masa, struct masa_call *call)
{
	int err = 0;

	call->curl = call->headers = NULL;
	call->get = false;
	call->next = NULL;
	call->not_before_ms = 0;
	call->answer = (struct buf){.max = MASA_ANSWER_MAX};
	call->why.text[0] = '\0';
	pthread_mutex_lock(&masa->mutex);
	if (masa->stopping) {
		err = -ERR_CLOSED;
	} else if (masa->n_calls == MASA_CALLS_MAX) {
		err = -ERR_BUSY;
	} else {
		masa->n_calls++;
		*masa->inbox_end = call;
		masa->inbox_end = &call->next;
	}
	pthread_mutex_unlock(&masa->mutex);
	if (err == 0)
		(void)curl_multi_wakeup(masa->multi);
	return err;
}
