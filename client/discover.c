#include "client/discover.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "client/net.h"
#include "client/system_dns.h"

/* True if the comma-separated value names spake2plus. */
static bool
offers_pake(const char *value)
{
	static const char wanted[] = "spake2plus";

	while (value != NULL && *value != '\0') {
		size_t len = strcspn(value, ",");

		if (len == sizeof(wanted) - 1 &&
		    strncasecmp(value, wanted, len) == 0)
			return true;
		value += len + (value[len] == ',');
	}
	return false;
}

/* The same address under another name is another candidate: or else a lie about
 * the real server's name would keep the real one out. */
static bool
has_candidate(const struct candidates *list,
    const struct sockaddr_storage *address, const char *name)
{
	char wanted[ENDPOINT_TEXT_MAX], text[ENDPOINT_TEXT_MAX];

	endpoint_format(wanted, (const void *)address);
	for (size_t i = 0; i < list->n; i++) {
		endpoint_format(text, (const void *)&list->items[i].addresses);
		if (strcmp(wanted, text) == 0 &&
		    strcmp(list->items[i].name, name) == 0)
			return true;
	}
	return false;
}

static bool
is_wanted(const struct candidates *list, const struct mdns_instance *instance)
{
	if (list->wanted != NULL)
		return list->wanted(list->wanted_arg, instance);
	return list->without_pake ||
	       offers_pake(mdns_txt_value(instance, "pake"));
}

static const char *
service_of(const struct candidates *list)
{
	return list->service != NULL ? list->service : EST_SERVICE;
}

bool
candidates_add_instance(
    struct candidates *list, const struct mdns_instance *instance)
{
	struct candidate *c = &list->items[list->n];
	const char *name = mdns_txt_value(instance, "name");
	char quoted[72], endpoint[ENDPOINT_TEXT_MAX];

	if (list->n == CANDIDATES_MAX || instance->n_addresses == 0 ||
	    instance->n_addresses > MDNS_ADDRESSES_MAX ||
	    !is_wanted(list, instance))
		return false;
	memset(c, 0, sizeof(*c));
	if (name == NULL || domain_normalize(c->name, name) != 0)
		c->name[0] = '\0';
	if (has_candidate(list, &instance->addresses[0], c->name))
		return false;
	memcpy(c->addresses, instance->addresses, sizeof(c->addresses));
	c->n_addresses = instance->n_addresses;
	endpoint_format(endpoint, (const void *)&c->addresses[0]);
	log_quote(quoted, sizeof(quoted), instance->name);
	snprintf(c->text, sizeof(c->text), "%.40s at %.50s", quoted, endpoint);
	list->n++;
	return true;
}

int
candidates_add_server(
    struct candidates *list, const char *server, struct reason *why)
{
	struct candidate *c = &list->items[list->n];
	struct ip_addr ips[NET_LOOKUP_MAX];
	char host[DOMAIN_MAX + 2];
	uint16_t port;
	int err;

	if (list->n == CANDIDATES_MAX)
		return -ERR_TOO_LARGE;
	err = host_port_split(
	    host, sizeof(host), &port, server, EST_PORT_DEFAULT);
	if (err != 0 || port == 0 || !str_is_printable(server))
		return reason_set(why, -ERR_INVALID,
		    "--server wants HOST, HOST:PORT or [V6]:PORT");
	memset(c, 0, sizeof(*c));
	err = net_lookup(ips, &c->n_addresses, host, why);
	if (err != 0)
		return err;
	for (size_t i = 0; i < c->n_addresses; i++)
		net_sockaddr(&c->addresses[i], &ips[i], port);
	if (domain_normalize(c->name, host) != 0 ||
	    strcmp(c->name, "localhost") == 0)
		c->name[0] = '\0';
	snprintf(c->text, sizeof(c->text), "%.80s", server);
	list->n++;
	return 0;
}

void
candidates_order(struct candidates *list, const char *wanted)
{
	size_t n = 0;

	/* Moves each match behind those already found: stable. */
	for (size_t i = 0; i < list->n; i++) {
		struct candidate match = list->items[i];

		if (strcmp(match.name, wanted) != 0)
			continue;
		memmove(&list->items[n + 1], &list->items[n],
		    (i - n) * sizeof(match));
		list->items[n++] = match;
	}
}

static int
add_found(void *arg, const struct mdns_instance *instance)
{
	struct candidates *list = arg;

	candidates_add_instance(list, instance);
	return list->n == CANDIDATES_MAX;
}

int
discover_unicast(struct candidates *list)
{
	struct system_dns *dns = NULL;
	int err = system_dns_new(
	    &dns, NULL, clock_monotonic_ms() + DISCOVER_UNICAST_MS);

	if (err == -ERR_NOT_FOUND)
		return 0;
	if (err == 0)
		err = system_dns_browse(dns, service_of(list), add_found, list);
	system_dns_free(dns);
	return err;
}

int
discover_mdns(struct candidates *list, const struct mdns_config *interfaces,
    bool thorough)
{
	return mdns_browse(service_of(list),
	    interfaces->n_interfaces > 0 ? interfaces : NULL, DISCOVER_MDNS_MS,
	    thorough ? DISCOVER_MDNS_MS : DISCOVER_SETTLE_MS, add_found, list);
}
