#include "mdns/service.h"

#include <stdlib.h>
#include <string.h>

#include "mdns/name.h"

/* The key of "key=value": at least one character, printable ASCII without '='
 * (RFC 6763 6.4). */
static bool
txt_key_is_valid(const char *text)
{
	size_t len = strcspn(text, "=");

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

static int
txt_check(const struct mdns_service *s, struct reason *why)
{
	size_t total = 0;

	if (s->n_txt > MDNS_TXT_MAX)
		return reason_set(why, -ERR_TOO_LARGE, "too many TXT strings");
	for (size_t i = 0; i < s->n_txt; i++) {
		size_t len = strnlen(s->txt[i], sizeof(s->txt[i]));

		if (len == sizeof(s->txt[i]) || !txt_key_is_valid(s->txt[i]))
			return reason_set(why, -ERR_INVALID,
			    "RFC 6763 6.4: TXT string without a valid key");
		total += 1 + len;
	}
	if (total > MDNS_TXT_TOTAL_MAX)
		return reason_set(why, -ERR_TOO_LARGE,
		    "RFC 6763 6.2: TXT record over %d bytes",
		    MDNS_TXT_TOTAL_MAX);
	return 0;
}

static int
service_check(const struct mdns_service *s, struct reason *why)
{
	if (strnlen(s->instance, sizeof(s->instance)) == sizeof(s->instance) ||
	    !mdns_name_is_valid(s->instance))
		return reason_set(why, -ERR_INVALID,
		    "RFC 6763 4.1.1: service instance name invalid");
	if (strnlen(s->type, sizeof(s->type)) == sizeof(s->type) ||
	    !mdns_type_is_valid(s->type))
		return reason_set(
		    why, -ERR_INVALID, "RFC 6763 4.1.2: service type invalid");
	if (s->port == 0)
		return reason_set(why, -ERR_INVALID, "service port is 0");
	return txt_check(s, why);
}

int
service_list_copy(struct service_list *out, const struct mdns_service *services,
    size_t n, struct reason *why)
{
	struct service_list list = {0};
	int err;

	if (n > MDNS_SERVICES_MAX)
		return reason_set(why, -ERR_TOO_LARGE, "too many services");
	for (size_t i = 0; i < n; i++) {
		err = service_check(&services[i], why);
		if (err != 0)
			return err;
	}
	/* One spare element, since calloc(0) may give NULL. */
	list.items = calloc(n + 1, sizeof(*list.items));
	if (list.items == NULL)
		return reason_set(why, -ERR_NOMEM, "out of memory");
	if (n > 0)
		memcpy(list.items, services, n * sizeof(*services));
	list.n = n;
	*out = list;
	return 0;
}

static bool
service_equal(const struct mdns_service *a, const struct mdns_service *b)
{
	if (strcmp(a->instance, b->instance) != 0 ||
	    strcmp(a->type, b->type) != 0 || a->port != b->port ||
	    a->n_txt != b->n_txt)
		return false;
	for (size_t i = 0; i < a->n_txt; i++)
		if (strcmp(a->txt[i], b->txt[i]) != 0)
			return false;
	return true;
}

bool
service_list_equal(const struct service_list *a, const struct service_list *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!service_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

void
service_list_fini(struct service_list *list)
{
	free(list->items);
	*list = (struct service_list){0};
}

int
mdns_config_check(const struct mdns_config *config, struct reason *why)
{
	size_t len = strnlen(config->host_name, sizeof(config->host_name));

	if (len == 0 || len == sizeof(config->host_name) ||
	    !mdns_host_is_valid(config->host_name))
		return reason_set(
		    why, -ERR_INVALID, "RFC 1123 2.1: host name invalid");
	if (config->n_interfaces > MDNS_INTERFACES_MAX)
		return reason_set(why, -ERR_TOO_LARGE, "too many interfaces");
	for (size_t i = 0; i < config->n_interfaces; i++) {
		len = strnlen(
		    config->interfaces[i], sizeof(config->interfaces[i]));
		if (len == 0 || len == sizeof(config->interfaces[i]))
			return reason_set(
			    why, -ERR_INVALID, "interface name invalid");
	}
	return 0;
}
