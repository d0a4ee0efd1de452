/* An Avahi core of our own as backend: neither daemon nor D-Bus. */
#ifndef MDNS_EMBEDDED_H
#define MDNS_EMBEDDED_H

#include <avahi-common/watch.h>

#include "mdns/backend.h"

struct embedded;

/* Opens the port, on the interfaces of config. 0 or Avahi's error;
 * AVAHI_ERR_NO_NETWORK: another stack has the port and does not share it. */
int embedded_open(struct embedded **out, const AvahiPoll *poll,
    const struct mdns_config *config) NODISCARD;
struct backend *embedded_backend(struct embedded *e);
/* Avahi's error after which it is of no use any more, 0 for none. */
int embedded_error(const struct embedded *e);
/* Sends the goodbye for groups that are left. NULL is accepted. */
void embedded_close(struct embedded *e);

#endif
