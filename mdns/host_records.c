#include "mdns/host_records.h"

#include <avahi-common/error.h>

#include "mdns/records.h"

void
host_records_withdraw(struct host_records *h, struct backend *b)
{
	for (size_t i = 0; i < HOST_RECORDS_GROUPS; i++)
		b->group_free(b, &h->groups[i]);
	h->addresses.n = 0;
}

int
host_records_publish(struct host_records *h, struct backend *b,
    const char *fqdn, const struct interface_addresses *addresses)
{
	host_records_withdraw(h, b);
	h->addresses = *addresses;
	for (size_t i = 0; i < HOST_RECORDS_GROUPS; i++) {
		struct entry_group *group = &h->groups[i];
		size_t first = i * HOST_RECORDS_PER_GROUP;
		size_t n = addresses->n - first;
		int r;

		if (first >= addresses->n)
			break;
		r = records_publish_addresses(b, group, fqdn,
		    &addresses->items[first],
		    n < HOST_RECORDS_PER_GROUP ? n : HOST_RECORDS_PER_GROUP);
		if (r == AVAHI_ERR_COLLISION && group->handle != NULL)
			group->state = AVAHI_ENTRY_GROUP_COLLISION;
		else if (r < 0)
			return r;
	}
	return 0;
}

static bool
any_group(const struct host_records *h, AvahiEntryGroupState state)
{
	for (size_t i = 0; i < HOST_RECORDS_GROUPS; i++)
		if (h->groups[i].handle != NULL && h->groups[i].state == state)
			return true;
	return false;
}

bool
host_records_have_collided(const struct host_records *h)
{
	return any_group(h, AVAHI_ENTRY_GROUP_COLLISION);
}

bool
host_records_are_ready(const struct host_records *h)
{
	return h->addresses.n > 0 &&
	       !any_group(h, AVAHI_ENTRY_GROUP_COLLISION) &&
	       !any_group(h, AVAHI_ENTRY_GROUP_UNCOMMITED) &&
	       !any_group(h, AVAHI_ENTRY_GROUP_REGISTERING);
}

int
host_records_error(const struct host_records *h)
{
	for (size_t i = 0; i < HOST_RECORDS_GROUPS; i++)
		if (h->groups[i].error != 0)
			return h->groups[i].error;
	return 0;
}
