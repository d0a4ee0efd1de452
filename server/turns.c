#include "server/turns.h"

#include <stdlib.h>

#include "server/crowd.h"

/* In the ring while somebody of it waits. */
struct turns_source {
	struct turn *oldest, *newest;
	size_t n;
	struct turns_source *next, *prev;
};

struct turns {
	size_t n, max;
	size_t n_sources;
	struct turns_source *at; /* whose turn it is; NULL: nobody waits */
	struct turns_source sources[CROWD_SOURCES];
};

int
turns_new(struct turns **out, size_t max)
{
	struct turns *turns = calloc(1, sizeof(*turns));

	if (turns == NULL)
		return -ERR_NOMEM;
	turns->max = max;
	*out = turns;
	return 0;
}

void
turns_free(struct turns *turns)
{
	free(turns);
}

bool
turns_is_full(const struct turns *turns)
{
	return turns->n >= turns->max;
}

bool
turns_is_empty(const struct turns *turns)
{
	return turns->n == 0;
}

/* --- the ring --- */

/* A source that comes is the last in turn. */
static void
ring_add(struct turns *turns, struct turns_source *source)
{
	struct turns_source *at = turns->at;

	turns->n_sources++;
	if (at == NULL) {
		source->next = source->prev = source;
		turns->at = source;
		return;
	}
	source->next = at;
	source->prev = at->prev;
	at->prev->next = source;
	at->prev = source;
}

static void
ring_remove(struct turns *turns, struct turns_source *source)
{
	turns->n_sources--;
	if (source->next == source) {
		turns->at = NULL;
		return;
	}
	if (turns->at == source)
		turns->at = source->next;
	source->prev->next = source->next;
	source->next->prev = source->prev;
}

/* --- waiting --- */

void
turns_join(struct turns *turns, struct turn *turn, size_t source)
{
	struct turns_source *s = &turns->sources[source];

	turn->source = s;
	turn->newer = NULL;
	turn->older = s->newest;
	if (s->newest != NULL)
		s->newest->newer = turn;
	else
		s->oldest = turn;
	s->newest = turn;
	if (s->n++ == 0)
		ring_add(turns, s);
	turns->n++;
}

void
turns_leave(struct turns *turns, struct turn *turn)
{
	struct turns_source *s = turn->source;

	if (s == NULL)
		return;
	if (turn->older != NULL)
		turn->older->newer = turn->newer;
	else
		s->oldest = turn->newer;
	if (turn->newer != NULL)
		turn->newer->older = turn->older;
	else
		s->newest = turn->older;
	*turn = (struct turn){0};
	if (--s->n == 0)
		ring_remove(turns, s);
	turns->n--;
}

struct turn *
turns_take(struct turns *turns)
{
	struct turns_source *s = turns->at;
	struct turn *turn;

	if (s == NULL)
		return NULL;
	turn = s->oldest;
	turns->at = s->next;
	turns_leave(turns, turn);
	return turn;
}

struct turn *
turns_victim(struct turns *turns)
{
	struct turns_source *s = turns->at;

	if (s == NULL)
		return NULL;
	/* One of them is not below the average. */
	while (s->n * turns->n_sources < turns->n)
		s = s->next;
	return s->oldest;
}
