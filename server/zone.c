#include "server/zone.h"

#include <string.h>

#include "base/str.h"

#define ZONE_TTL_S 3600
#define LABEL_DOT "domain-s"
#define LABEL_DOH "doh"

/* Which zone a record belongs to: this one, or another, where it is written as
 * a comment. */
enum place { HERE, ELSEWHERE };

static bool
is_plain(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

void
zone_add_label(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (is_plain(c))
			buf_add(out, &c, 1);
		else if (c == '.' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_printf(out, "\\%03u", c);
	}
}

void
zone_add_string(struct buf *out, const char *text)
{
	buf_adds(out, "\"");
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else if (c >= 0x20 && c < 0x7f)
			buf_add(out, &c, 1);
		else
			buf_printf(out, "\\%03u", c);
	}
	buf_adds(out, "\"");
}

static void
add_owner(struct buf *out, enum place place, const char *prefix,
    const char *name, const char *type)
{
	buf_printf(out, "%s%s%s%s. %d IN %s ", place == HERE ? "" : "; ",
	    prefix, prefix[0] != '\0' ? "." : "", name, ZONE_TTL_S, type);
}

static void
add_addresses(struct buf *out, enum place place, const char *name,
    const struct ip_addr *addresses, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[IP_TEXT_MAX];

		ip_format(text, &addresses[i]);
		add_owner(
		    out, place, "", name, addresses[i].len == 4 ? "A" : "AAAA");
		buf_printf(out, "%s\n", text);
	}
}

/* --- the EST server and the registrar --- */

/* INSTANCE._est._tcp.DOMAIN. (RFC 6763 4.1) */
static void
add_instance(struct buf *out, const struct zone *zone,
    const struct mdns_service *service)
{
	zone_add_label(out, service->instance);
	buf_printf(out, ".%s.%s.", service->type, zone->domain);
}

static void
add_browsing(struct buf *out, const struct zone *zone)
{
	buf_printf(out,
	    "; What the appliance offers, by DNS-SD (RFC 6763). The first two "
	    "say that services are\n; to be looked for in this domain.\n");
	add_owner(out, HERE, "b._dns-sd._udp", zone->domain, "PTR");
	buf_printf(out, "%s.\n", zone->domain);
	add_owner(out, HERE, "lb._dns-sd._udp", zone->domain, "PTR");
	buf_printf(out, "%s.\n", zone->domain);
}

static void
add_service(
    struct buf *out, const struct zone *zone, const struct mdns_service *s)
{
	add_owner(out, HERE, "_services._dns-sd._udp", zone->domain, "PTR");
	buf_printf(out, "%s.%s.\n", s->type, zone->domain);
	add_owner(out, HERE, s->type, zone->domain, "PTR");
	add_instance(out, zone, s);
	buf_adds(out, "\n");
	add_instance(out, zone, s);
	buf_printf(out, " %d IN SRV 0 0 %u %s.\n", ZONE_TTL_S,
	    (unsigned int)s->port, zone->server_name);
	add_instance(out, zone, s);
	buf_printf(out, " %d IN TXT", ZONE_TTL_S);
	for (size_t i = 0; i < s->n_txt; i++) {
		buf_adds(out, " ");
		zone_add_string(out, s->txt[i]);
	}
	/* A TXT record has one string at least (RFC 6763 6.1). */
	buf_adds(out, s->n_txt == 0 ? " \"\"\n" : "\n");
}

static void
add_server_addresses(struct buf *out, const struct zone *zone)
{
	bool here = domain_within(zone->server_name, zone->domain);

	if (!here)
		buf_printf(out,
		    "; %s is not in this zone; its own zone has to have:\n",
		    zone->server_name);
	if (zone->n_addresses == 0)
		buf_printf(out,
		    "; %s. needs A or AAAA records: estuaryd listens\n; on all "
		    "addresses of its host, or on none that others reach.\n",
		    zone->server_name);
	add_addresses(out, here ? HERE : ELSEWHERE, zone->server_name,
	    zone->addresses, zone->n_addresses);
}

/* --- the DNS servers --- */

static int
compare_servers(const void *a, const void *b)
{
	const struct zone_dns_server *x = a, *y = b;
	int order = strcmp(x->adn, y->adn);

	/* domain-s goes before doh. */
	if (order == 0)
		order = strcmp(y->label, x->label);
	return order != 0 ? order : (int)y->current - (int)x->current;
}

static bool
is_served(const struct zone_dns_server *server)
{
	return strcmp(server->label, LABEL_DOT) == 0 ||
	       strcmp(server->label, LABEL_DOH) == 0;
}

/* Its certificate to be stands beside the present one: the same service. */
static bool
is_repeated(const struct zone *zone, size_t i)
{
	const struct zone_dns_server *s = &zone->servers[i];

	return i > 0 && strcmp(s[-1].adn, s->adn) == 0 &&
	       strcmp(s[-1].label, s->label) == 0;
}

static bool
begins_adn(const struct zone *zone, size_t i)
{
	return i == 0 ||
	       strcmp(zone->servers[i - 1].adn, zone->servers[i].adn) != 0;
}

static bool
has_address(const struct ip_addr *list, size_t n, const struct ip_addr *ip)
{
	for (size_t i = 0; i < n; i++)
		if (ip_equal(&list[i], ip))
			return true;
	return false;
}

/* Each address of an ADN once, whichever of its services has it. */
static bool
is_known(const struct zone *zone, size_t i, const struct ip_addr *ip)
{
	const struct zone_dns_server *s = &zone->servers[i];

	if (strcmp(s->adn, zone->server_name) == 0 &&
	    has_address(zone->addresses, zone->n_addresses, ip))
		return true;
	for (; !begins_adn(zone, i); i--) {
		const struct zone_dns_server *other = &zone->servers[i - 1];

		if (!is_repeated(zone, i - 1) &&
		    has_address(other->addresses, other->n_addresses, ip))
			return true;
	}
	return false;
}

static void
add_hints(struct buf *out, const struct zone_dns_server *server, uint8_t len,
    const char *key)
{
	const char *separator = "=";

	for (size_t i = 0; i < server->n_addresses; i++) {
		char text[IP_TEXT_MAX];

		if (server->addresses[i].len != len)
			continue;
		ip_format(text, &server->addresses[i]);
		buf_printf(out, "%s%s%s", separator[0] == '=' ? key : "",
		    separator, text);
		separator = ",";
	}
}

/* The target is written out, since the same data stand at resolver.arpa, where
 * it may not be the owner. alpn has no default here. [RFC9461 4.1] [RFC9461 5]
 */
static void
add_svcb_data(struct buf *out, const struct zone_dns_server *server,
    unsigned int priority)
{
	bool doh = strcmp(server->label, LABEL_DOH) == 0;

	buf_printf(out, "%u %s. alpn=\"%s\" port=%u", priority, server->adn,
	    doh ? "h2" : "dot", (unsigned int)server->port);
	add_hints(out, server, 4, " ipv4hint");
	add_hints(out, server, 16, " ipv6hint");
	if (doh) {
		buf_adds(out, " dohpath=");
		zone_add_string(out, server->dohpath);
	}
	buf_adds(out, "\n");
}

/* The SRV-ID in its certificate is that of the ADN, so clients that look for
 * it there can compare it; those that know only the domain look there. */
static void
add_srv(struct buf *out, enum place place, const char *owner,
    const struct zone_dns_server *server)
{
	add_owner(out, place, "_" LABEL_DOT "._tcp", owner, "SRV");
	buf_printf(
	    out, "0 0 %u %s.\n", (unsigned int)server->port, server->adn);
}

static void
add_dns_server(struct buf *out, const struct zone *zone, size_t i)
{
	const struct zone_dns_server *s = &zone->servers[i];
	bool dot = strcmp(s->label, LABEL_DOT) == 0;
	enum place place =
	    domain_within(s->adn, zone->domain) ? HERE : ELSEWHERE;

	if (begins_adn(zone, i)) {
		buf_printf(out, "\n; The DNS server %s (RFC 9461)\n", s->adn);
		if (place == ELSEWHERE)
			buf_adds(out, "; is not in this zone; what is a "
				      "comment belongs into its own.\n");
	}
	for (size_t k = 0; k < s->n_addresses; k++)
		if (!is_known(zone, i, &s->addresses[k]))
			add_addresses(out, place, s->adn, &s->addresses[k], 1);
	if (dot && strcmp(s->adn, zone->domain) != 0)
		add_srv(out, HERE, zone->domain, s);
	if (dot)
		add_srv(out, place, s->adn, s);
	add_owner(out, place, "_dns", s->adn, "SVCB");
	add_svcb_data(out, s, dot ? 1 : 2);
}

/* Only the resolver itself may answer for resolver.arpa, and a zone file is not
 * where that is configured. [RFC9462 4] */
static void
add_designated(struct buf *out, const struct zone *zone)
{
	buf_adds(out,
	    "\n; Not for this zone: for resolver.arpa, which each of these DNS "
	    "servers answers\n; itself, for whoever knows only its address "
	    "(DDR, RFC 9462). Give each one its\n; own two lines; unbound 1.17 "
	    "writes key7 for dohpath.\n");
	for (size_t i = 0; i < zone->n_servers; i++) {
		const struct zone_dns_server *s = &zone->servers[i];

		if (!is_served(s) || is_repeated(zone, i))
			continue;
		add_owner(out, ELSEWHERE, "_dns", "resolver.arpa", "SVCB");
		add_svcb_data(out, s, strcmp(s->label, LABEL_DOT) == 0 ? 1 : 2);
	}
}

/* --- all of it --- */

/* A name of n more characters, and a dot, below the base. */
static int
check_length(size_t n, const char *base, struct reason *why)
{
	if (n + 1 + strlen(base) <= DOMAIN_MAX)
		return 0;
	return reason_set(why, -ERR_INVALID,
	    "%.120s... is too long for the records below it (RFC 1035 2.3.4)",
	    base);
}

static int
check_zone(const struct zone *zone, struct reason *why)
{
	size_t n = sizeof("_services._dns-sd._udp") - 1;
	int err;

	/* [RFC6762 3] */
	if (domain_within(zone->domain, "local"))
		return reason_set(why, -ERR_REFUSED,
		    "names in .local are mDNS's alone, and in no zone (RFC "
		    "6762 section 3)");
	for (size_t i = 0; i < zone->n_services; i++) {
		const struct mdns_service *service = &zone->services[i];
		size_t len =
		    strlen(service->instance) + 1 + strlen(service->type);

		n = len > n ? len : n;
	}
	err = check_length(n, zone->domain, why);
	for (size_t i = 0; i < zone->n_servers && err == 0; i++)
		err = check_length(sizeof("_" LABEL_DOT "._tcp") - 1,
		    zone->servers[i].adn, why);
	return err;
}

int
zone_compose(struct buf *out, const struct zone *zone, struct reason *why)
{
	int err = check_zone(zone, why);

	if (err != 0)
		return err;
	if (zone->n_servers > 0)
		qsort(zone->servers, zone->n_servers, sizeof(*zone->servers),
		    compare_servers);
	buf_printf(out, "; Records of estuaryd %s for the zone %s\n",
	    zone->server_name, zone->domain);
	add_browsing(out, zone);
	for (size_t i = 0; i < zone->n_services; i++)
		add_service(out, zone, &zone->services[i]);
	add_server_addresses(out, zone);
	for (size_t i = 0; i < zone->n_servers; i++)
		if (is_served(&zone->servers[i]) && !is_repeated(zone, i))
			add_dns_server(out, zone, i);
	if (zone->n_servers > 0)
		add_designated(out, zone);
	return buf_status(out);
}
