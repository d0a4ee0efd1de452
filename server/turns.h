/*
 * Whose turn it is: connections that were accepted, and whose handshake, the
 * costly part, has not begun. Sources take turns, and of each the oldest comes
 * first, so that a source with one connection does not wait behind the hundreds
 * of another. When there are too many, the oldest of a source that has more
 * than most gives way.
 *
 * Belongs to one worker and is touched by its thread alone. A source is that of
 * crowd.h. Every step takes constant time but turns_victim(), which looks at as
 * many sources as wait at most.
 */
#ifndef SERVER_TURNS_H
#define SERVER_TURNS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct turns;
struct turns_source;

/* Part of a connection; zero outside. */
struct turn {
	struct turns_source *source; /* NULL: it does not wait */
	struct turn *older, *newer;
};

int turns_new(struct turns **out, size_t max) NODISCARD;
void turns_free(struct turns *turns);

bool turns_is_full(const struct turns *turns);
bool turns_is_empty(const struct turns *turns);

/* source is below CROWD_SOURCES; not when full. */
void turns_join(struct turns *turns, struct turn *turn, size_t source);
/* Nothing happens to one that does not wait. */
void turns_leave(struct turns *turns, struct turn *turn);
/* The next one, which does not wait any more; NULL: none does. */
struct turn *turns_take(struct turns *turns);
/* The oldest of a source that has as many as the average or more, and goes on
 * waiting; NULL: none does. */
struct turn *turns_victim(struct turns *turns);

#endif
