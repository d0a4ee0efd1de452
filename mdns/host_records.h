/* The address records of the host, as published by a backend. */
#ifndef MDNS_HOST_RECORDS_H
#define MDNS_HOST_RECORDS_H

#include "mdns/backend.h"

/* avahi-daemon takes 32 entries for each group. */
#define HOST_RECORDS_PER_GROUP 32
#define HOST_RECORDS_GROUPS (INTERFACE_ADDRESSES_MAX / HOST_RECORDS_PER_GROUP)

/* Zeroed: nothing is published. It must stay where it is, see struct
 * entry_group. */
struct host_records {
	struct interface_addresses addresses;
	struct entry_group groups[HOST_RECORDS_GROUPS];
};

/* Publishes these in place of the present ones, under the full name. 0 or
 * Avahi's error. */
int host_records_publish(struct host_records *h, struct backend *b,
    const char *fqdn, const struct interface_addresses *addresses) NODISCARD;
void host_records_withdraw(struct host_records *h, struct backend *b);

/* Another host, or another program on this one, has the name. */
bool host_records_have_collided(const struct host_records *h);
/* There are some, and all are visible. */
bool host_records_are_ready(const struct host_records *h);
/* Avahi's error that ended them, 0 for none. */
int host_records_error(const struct host_records *h);

#endif
