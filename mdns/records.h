/* The records of an entry group. Both return Avahi's errors: negative, see
 * avahi_strerror(). */
#ifndef MDNS_RECORDS_H
#define MDNS_RECORDS_H

#include <avahi-core/publish.h>

#include "base/error.h"
#include "mdns/announce.h"
#include "mdns/interfaces.h"

/* A and AAAA records of the server's host name, each on its own interface and
 * without a reverse name (another stack may have that), committed. */
int records_add_addresses(AvahiServer *server, AvahiSEntryGroup *group,
    const struct interface_addresses *addresses) NODISCARD;

/* PTR, SRV and TXT (RFC 6763 4.1, 6.1) of the service under that name,
 * committed. AVAHI_ERR_COLLISION if this server has such records already. */
int records_add_service(AvahiServer *server, AvahiSEntryGroup *group,
    const char *name, const struct mdns_service *service) NODISCARD;

#endif
