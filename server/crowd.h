/*
 * Who is here: the connections of one kind of listener, by source and by age,
 * so that when there are too many the oldest idle one can give way.
 *
 * What a source may have counts over all workers: a place has to be taken
 * before a connection joins. All else belongs to one worker and is touched by
 * its thread alone. Every step takes constant time, and memory is bounded by
 * what was allocated at the start.
 *
 * A source is the hash of an address: sources whose hashes meet share what one
 * may have, and give way to each other. The secret seed lets nobody aim at
 * another's.
 */
#ifndef SERVER_CROWD_H
#define SERVER_CROWD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"

#define CROWD_SOURCES 4096

struct crowd;
struct crowd_source;

/* Shared by the workers. */
struct crowd_places {
	uint64_t seed;
	int64_t max_per_source;
	atomic_int taken[CROWD_SOURCES];
};

/* Part of a connection; zero outside any crowd. */
struct crowd_member {
	struct crowd_source *source;        /* NULL: in no crowd */
	struct crowd_member *older, *newer; /* among the source's idle ones */
	bool idle;
};

void crowd_places_init(struct crowd_places *places, int64_t max_per_source);
/* Below CROWD_SOURCES. */
size_t crowd_source_of(
    const struct crowd_places *places, const struct ip_addr *address);
/* False when the source has all its places. */
bool crowd_place_take(struct crowd_places *places, size_t source) NODISCARD;
void crowd_place_give(struct crowd_places *places, size_t source);

int crowd_new(struct crowd **out, struct crowd_places *places,
    size_t max_members) NODISCARD;
void crowd_free(struct crowd *crowd);
struct crowd_places *crowd_places(struct crowd *crowd);

bool crowd_is_full(const struct crowd *crowd);
size_t crowd_size(const struct crowd *crowd);

/* With a place that was taken, in a crowd that is not full; idle. */
void crowd_join(
    struct crowd *crowd, struct crowd_member *member, size_t source);
/* Gives its place back. Nothing happens to one that is in no crowd. */
void crowd_leave(struct crowd *crowd, struct crowd_member *member);
/* Leaves its place to the caller, who owes it to somebody of that source. */
void crowd_leave_place(struct crowd *crowd, struct crowd_member *member);

/* A busy one never gives way; once idle again it is the newest of its source.
 */
void crowd_set_idle(
    struct crowd *crowd, struct crowd_member *member, bool idle);
/* An idle one that was just of use is the newest of its source. */
void crowd_renew(struct crowd_member *member);

/* The idle one that gives way: of that source, or of the source that has the
 * most connections here and an idle one among them. NULL: none is idle. */
struct crowd_member *crowd_oldest_of(struct crowd *crowd, size_t source);
struct crowd_member *crowd_oldest_of_largest(struct crowd *crowd);
/* From any thread: that source probably has an idle one here. */
bool crowd_may_have_idle(const struct crowd *crowd, size_t source);

#endif
