/* One thread for work that would hold a worker up (scrypt), behind a bounded
 * queue. */
#ifndef BASE_BACKGROUND_H
#define BASE_BACKGROUND_H

#include <stdbool.h>

#include "base/error.h"

struct background;

struct background_task {
	void (*run)(struct background_task *task); /* on the thread */
	struct background_task *next;              /* the queue's */
};

int background_start(struct background **out, size_t queue_max) NODISCARD;
/* Finishes what is queued and joins the thread. NULL is accepted. */
void background_stop(struct background *background);
/* True once it is: a task that nobody waits for any more may be short then. */
bool background_is_stopping(struct background *background);
/* From any thread, without blocking. -ERR_BUSY when the queue is full. */
int background_submit(
    struct background *background, struct background_task *task) NODISCARD;

#endif
