/* The interfaces mDNS may use, and the addresses this host has on them. */
#ifndef MDNS_INTERFACES_H
#define MDNS_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/addr.h"
#include "mdns/announce.h"

#define INTERFACE_ADDRESSES_MAX 64

struct interface_address {
	unsigned int index; /* of the interface */
	struct ip_addr ip;
};

struct interface_addresses {
	struct interface_address items[INTERFACE_ADDRESSES_MAX];
	size_t n;
};

/* The addresses to publish: of interfaces that are up, can multicast, are not
 * point-to-point and are in the list; without a list, of all but loopback. A
 * link-local address only where the interface has no other one of that family.
 * Those past the maximum are left out. -ERR_IO. */
int interface_addresses_get(struct interface_addresses *out,
    const struct mdns_config *config) NODISCARD;
bool interface_addresses_equal(
    const struct interface_addresses *a, const struct interface_addresses *b);

/* True if a loopback interface is in the list by name. NULL has no list. */
bool interfaces_name_loopback(const struct mdns_config *config);

/* 169.254.0.0/16 (RFC 3927) or fe80::/10. */
bool ip_is_link_local(const struct ip_addr *ip);

#endif
