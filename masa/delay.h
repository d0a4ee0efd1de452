/* Answers that come later: one thread with a list of what is due when. */
#ifndef MASA_DELAY_H
#define MASA_DELAY_H

#include <stdint.h>

#include "base/error.h"

#define DELAY_FOREVER INT64_MAX

struct delay;

struct delay_item {
	void (*run)(struct delay_item *item); /* on the delay's thread */
	int64_t due_ms;                       /* the delay's, like the rest */
	struct delay_item *next;
};

int delay_start(struct delay **out) NODISCARD;
/* Runs what is left at once, and ends the thread. NULL is accepted. */
void delay_stop(struct delay *delay);
/* From any thread, before delay_stop(). */
void delay_add(struct delay *delay, struct delay_item *item, int64_t after_ms);

#endif
