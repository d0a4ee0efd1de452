#include "server/crowd.h"

#include <stdlib.h>

#include "base/random.h"

/* A source that has connections here. */
struct crowd_source {
	struct crowd_member *oldest, *newest; /* idle ones */
	atomic_size_t n_idle; /* written by the worker, read by all */
	size_t n;             /* idle and busy */
	/* In the crowd's list of sources with n connections: only while one of
	 * them is idle. The longest there comes first. */
	struct crowd_source *before, *after;
	bool ranked;
};

struct rank {
	struct crowd_source *first, *last;
};

struct crowd {
	struct crowd_places *places;
	size_t n, max;
	size_t highest;     /* no rank above it has a source */
	struct rank *ranks; /* 1 to max */
	struct crowd_source sources[CROWD_SOURCES];
};

/* --- places --- */

void
crowd_places_init(struct crowd_places *places, int64_t max_per_source)
{
	random_bytes(&places->seed, sizeof(places->seed));
	places->max_per_source = max_per_source;
}

size_t
crowd_source_of(
    const struct crowd_places *places, const struct ip_addr *address)
{
	uint64_t h = places->seed;

	for (size_t i = 0; i < address->len; i++)
		h = (h ^ address->bytes[i]) * 1099511628211ull; /* FNV-1a */
	return (h >> 32) % CROWD_SOURCES;
}

bool
crowd_place_take(struct crowd_places *places, size_t source)
{
	int n = atomic_load(&places->taken[source]);

	while (n < places->max_per_source)
		if (atomic_compare_exchange_weak(
			&places->taken[source], &n, n + 1))
			return true;
	return false;
}

void
crowd_place_give(struct crowd_places *places, size_t source)
{
	atomic_fetch_sub(&places->taken[source], 1);
}

/* --- ranks --- */

static void
rank_remove(struct crowd *crowd, struct crowd_source *source)
{
	struct rank *rank = &crowd->ranks[source->n];

	if (!source->ranked)
		return;
	source->ranked = false;
	if (source->before != NULL)
		source->before->after = source->after;
	else
		rank->first = source->after;
	if (source->after != NULL)
		source->after->before = source->before;
	else
		rank->last = source->before;
}

static void
rank_add(struct crowd *crowd, struct crowd_source *source)
{
	struct rank *rank = &crowd->ranks[source->n];

	if (source->oldest == NULL)
		return;
	source->ranked = true;
	source->after = NULL;
	source->before = rank->last;
	if (rank->last != NULL)
		rank->last->after = source;
	else
		rank->first = source;
	rank->last = source;
	if (crowd->highest < source->n)
		crowd->highest = source->n;
}

/* --- idle ones --- */

static void
idle_remove(struct crowd_member *member)
{
	struct crowd_source *source = member->source;

	if (member->older != NULL)
		member->older->newer = member->newer;
	else
		source->oldest = member->newer;
	if (member->newer != NULL)
		member->newer->older = member->older;
	else
		source->newest = member->older;
	member->older = member->newer = NULL;
	member->idle = false;
	atomic_fetch_sub_explicit(&source->n_idle, 1, memory_order_relaxed);
}

static void
idle_add(struct crowd_member *member)
{
	struct crowd_source *source = member->source;

	member->newer = NULL;
	member->older = source->newest;
	if (source->newest != NULL)
		source->newest->newer = member;
	else
		source->oldest = member;
	source->newest = member;
	member->idle = true;
	atomic_fetch_add_explicit(&source->n_idle, 1, memory_order_relaxed);
}

/* --- the crowd --- */

int
crowd_new(struct crowd **out, struct crowd_places *places, size_t max_members)
{
	struct crowd *crowd = calloc(1, sizeof(*crowd));

	if (crowd == NULL)
		return -ERR_NOMEM;
	crowd->ranks = calloc(max_members + 1, sizeof(*crowd->ranks));
	if (crowd->ranks == NULL) {
		free(crowd);
		return -ERR_NOMEM;
	}
	crowd->places = places;
	crowd->max = max_members;
	*out = crowd;
	return 0;
}

void
crowd_free(struct crowd *crowd)
{
	if (crowd == NULL)
		return;
	free(crowd->ranks);
	free(crowd);
}

struct crowd_places *
crowd_places(struct crowd *crowd)
{
	return crowd->places;
}

bool
crowd_is_full(const struct crowd *crowd)
{
	return crowd->n >= crowd->max;
}

size_t
crowd_size(const struct crowd *crowd)
{
	return crowd->n;
}

void
crowd_join(struct crowd *crowd, struct crowd_member *member, size_t source)
{
	struct crowd_source *s = &crowd->sources[source];

	if (crowd_is_full(crowd))
		abort(); /* the caller's error: there is no such rank */
	rank_remove(crowd, s);
	member->source = s;
	s->n++;
	crowd->n++;
	idle_add(member);
	rank_add(crowd, s);
}

void
crowd_leave_place(struct crowd *crowd, struct crowd_member *member)
{
	struct crowd_source *s = member->source;

	rank_remove(crowd, s);
	if (member->idle)
		idle_remove(member);
	member->source = NULL;
	s->n--;
	crowd->n--;
	rank_add(crowd, s);
}

void
crowd_leave(struct crowd *crowd, struct crowd_member *member)
{
	struct crowd_source *s = member->source;

	if (s == NULL)
		return;
	crowd_leave_place(crowd, member);
	crowd_place_give(crowd->places, (size_t)(s - crowd->sources));
}

void
crowd_set_idle(struct crowd *crowd, struct crowd_member *member, bool idle)
{
	struct crowd_source *s = member->source;

	if (s == NULL || member->idle == idle)
		return;
	rank_remove(crowd, s);
	if (idle)
		idle_add(member);
	else
		idle_remove(member);
	rank_add(crowd, s);
}

void
crowd_renew(struct crowd_member *member)
{
	if (!member->idle)
		return;
	idle_remove(member);
	idle_add(member);
}

struct crowd_member *
crowd_oldest_of(struct crowd *crowd, size_t source)
{
	return crowd->sources[source].oldest;
}

/* highest only rises with a source's rank: in the long run it falls no further
 * than it rose. */
struct crowd_member *
crowd_oldest_of_largest(struct crowd *crowd)
{
	while (crowd->highest > 0 && crowd->ranks[crowd->highest].first == NULL)
		crowd->highest--;
	return crowd->highest > 0 ? crowd->ranks[crowd->highest].first->oldest
				  : NULL;
}

bool
crowd_may_have_idle(const struct crowd *crowd, size_t source)
{
	return atomic_load_explicit(
		   &crowd->sources[source].n_idle, memory_order_relaxed) != 0;
}
