/* What endpoints find by discovery, for administrators. */
#include "server/admin.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "db/dns_server.h"
#include "server/admin_json.h"
#include "server/app.h"
#include "server/zone.h"

#define ZONE_SERVERS_MAX 1000

/* Splits "A,B"; what is no address is not in the store. */
static int
read_addresses(struct zone_dns_server *server, const char *list)
{
	while (*list != '\0') {
		size_t len = strcspn(list, ",");
		char text[IP_TEXT_MAX];

		if (server->n_addresses == DNS_ADDRESSES_MAX)
			return -ERR_TOO_LARGE;
		if (str_format(text, sizeof(text), "%.*s", (int)len, list) !=
			0 ||
		    ip_parse(&server->addresses[server->n_addresses++], text) !=
			0)
			return -ERR_CORRUPT;
		list += len + (list[len] == ',');
	}
	return 0;
}

static int
add_server(void *arg, const struct dns_server *s)
{
	struct zone *zone = arg;
	struct zone_dns_server *server, *more;
	int err;

	if (zone->n_servers == ZONE_SERVERS_MAX)
		return -ERR_TOO_LARGE;
	more = reallocarray(
	    zone->servers, zone->n_servers + 1, sizeof(*zone->servers));
	if (more == NULL)
		return -ERR_NOMEM;
	zone->servers = more;
	server = &more[zone->n_servers];
	*server = (struct zone_dns_server){
	    .port = s->port, .current = strcmp(s->state, "current") == 0};
	err = str_format(server->adn, sizeof(server->adn), "%s", s->adn);
	if (err == 0)
		err = str_format(
		    server->label, sizeof(server->label), "%s", s->label);
	if (err == 0)
		err = str_format(
		    server->dohpath, sizeof(server->dohpath), "%s", s->dohpath);
	if (err == 0)
		err = read_addresses(server, s->addresses);
	zone->n_servers += err == 0;
	return err;
}

/* Not the addresses that mean all of them, or are another host's everywhere
 * else: unspecified, loopback, link-local. */
static bool
is_publishable(const struct ip_addr *ip)
{
	static const char *const others[] = {"0.0.0.0/8", "127.0.0.0/8",
	    "169.254.0.0/16", "::/127", "fe80::/10"};

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct ip_prefix prefix;

		if (ip_prefix_parse(&prefix, others[i]) != 0 ||
		    ip_prefix_contains(&prefix, ip))
			return false;
	}
	return true;
}

static uint16_t
port_of(const struct sockaddr *sa)
{
	/* sin_port and sin6_port are at the same place. */
	return ntohs(((const struct sockaddr_in *)(const void *)sa)->sin_port);
}

static void
add_own_addresses(struct zone *zone, const struct app *app)
{
	size_t n = engine_config(app->engine)->n_listen;

	for (size_t i = 0; i < n && i < ARRAY_LEN(zone->addresses); i++) {
		const struct sockaddr *sa = engine_address(app->engine, i);
		struct ip_addr ip;

		if (ip_from_sockaddr(&ip, sa) == 0 && is_publishable(&ip) &&
		    port_of(sa) == zone->services[0].port)
			zone->addresses[zone->n_addresses++] = ip;
	}
}

static int
compose(struct buf *text, struct zone *zone, struct request *request,
    struct reason *why)
{
	struct app *app = request->app;
	struct mdns_service services[SERVICES_MAX];
	int err;

	pthread_mutex_lock(&app->mutex);
	memcpy(services, app->services, sizeof(services));
	zone->n_services = app->n_services;
	pthread_mutex_unlock(&app->mutex);
	if (zone->n_services == 0 || services[0].port == 0)
		return reason_set(why, -ERR_BUSY, "estuaryd is starting");
	zone->services = services;
	zone->server_name = app->server_name;
	add_own_addresses(zone, app);
	err = dns_server_published(
	    request->reader, NULL, clock_now(), add_server, zone);
	if (err == 0)
		err = zone_compose(text, zone, why);
	zone->services = NULL;
	return err;
}

void
admin_discovery_zone(struct request *request)
{
	const char *domain = request_query(request, "domain");
	AUTOFREE struct zone *zone = calloc(1, sizeof(*zone));
	struct buf text = {0};
	struct reason why = {""};
	int err = zone != NULL ? 0 : -ERR_NOMEM;

	if (domain == NULL)
		domain = "";
	if (err == 0 && domain_normalize(zone->domain, domain) != 0)
		err = reason_set(&why, -ERR_INVALID,
		    "domain: '%.120s' is not a domain name", domain);
	if (err == 0)
		err = compose(&text, zone, request, &why);
	if (err == 0)
		reply_json(request, MHD_HTTP_OK,
		    json_pack("{ss ss}", "domain", zone->domain, "zone",
			buf_text(&text)));
	else
		reply_error(request, err, &why);
	if (zone != NULL)
		free(zone->servers);
	buf_fini(&text);
}
