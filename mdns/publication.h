/* What is published, whichever backend does it: the host's addresses, and the
 * services under names that are free. The names stay when the backend changes.
 * For one thread only. */
#ifndef MDNS_PUBLICATION_H
#define MDNS_PUBLICATION_H

#include <stdint.h>

#include "mdns/backend.h"
#include "mdns/service.h"

struct publication;

/* config must outlive it. */
int publication_new(
    struct publication **out, const struct mdns_config *config) NODISCARD;
/* NULL is accepted. */
void publication_free(struct publication *p);

/* Replaces what is published; takes the list over and empties it. */
void publication_set_services(
    struct publication *p, struct service_list *services);

/* Publishes by that backend from the next step on; there is none before. */
void publication_attach(struct publication *p, struct backend *backend);
/* Withdraws everything. Must come before the backend goes. */
void publication_detach(struct publication *p);

/* Does what is due: renames after a collision, looks at the addresses,
 * publishes. 0, or Avahi's error: negative, the backend is to be detached. Only
 * while attached. */
int publication_step(struct publication *p, int64_t now_ms) NODISCARD;
/* When to call publication_step() at the latest. */
int64_t publication_due(const struct publication *p);

/* All services are visible. */
bool publication_is_established(const struct publication *p);
/* One line for people, while attached: see mdns_announcer_state(). */
void publication_state(
    const struct publication *p, char out[MDNS_STATE_TEXT_MAX]);

#endif
