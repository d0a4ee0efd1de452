#include "mdns/interfaces.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "base/log.h"

/* An address with a label has it behind the name: "eth0:1". */
static bool
is_listed(const struct mdns_config *config, const char *name)
{
	size_t len = strcspn(name, ":");

	for (size_t i = 0; i < config->n_interfaces; i++)
		if (strlen(config->interfaces[i]) == len &&
		    memcmp(config->interfaces[i], name, len) == 0)
			return true;
	return false;
}

static bool
is_usable(const struct mdns_config *config, const struct ifaddrs *ifa)
{
	if ((ifa->ifa_flags & IFF_UP) == 0 ||
	    (ifa->ifa_flags & IFF_POINTOPOINT) != 0)
		return false;
	if (config->n_interfaces > 0)
		return is_listed(config, ifa->ifa_name);
	return (ifa->ifa_flags & IFF_LOOPBACK) == 0 &&
	       (ifa->ifa_flags & IFF_MULTICAST) != 0;
}

bool
ip_is_link_local(const struct ip_addr *ip)
{
	if (ip->len == 4)
		return ip->bytes[0] == 169 && ip->bytes[1] == 254;
	return ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

static void
add_address(struct interface_addresses *all, const struct ifaddrs *ifa)
{
	struct interface_address *item = &all->items[all->n];

	if (all->n == INTERFACE_ADDRESSES_MAX || ifa->ifa_addr == NULL ||
	    ip_from_sockaddr(&item->ip, ifa->ifa_addr) != 0)
		return;
	item->index = if_nametoindex(ifa->ifa_name);
	if (item->index != 0)
		all->n++;
}

static bool
has_better(
    const struct interface_addresses *all, const struct interface_address *than)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->items[i].index == than->index &&
		    all->items[i].ip.len == than->ip.len &&
		    !ip_is_link_local(&all->items[i].ip))
			return true;
	return false;
}

int
interface_addresses_get(
    struct interface_addresses *out, const struct mdns_config *config)
{
	struct interface_addresses all = {0};
	struct ifaddrs *list;

	if (getifaddrs(&list) != 0) {
		log_error(
		    "interfaces not readable", "error=%s", strerror(errno));
		return -ERR_IO;
	}
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
		if (is_usable(config, i))
			add_address(&all, i);
	freeifaddrs(list);
	out->n = 0;
	for (size_t i = 0; i < all.n; i++)
		if (!ip_is_link_local(&all.items[i].ip) ||
		    !has_better(&all, &all.items[i]))
			out->items[out->n++] = all.items[i];
	return 0;
}

bool
interface_addresses_equal(
    const struct interface_addresses *a, const struct interface_addresses *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].index != b->items[i].index ||
		    !ip_equal(&a->items[i].ip, &b->items[i].ip))
			return false;
	return true;
}

bool
interfaces_name_loopback(const struct mdns_config *config)
{
	struct ifaddrs *list;
	bool named = false;

	if (config == NULL || config->n_interfaces == 0 ||
	    getifaddrs(&list) != 0)
		return false;
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
		if ((i->ifa_flags & IFF_LOOPBACK) != 0 &&
		    is_listed(config, i->ifa_name))
			named = true;
	freeifaddrs(list);
	return named;
}
