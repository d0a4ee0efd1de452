#include "registrar/voucher_question.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

struct questions {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_t thread; /* tells those whose time is over */
	bool has_thread, stopping;
	struct question *first; /* those that run */
	size_t n;
};

/* --- one --- */

void
question_free(struct question *q)
{
	if (q == NULL)
		return;
	maker_unref(q->maker);
	domain_signer_unref(q->domain);
	blob_fini(&q->idevid);
	blob_fini(&q->rvr);
	blob_fini(&q->voucher);
	buf_fini(&q->call.answer);
	voucher_judged_fini(&q->judged);
	free(q);
}

void
question_decide(
    struct question *q, enum voucher_outcome outcome, const char *why)
{
	if (q->outcome != 0)
		return;
	q->outcome = outcome;
	reason_set(&q->why, 0, "%s", why);
}

void
question_fail(struct question *q, int err)
{
	log_error("voucher not stored", "device=%lld error=\"%s\"",
	    (long long)q->device_id, err_text(err));
	switch (err) {
	case -ERR_IO:
		question_decide(q, VOUCHER_BUSY,
		    "nothing can be stored now, so no voucher is given; try "
		    "again later");
		break;
	case -ERR_BUSY:
	case -ERR_CLOSED:
	case -ERR_TIMEOUT:
		question_decide(q, VOUCHER_BUSY, err_text(err));
		break;
	default:
		question_decide(q, VOUCHER_FAILED, err_text(err));
		break;
	}
}

void
question_tell(struct voucher_ask *ask, const struct question *q)
{
	ask->outcome = q->outcome;
	ask->why = q->why;
	ask->retry_after_s = q->retry_after_s;
	if (q->outcome == VOUCHER_GIVEN &&
	    blob_copy(&ask->voucher, blob_bytes(&q->voucher)) != 0) {
		ask->outcome = VOUCHER_FAILED;
		reason_set(&ask->why, 0, "out of memory");
	}
	ask->done(ask);
}

/* --- who waits --- */

static void
tell_later(struct voucher_ask *list)
{
	while (list != NULL) {
		struct voucher_ask *ask = list;

		list = ask->next;
		ask->outcome = VOUCHER_LATER;
		ask->retry_after_s = VOUCHER_RETRY_S;
		reason_set(&ask->why, 0,
		    "the manufacturer is being asked; send the same request "
		    "again");
		ask->done(ask);
	}
}

static void
tell_superseded(struct voucher_ask *list)
{
	while (list != NULL) {
		struct voucher_ask *ask = list;

		list = ask->next;
		ask->outcome = VOUCHER_FORBIDDEN;
		reason_set(&ask->why, 0,
		    "RFC 8995 5.6: a newer voucher request of this device "
		    "took the place of this one");
		ask->done(ask);
	}
}

static void
tell_all(struct voucher_ask *list, const struct question *q)
{
	while (list != NULL) {
		struct voucher_ask *ask = list;

		list = ask->next;
		question_tell(ask, q);
	}
}

/* Takes those out whose time is over; *next_ms becomes the next one's. */
static struct voucher_ask *
take_late(struct questions *questions, int64_t now, int64_t *next_ms)
{
	struct voucher_ask *late = NULL;

	for (struct question *q = questions->first; q != NULL; q = q->next) {
		struct voucher_ask **at = &q->waiters;

		while (*at != NULL) {
			struct voucher_ask *ask = *at;

			if (ask->deadline_ms > now) {
				if (ask->deadline_ms < *next_ms)
					*next_ms = ask->deadline_ms;
				at = &ask->next;
				continue;
			}
			*at = ask->next;
			q->n_waiters--;
			ask->next = late;
			late = ask;
		}
	}
	return late;
}

static void
wait_until(struct questions *questions, int64_t deadline_ms)
{
	struct timespec until = {.tv_sec = deadline_ms / 1000,
	    .tv_nsec = deadline_ms % 1000 * 1000000};

	if (deadline_ms == INT64_MAX)
		pthread_cond_wait(&questions->changed, &questions->mutex);
	else
		pthread_cond_timedwait(
		    &questions->changed, &questions->mutex, &until);
}

static void *
watch_time(void *arg)
{
	struct questions *questions = arg;

	pthread_mutex_lock(&questions->mutex);
	while (!questions->stopping) {
		int64_t next_ms = INT64_MAX;
		struct voucher_ask *late =
		    take_late(questions, clock_monotonic_ms(), &next_ms);

		if (late == NULL) {
			wait_until(questions, next_ms);
			continue;
		}
		pthread_mutex_unlock(&questions->mutex);
		tell_later(late);
		pthread_mutex_lock(&questions->mutex);
	}
	pthread_mutex_unlock(&questions->mutex);
	return NULL;
}

/* --- the table --- */

int
questions_start(struct questions **out)
{
	struct questions *questions = calloc(1, sizeof(*questions));
	pthread_condattr_t monotonic;

	if (questions == NULL)
		return -ERR_NOMEM;
	pthread_mutex_init(&questions->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&questions->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	questions->has_thread = pthread_create(&questions->thread, NULL,
				    watch_time, questions) == 0;
	if (!questions->has_thread) {
		questions_free(questions);
		return -ERR_NOMEM;
	}
	*out = questions;
	return 0;
}

void
questions_stop(struct questions *questions)
{
	int64_t never = INT64_MAX;
	struct voucher_ask *all;

	if (questions == NULL || !questions->has_thread)
		return;
	pthread_mutex_lock(&questions->mutex);
	questions->stopping = true;
	pthread_cond_signal(&questions->changed);
	all = take_late(questions, INT64_MAX, &never);
	pthread_mutex_unlock(&questions->mutex);
	pthread_join(questions->thread, NULL);
	questions->has_thread = false;
	tell_later(all);
}

void
questions_free(struct questions *questions)
{
	if (questions == NULL)
		return;
	questions_stop(questions);
	while (questions->first != NULL) {
		struct question *q = questions->first;

		questions->first = q->next;
		question_free(q);
	}
	pthread_cond_destroy(&questions->changed);
	pthread_mutex_destroy(&questions->mutex);
	free(questions);
}

static struct question *
find_same(struct questions *questions, const struct question *q)
{
	for (struct question *p = questions->first; p != NULL; p = p->next)
		if (p->device_id == q->device_id && !p->superseded &&
		    memcmp(p->sha256, q->sha256, sizeof(q->sha256)) == 0)
			return p;
	return NULL;
}

/* One device takes a small part of the table, however often it asks. */
static bool
has_room(const struct questions *questions, const struct question *q)
{
	size_t n = 0;

	for (const struct question *p = questions->first; p != NULL;
	     p = p->next)
		n += p->device_id == q->device_id;
	return questions->n < QUESTIONS_MAX && n < QUESTIONS_DEVICE_MAX;
}

/* [RFC8995 5.6] Returns those who waited for an older one of the device. */
static struct voucher_ask *
supersede(struct questions *questions, const struct question *q)
{
	struct voucher_ask *waiters = NULL;

	for (struct question *p = questions->first; p != NULL; p = p->next) {
		if (p->device_id != q->device_id || p->superseded)
			continue;
		p->superseded = true;
		atomic_store(&p->call.abandoned, true);
		p->n_waiters = 0;
		waiters = STEAL(p->waiters);
	}
	return waiters;
}

static void
add_waiter(
    struct questions *questions, struct question *q, struct voucher_ask *ask)
{
	ask->next = q->waiters;
	q->waiters = ask;
	q->n_waiters++;
	pthread_cond_signal(&questions->changed);
}

int
questions_join(struct questions *questions, struct question *q)
{
	struct voucher_ask *asker = STEAL(q->asker), *out = NULL;
	struct question *same;
	int result = 0;

	pthread_mutex_lock(&questions->mutex);
	same = find_same(questions, q);
	if (same != NULL && same->n_waiters < QUESTION_WAITERS_MAX) {
		add_waiter(questions, same, asker);
		result = QUESTION_JOINED;
	} else if (questions->stopping) {
		result = QUESTION_STOPPING;
	} else if (same != NULL || !has_room(questions, q)) {
		result = QUESTION_FULL;
	} else {
		out = supersede(questions, q);
		q->next = questions->first;
		questions->first = q;
		questions->n++;
		add_waiter(questions, q, asker);
	}
	pthread_mutex_unlock(&questions->mutex);
	tell_superseded(out);
	if (result == QUESTION_FULL) {
		question_decide(q, VOUCHER_BUSY,
		    "too many devices wait for their vouchers, or this one too "
		    "often; try again later");
		question_tell(asker, q);
	} else if (result == QUESTION_STOPPING) {
		asker->next = NULL;
		tell_later(asker);
	}
	if (result != 0)
		question_free(q);
	return result;
}

bool
questions_is_superseded(struct questions *questions, struct question *q)
{
	bool superseded;

	pthread_mutex_lock(&questions->mutex);
	superseded = q->superseded;
	pthread_mutex_unlock(&questions->mutex);
	return superseded;
}

void
questions_end(struct questions *questions, struct question *q)
{
	struct question **at = &questions->first;
	struct voucher_ask *waiters;

	pthread_mutex_lock(&questions->mutex);
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	questions->n--;
	waiters = STEAL(q->waiters);
	pthread_mutex_unlock(&questions->mutex);
	tell_all(waiters, q);
	question_free(q);
}
