#include "mdns/records.h"

#include <avahi-common/error.h>

int
records_publish_addresses(struct backend *b, struct entry_group *group,
    const char *host, const struct interface_address *addresses, size_t n)
{
	int r = b->group_new(b, group);

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = b->add_address(b, group, host, &addresses[i]);
	return r < 0 ? r : b->commit(b, group);
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
records_publish_service(struct backend *b, struct entry_group *group,
    const char *name, const char *host, const struct mdns_service *service,
    const unsigned int *if_indexes, size_t n)
{
	struct service_record record = {
	    .name = name,
	    .type = service->type,
	    .domain = b->domain,
	    .host = host,
	    .port = service->port,
	};
	int r = txt_list(&record.txt, service);

	if (r >= 0)
		r = b->group_new(b, group);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		record.if_index = if_indexes[i];
		r = b->add_service(b, group, &record);
	}
	avahi_string_list_free(record.txt);
	return r < 0 ? r : b->commit(b, group);
}
