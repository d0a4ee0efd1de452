#include "mdns/records.h"

#include <string.h>

#include <avahi-common/error.h>
#include <avahi-common/strlst.h>

int
records_add_addresses(AvahiServer *server, AvahiSEntryGroup *group,
    const struct interface_addresses *addresses)
{
	const char *host = avahi_server_get_host_name_fqdn(server);
	int r;

	for (size_t i = 0; i < addresses->n; i++) {
		const struct interface_address *item = &addresses->items[i];
		AvahiAddress a = {.proto = item->ip.len == 4
					       ? AVAHI_PROTO_INET
					       : AVAHI_PROTO_INET6};

		memcpy(a.data.data, item->ip.bytes, item->ip.len);
		r = avahi_server_add_address(server, group,
		    (AvahiIfIndex)item->index, AVAHI_PROTO_UNSPEC,
		    AVAHI_PUBLISH_NO_REVERSE, host, &a);
		if (r < 0)
			return r;
	}
	return avahi_s_entry_group_commit(group);
}

static int
txt_list(AvahiStringList **out, const struct mdns_service *service)
{
	AvahiStringList *list = NULL, *longer;

	for (size_t i = 0; i < service->n_txt; i++) {
		longer = avahi_string_list_add(list, service->txt[i]);
		if (longer == NULL) {
			avahi_string_list_free(list);
			return AVAHI_ERR_NO_MEMORY;
		}
		list = longer;
	}
	*out = list;
	return 0;
}

int
records_add_service(AvahiServer *server, AvahiSEntryGroup *group,
    const char *name, const struct mdns_service *service)
{
	AvahiStringList *txt = NULL;
	int r = txt_list(&txt, service);

	if (r < 0)
		return r;
	r = avahi_server_add_service_strlst(server, group, AVAHI_IF_UNSPEC,
	    AVAHI_PROTO_UNSPEC, 0, name, service->type, NULL, NULL,
	    service->port, txt);
	avahi_string_list_free(txt);
	return r < 0 ? r : avahi_s_entry_group_commit(group);
}
