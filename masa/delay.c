#include "masa/delay.h"

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/clock.h"

#define MS_A_SECOND 1000
#define NS_A_MS 1000000

struct delay {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;      /* on CLOCK_MONOTONIC */
	struct delay_item *first; /* by due_ms */
	bool stopping;
};

/* Waits for the first item's time, or a change of the list. */
static void
wait_for_first(struct delay *delay)
{
	int64_t due_ms =
	    delay->first != NULL ? delay->first->due_ms : DELAY_FOREVER;
	struct timespec until;

	if (due_ms == DELAY_FOREVER) {
		pthread_cond_wait(&delay->wake, &delay->mutex);
		return;
	}
	until.tv_sec = (time_t)(due_ms / MS_A_SECOND);
	until.tv_nsec = (long)(due_ms % MS_A_SECOND * NS_A_MS);
	pthread_cond_timedwait(&delay->wake, &delay->mutex, &until);
}

static bool
is_due(const struct delay *delay)
{
	return delay->first != NULL &&
	       (delay->stopping ||
		   delay->first->due_ms <= clock_monotonic_ms());
}

static void *
delay_main(void *arg)
{
	struct delay *delay = arg;

	pthread_mutex_lock(&delay->mutex);
	while (!delay->stopping || delay->first != NULL) {
		struct delay_item *item = delay->first;

		if (!is_due(delay)) {
			wait_for_first(delay);
			continue;
		}
		delay->first = item->next;
		pthread_mutex_unlock(&delay->mutex);
		item->run(item);
		pthread_mutex_lock(&delay->mutex);
	}
	pthread_mutex_unlock(&delay->mutex);
	return NULL;
}

int
delay_start(struct delay **out)
{
	struct delay *delay = calloc(1, sizeof(*delay));
	pthread_condattr_t attr;

	if (delay == NULL)
		return -ERR_NOMEM;
	pthread_mutex_init(&delay->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&delay->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&delay->thread, NULL, delay_main, delay) != 0) {
		pthread_cond_destroy(&delay->wake);
		pthread_mutex_destroy(&delay->mutex);
		free(delay);
		return -ERR_NOMEM;
	}
	*out = delay;
	return 0;
}

void
delay_stop(struct delay *delay)
{
	if (delay == NULL)
		return;
	pthread_mutex_lock(&delay->mutex);
	delay->stopping = true;
	pthread_cond_signal(&delay->wake);
	pthread_mutex_unlock(&delay->mutex);
	pthread_join(delay->thread, NULL);
	pthread_cond_destroy(&delay->wake);
	pthread_mutex_destroy(&delay->mutex);
	free(delay);
}

void
delay_add(struct delay *delay, struct delay_item *item, int64_t after_ms)
{
	struct delay_item **at;

	item->due_ms = after_ms == DELAY_FOREVER
			   ? DELAY_FOREVER
			   : clock_monotonic_ms() + after_ms;
	pthread_mutex_lock(&delay->mutex);
	at = &delay->first;
	while (*at != NULL && (*at)->due_ms <= item->due_ms)
		at = &(*at)->next;
	item->next = *at;
	*at = item;
	pthread_cond_signal(&delay->wake);
	pthread_mutex_unlock(&delay->mutex);
}
