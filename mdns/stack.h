/* What announcing and browsing share of the Avahi core: its configuration, and
 * its log. */
#ifndef MDNS_STACK_H
#define MDNS_STACK_H

#include <avahi-core/core.h>

#include "base/error.h"
#include "mdns/announce.h"

/* A configuration that publishes and reflects nothing, shares the port, and
 * keeps to the interfaces in the list; without a list (or with NULL), to all
 * but loopback. Freed with avahi_server_config_free(). */
int stack_config_init(
    AvahiServerConfig *out, const struct mdns_config *config) NODISCARD;

/* Lets Avahi write to our log: its errors as warnings, a few a minute on each
 * thread (a peer's packets can cause them), all else as debug. */
void stack_log_install(void);

#endif
