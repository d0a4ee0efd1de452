/* A limit on how long libavahi-client may wait for D-Bus. Its calls block until
 * the answer comes, 25 seconds at most, and there is no way to ask for less. So
 * the guard learns the bus's socket from the poll interface that it lends, and
 * a thread of its own shuts that socket down when a turn takes too long: the
 * call then fails, and so does every other one. */
#ifndef MDNS_BUS_GUARD_H
#define MDNS_BUS_GUARD_H

#include <stdbool.h>

#include <avahi-common/watch.h>

#include "base/error.h"

/* The longest turn, unless it is set. */
#define BUS_GUARD_LIMIT_MS 3000

struct bus_guard;

/* poll must outlive the guard. */
int bus_guard_new(struct bus_guard **out, const AvahiPoll *poll) NODISCARD;
/* After the client. NULL is accepted. */
void bus_guard_free(struct bus_guard *g);

/* Before the first turn. */
void bus_guard_set_limit(struct bus_guard *g, int limit_ms);

/* For avahi_client_new(). */
const AvahiPoll *bus_guard_poll(struct bus_guard *g);

/* Around all that may call the client. NULL is accepted. */
void bus_guard_enter(struct bus_guard *g);
void bus_guard_leave(struct bus_guard *g);

/* The present connection was cut. */
bool bus_guard_has_cut(struct bus_guard *g);
/* The bus is known to run in another network namespace: interfaces and
 * addresses there are not ours. */
bool bus_guard_is_elsewhere(struct bus_guard *g);
/* The client is gone; another one may come. */
void bus_guard_forget(struct bus_guard *g);

#endif
