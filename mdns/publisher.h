/* What the announcer's thread does: chooses who publishes, avahi-daemon or the
 * embedded core, and changes over when the daemon comes and goes. For one
 * thread only. */
#ifndef MDNS_PUBLISHER_H
#define MDNS_PUBLISHER_H

#include <stdint.h>

#include <avahi-common/watch.h>

#include "base/error.h"
#include "mdns/bus_guard.h"
#include "mdns/service.h"

struct publisher;

/* poll, guard and config must outlive the publisher. guard is NULL with the
 * backend MDNS_EMBEDDED alone. */
int publisher_new(struct publisher **out, const AvahiPoll *poll,
    struct bus_guard *guard, const struct mdns_config *config) NODISCARD;
/* Sends the goodbye. NULL is accepted. */
void publisher_free(struct publisher *p);

/* Replaces what is announced; takes the list over and empties it. */
void publisher_set_services(struct publisher *p, struct service_list *services);

/* Does what is due: connects, changes over, publishes. Called after each turn
 * of the poll, and at the latest when publisher_due() says; times are of
 * clock_monotonic_ms(). */
void publisher_step(struct publisher *p, int64_t now_ms);
int64_t publisher_due(const struct publisher *p);

/* One line for people, see mdns_announcer_state(). */
void publisher_state(const struct publisher *p, char out[MDNS_STATE_TEXT_MAX]);

#endif
