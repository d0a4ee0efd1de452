#include "mdns/instances.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/str.h"
#include "mdns/interfaces.h"
#include "mdns/name.h"

struct instance_entry *
instances_get(struct instances *list, const char *name, int64_t now_ms)
{
	struct instance_entry *entry;

	for (size_t i = 0; i < list->n; i++)
		if (ascii_equal_nocase(list->entries[i]->instance.name, name))
			return list->entries[i];
	if (list->n == INSTANCES_MAX || !mdns_name_is_valid(name))
		return NULL;
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return NULL;
	strcpy(entry->instance.name, name);
	entry->changed_ms = now_ms;
	list->changed_ms = now_ms;
	list->entries[list->n++] = entry;
	return entry;
}

static bool
ip_is_loopback(const struct ip_addr *ip)
{
	static const uint8_t one[16] = {[15] = 1};

	return ip->len == 4 ? ip->bytes[0] == 127
			    : memcmp(ip->bytes, one, sizeof(one)) == 0;
}

/* Not unspecified, multicast, broadcast or an embedded IPv4 address. */
static bool
ip_is_unicast(const struct ip_addr *ip)
{
	static const uint8_t zeros[12];

	if (ip->len == 4)
		return ip->bytes[0] != 0 && ip->bytes[0] < 224;
	if (ip->len != 16 || ip->bytes[0] == 0xff)
		return false;
	/* ::/96 and ::ffff:0:0/96 are another family in disguise; ::1 is what
	 * the loopback rule is for. */
	if (memcmp(ip->bytes, zeros, 10) == 0 && ip->bytes[10] == 0xff &&
	    ip->bytes[11] == 0xff)
		return false;
	return memcmp(ip->bytes, zeros, 12) != 0 || ip_is_loopback(ip);
}

static void
sockaddr_set(struct sockaddr_storage *out, const struct instance_answer *answer)
{
	*out = (struct sockaddr_storage){0};
	if (answer->ip.len == 4) {
		struct sockaddr_in *in = (void *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(answer->port);
		memcpy(&in->sin_addr, answer->ip.bytes, 4);
	} else {
		struct sockaddr_in6 *in6 = (void *)out;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(answer->port);
		memcpy(&in6->sin6_addr, answer->ip.bytes, 16);
		if (ip_is_link_local(&answer->ip))
			in6->sin6_scope_id = answer->if_index;
	}
}

static bool
address_is_link_local(const struct sockaddr_storage *address)
{
	struct ip_addr ip;

	return ip_from_sockaddr(&ip, (const void *)address) == 0 &&
	       ip_is_link_local(&ip);
}

/* Keeps link-local addresses behind the others; the last one falls out if there
 * is no room. */
static int
insert_address(
    struct mdns_instance *instance, const struct sockaddr_storage *address)
{
	struct sockaddr_storage *all = instance->addresses;
	size_t at = instance->n_addresses;

	for (size_t i = 0; i < instance->n_addresses; i++)
		if (memcmp(&all[i], address, sizeof(*address)) == 0)
			return -ERR_EXISTS;
	if (!address_is_link_local(address))
		while (at > 0 && address_is_link_local(&all[at - 1]))
			at--;
	if (at == MDNS_ADDRESSES_MAX)
		return -ERR_EXISTS;
	if (instance->n_addresses < MDNS_ADDRESSES_MAX)
		instance->n_addresses++;
	memmove(&all[at + 1], &all[at],
	    (instance->n_addresses - at - 1) * sizeof(*all));
	all[at] = *address;
	return 0;
}

int
instances_add_answer(struct instances *list, struct instance_entry *entry,
    const struct instance_answer *answer, int64_t now_ms)
{
	struct mdns_instance *instance = &entry->instance;
	struct sockaddr_storage address;
	char host[DOMAIN_MAX + 1];
	int err;

	if (domain_normalize(host, answer->host) != 0 || answer->port == 0 ||
	    !ip_is_unicast(&answer->ip) ||
	    (ip_is_loopback(&answer->ip) && !answer->allow_loopback))
		return -ERR_INVALID;
	sockaddr_set(&address, answer);
	err = insert_address(instance, &address);
	if (err != 0)
		return err;
	if (instance->host[0] == '\0')
		strcpy(instance->host, host);
	entry->changed_ms = now_ms;
	list->changed_ms = now_ms;
	return 0;
}

bool
instance_add_txt(
    struct mdns_instance *instance, const uint8_t *text, size_t len)
{
	if (instance->n_txt == MDNS_TXT_MAX || len == 0 ||
	    len >= sizeof(instance->txt[0]) || text[0] == '=' ||
	    memchr(text, '\0', len) != NULL)
		return false;
	memcpy(instance->txt[instance->n_txt], text, len);
	instance->txt[instance->n_txt++][len] = '\0';
	return true;
}

const char *
mdns_txt_value(const struct mdns_instance *instance, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < instance->n_txt; i++) {
		const char *text = instance->txt[i];
		size_t same = 0;

		while (same < len &&
		       ascii_lower(text[same]) == ascii_lower(key[same]))
			same++;
		if (same < len)
			continue;
		if (text[len] == '=')
			return text + len + 1;
		if (text[len] == '\0')
			return "";
	}
	return NULL;
}

bool
instance_is_ready(
    const struct instance_entry *entry, int64_t now_ms, int settle_ms)
{
	return !entry->reported && entry->instance.n_addresses > 0 &&
	       (entry->n_lookups == 0 ||
		   now_ms - entry->changed_ms >= settle_ms);
}

bool
instances_are_settled(
    const struct instances *list, int64_t now_ms, int settle_ms)
{
	if (list->n == 0 || now_ms - list->changed_ms < settle_ms)
		return false;
	for (size_t i = 0; i < list->n; i++)
		if (!list->entries[i]->reported &&
		    list->entries[i]->n_lookups > 0)
			return false;
	return true;
}

void
instances_fini(struct instances *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->entries[i]);
	*list = (struct instances){0};
}
