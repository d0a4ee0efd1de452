#include "base/background.h"

#include <pthread.h>

struct background {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct background_task *head, **tail;
	size_t queued, queue_max;
	bool stopping;
};

static void *
background_main(void *arg)
{
	struct background *b = arg;

	pthread_mutex_lock(&b->mutex);
	for (;;) {
		struct background_task *task;

		while (b->head == NULL && !b->stopping)
			pthread_cond_wait(&b->wake, &b->mutex);
		task = b->head;
		if (task == NULL)
			break;
		b->head = task->next;
		if (b->head == NULL)
			b->tail = &b->head;
		b->queued--;
		pthread_mutex_unlock(&b->mutex);
		task->run(task);
		pthread_mutex_lock(&b->mutex);
	}
	pthread_mutex_unlock(&b->mutex);
	return NULL;
}

int
background_start(struct background **out, size_t queue_max)
{
	struct background *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return -ERR_NOMEM;
	b->queue_max = queue_max;
	b->tail = &b->head;
	pthread_mutex_init(&b->mutex, NULL);
	pthread_cond_init(&b->wake, NULL);
	if (pthread_create(&b->thread, NULL, background_main, b) != 0) {
		pthread_cond_destroy(&b->wake);
		pthread_mutex_destroy(&b->mutex);
		free(b);
		return -ERR_NOMEM;
	}
	*out = b;
	return 0;
}

void
background_stop(struct background *b)
{
	if (b == NULL)
		return;
	pthread_mutex_lock(&b->mutex);
	b->stopping = true;
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->mutex);
	pthread_join(b->thread, NULL);
	pthread_cond_destroy(&b->wake);
	pthread_mutex_destroy(&b->mutex);
	free(b);
}

bool
background_is_stopping(struct background *b)
{
	bool stopping;

	pthread_mutex_lock(&b->mutex);
	stopping = b->stopping;
	pthread_mutex_unlock(&b->mutex);
	return stopping;
}

int
background_submit(struct background *b, struct background_task *task)
{
	int err = 0;

	task->next = NULL;
	pthread_mutex_lock(&b->mutex);
	if (b->stopping) {
		err = -ERR_CLOSED;
	} else if (b->queued >= b->queue_max) {
		err = -ERR_BUSY;
	} else {
		*b->tail = task;
		b->tail = &task->next;
		b->queued++;
		pthread_cond_signal(&b->wake);
	}
	pthread_mutex_unlock(&b->mutex);
	return err;
}
