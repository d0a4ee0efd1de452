/* The records of an entry group. Both return Avahi's errors: negative, see
 * avahi_strerror(). */
#ifndef MDNS_RECORDS_H
#define MDNS_RECORDS_H

#include "mdns/backend.h"

/* A new group with A and AAAA records of the host name, each on its own
 * interface, committed. */
int records_publish_addresses(struct backend *b, struct entry_group *group,
    const char *host, const struct interface_address *addresses,
    size_t n) NODISCARD;

/* A new group with PTR, SRV and TXT of the service under that name, once for
 * each interface (index 0: for all), committed. AVAHI_ERR_COLLISION if this
 * host has such records already. */
int records_publish_service(struct backend *b, struct entry_group *group,
    const char *name, const char *host, const struct mdns_service *service,
    const unsigned int *if_indexes, size_t n) NODISCARD;

#endif
