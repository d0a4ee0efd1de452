#include "client/resolver.h"

#include <string.h>

#include "base/str.h"
#include "client/json_read.h"

#define PORT_DOT 853 /* RFC 7858 3.1 */
#define PORT_DOH 443

static const char dohpath_variable[] = "{?dns}";

void
resolver_set_fini(struct resolver_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		blob_fini(&set->items[i].cert);
	set->n = 0;
}

bool
dns_label_is_known(const char *label)
{
	return strcmp(label, LABEL_DOT) == 0 || strcmp(label, LABEL_DOH) == 0;
}

bool
resolver_is(const struct resolver *resolver, const char *adn, const char *label)
{
	return strcmp(resolver->adn, adn) == 0 &&
	       strcmp(resolver->label, label) == 0;
}

static bool
is_doh(const struct resolver *resolver)
{
	return strcmp(resolver->label, LABEL_DOH) == 0;
}

static void
set_default_alpn(struct resolver *resolver)
{
	memset(resolver->alpn, 0, sizeof(resolver->alpn));
	memcpy(resolver->alpn[0], is_doh(resolver) ? "h2" : "dot", 3);
	resolver->n_alpn = 1;
}

static void
set_default_dohpath(struct resolver *resolver)
{
	memset(resolver->dohpath, 0, sizeof(resolver->dohpath));
	if (is_doh(resolver))
		memcpy(resolver->dohpath, DOHPATH_DEFAULT,
		    sizeof(DOHPATH_DEFAULT));
}

void
resolver_set_defaults(struct resolver *resolver)
{
	resolver->port = is_doh(resolver) ? PORT_DOH : PORT_DOT;
	set_default_alpn(resolver);
	set_default_dohpath(resolver);
}

void
resolver_add_address(struct resolver *resolver, const struct ip_addr *address)
{
	for (size_t i = 0; i < resolver->n_addresses; i++)
		if (ip_equal(&resolver->addresses[i], address))
			return;
	if (resolver->n_addresses < RESOLVER_ADDRESSES_MAX)
		resolver->addresses[resolver->n_addresses++] = *address;
}

static int
read_addresses(
    struct resolver *resolver, const json_t *object, struct reason *why)
{
	const json_t *list = NULL;
	int err = json_read_array(
	    &list, object, "addresses", RESOLVER_JSON_ADDRESSES_MAX, true, why);

	for (size_t i = 0; err == 0 && i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		struct ip_addr address;

		if (text == NULL || ip_parse(&address, text) != 0)
			return reason_set(why, -ERR_INVALID,
			    "\"addresses\" holds something else than an IP "
			    "address");
		resolver_add_address(resolver, &address);
	}
	return err;
}

static int
read_alpn(struct resolver *resolver, const json_t *object, struct reason *why)
{
	const json_t *list = NULL;
	int err = json_read_array(
	    &list, object, "alpn", RESOLVER_ALPN_MAX, true, why);

	if (err == 0 && json_array_size(list) == 0)
		set_default_alpn(resolver);
	for (size_t i = 0; err == 0 && i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));

		if (text == NULL || text[0] == '\0' ||
		    !str_is_printable(text) ||
		    str_format(resolver->alpn[i], ALPN_TEXT_MAX, "%s", text) !=
			0)
			return reason_set(why, -ERR_INVALID,
			    "\"alpn\" holds something else than a protocol");
		resolver->n_alpn++;
	}
	return err;
}

static int
read_dohpath(
    struct resolver *resolver, const json_t *object, struct reason *why)
{
	int err = json_read_text(resolver->dohpath, sizeof(resolver->dohpath),
	    object, "dohpath", true, why);

	if (err != 0)
		return err;
	if (!is_doh(resolver) || resolver->dohpath[0] == '\0') {
		set_default_dohpath(resolver);
		return 0;
	}
	if (!dohpath_is_valid(resolver->dohpath))
		return reason_set(why, -ERR_INVALID,
		    "\"dohpath\" is not a path that ends in {?dns}");
	return 0;
}

int
resolver_from_json(
    struct resolver *out, const json_t *object, struct reason *why)
{
	struct resolver resolver = {0};
	char adn[DOMAIN_MAX + 2];
	int64_t port;
	int err;

	if (!json_is_object(object))
		return reason_set(
		    why, -ERR_INVALID, "a resolver is not an object");
	err = json_read_text(adn, sizeof(adn), object, "adn", false, why);
	if (err == 0 && domain_normalize(resolver.adn, adn) != 0)
		err = reason_set(
		    why, -ERR_INVALID, "\"adn\" is not a domain name");
	if (err == 0)
		err = json_read_text(resolver.label, sizeof(resolver.label),
		    object, "label", false, why);
	if (err == 0 && !service_label_is_valid(resolver.label))
		err = reason_set(
		    why, -ERR_INVALID, "\"label\" is not a service label");
	if (err == 0)
		err = read_addresses(&resolver, object, why);
	if (err == 0)
		err = json_read_integer(&port, object, "port", 1, 65535,
		    is_doh(&resolver) ? PORT_DOH : PORT_DOT, why);
	if (err == 0)
		err = read_alpn(&resolver, object, why);
	if (err == 0)
		err = read_dohpath(&resolver, object, why);
	if (err == 0)
		err = json_read_text(resolver.state, sizeof(resolver.state),
		    object, "state", true, why);
	if (err != 0)
		return err;
	resolver.port = (uint16_t)port;
	*out = resolver;
	return 0;
}

json_t *
resolver_to_json(const struct resolver *resolver)
{
	json_t *addresses = json_array(), *alpn = json_array();

	for (size_t i = 0; i < resolver->n_addresses; i++) {
		char text[IP_TEXT_MAX];

		ip_format(text, &resolver->addresses[i]);
		json_array_append_new(addresses, json_string(text));
	}
	for (size_t i = 0; i < resolver->n_alpn; i++)
		json_array_append_new(alpn, json_string(resolver->alpn[i]));
	return json_pack("{s:s, s:s, s:o, s:i, s:o, s:s, s:s}", "adn",
	    resolver->adn, "label", resolver->label, "addresses", addresses,
	    "port", (int)resolver->port, "alpn", alpn, "dohpath",
	    resolver->dohpath, "state", resolver->state);
}

bool
dohpath_is_valid(const char *dohpath)
{
	size_t len = strlen(dohpath), tail = sizeof(dohpath_variable) - 1;
	size_t path_len;

	if (len <= tail || len >= DOHPATH_MAX || dohpath[0] != '/' ||
	    strcmp(dohpath + len - tail, dohpath_variable) != 0)
		return false;
	path_len = len - tail;
	for (size_t i = 0; i < path_len; i++)
		if (dohpath[i] <= ' ' || dohpath[i] > '~' ||
		    strchr("{}?#\\\"<>^`|", dohpath[i]) != NULL)
			return false;
	return true;
}

int
dohpath_expand(struct buf *out, const char *dohpath, const char *dns)
{
	size_t tail = sizeof(dohpath_variable) - 1;

	if (!dohpath_is_valid(dohpath))
		return -ERR_INVALID;
	return buf_printf(
	    out, "%.*s?dns=%s", (int)(strlen(dohpath) - tail), dohpath, dns);
}
