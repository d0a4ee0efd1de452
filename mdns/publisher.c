#include "mdns/publisher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-core/core.h>
#include <avahi-core/publish.h>

#include "base/log.h"
#include "base/str.h"
#include "mdns/interfaces.h"
#include "mdns/name.h"
#include "mdns/records.h"
#include "mdns/stack.h"

#define RETRY_MS 30000
#define ADDRESSES_MS 10000
/* [RFC6762 8.1]: after 15 conflicts within ten seconds, at least five seconds
 * before each further probe. */
#define CONFLICTS_MAX 15
#define CONFLICTS_WINDOW_MS 10000
#define CONFLICTS_HOLD_MS 5000

#define NAME_SIZE (MDNS_NAME_MAX + 1)

/* A service as it is published: under another name after a collision. */
struct published {
	struct publisher *publisher;
	char name[NAME_SIZE];
	AvahiSEntryGroup *group; /* NULL while not published */
	bool collided;
	bool established;
	bool logged;
};

struct publisher {
	const AvahiPoll *poll;
	const struct mdns_config *config;
	char host[NAME_SIZE];
	AvahiServer *server;
	bool host_collided;
	AvahiSEntryGroup *host_group; /* the addresses */
	struct interface_addresses addresses;
	struct service_list services;
	struct published *published; /* one for each service */

	int error; /* Avahi's, 0 for none: the server must go */
	bool failure_logged;
	int64_t retry_at;
	int64_t addresses_at;

	unsigned int n_conflicts;
	int64_t last_conflict;
	int64_t hold_until;
};

static void
server_event(AvahiServer *server, AvahiServerState state, void *arg)
{
	struct publisher *p = arg;

	/* The first events come before avahi_server_new() returns. */
	p->server = server;
	if (state == AVAHI_SERVER_COLLISION)
		p->host_collided = true;
	else if (state == AVAHI_SERVER_FAILURE)
		p->error = avahi_server_errno(server);
}

static void
host_event(AvahiServer *server, AvahiSEntryGroup *group,
    AvahiEntryGroupState state, void *arg)
{
	struct publisher *p = arg;

	(void)group;
	if (state == AVAHI_ENTRY_GROUP_COLLISION)
		p->host_collided = true;
	else if (state == AVAHI_ENTRY_GROUP_FAILURE)
		p->error = avahi_server_errno(server);
}

static void
service_event(AvahiServer *server, AvahiSEntryGroup *group,
    AvahiEntryGroupState state, void *arg)
{
	struct published *item = arg;

	(void)group;
	item->established = state == AVAHI_ENTRY_GROUP_ESTABLISHED;
	if (state == AVAHI_ENTRY_GROUP_COLLISION)
		item->collided = true;
	else if (state == AVAHI_ENTRY_GROUP_FAILURE)
		item->publisher->error = avahi_server_errno(server);
}

int
publisher_new(struct publisher **out, const AvahiPoll *poll,
    const struct mdns_config *config)
{
	struct publisher *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -ERR_NOMEM;
	p->poll = poll;
	p->config = config;
	strcpy(p->host, config->host_name);
	*out = p;
	return 0;
}

static void
withdraw_services(struct publisher *p)
{
	for (size_t i = 0; i < p->services.n; i++) {
		struct published *item = &p->published[i];

		if (item->group != NULL)
			avahi_s_entry_group_free(item->group);
		item->group = NULL;
		item->collided = false;
		item->established = false;
	}
}

static void
withdraw_host(struct publisher *p)
{
	if (p->host_group != NULL)
		avahi_s_entry_group_free(p->host_group);
	p->host_group = NULL;
	p->addresses.n = 0;
	p->addresses_at = 0;
	p->host_collided = false;
}

static void
close_server(struct publisher *p)
{
	if (p->server == NULL)
		return;
	withdraw_services(p);
	withdraw_host(p);
	avahi_server_free(p->server);
	p->server = NULL;
}

void
publisher_free(struct publisher *p)
{
	if (p == NULL)
		return;
	close_server(p);
	service_list_fini(&p->services);
	free(p->published);
	free(p);
}

void
publisher_set_services(struct publisher *p, struct service_list *services)
{
	struct published *published;

	if (p->published != NULL &&
	    service_list_equal(&p->services, services)) {
		service_list_fini(services);
		return;
	}
	/* Moved before the old names go; taken by Avahi through its address. */
	published = calloc(services->n + 1, sizeof(*published));
	if (published == NULL) {
		log_error("mDNS services not updated", "reason=memory");
		service_list_fini(services);
		return;
	}
	for (size_t i = 0; i < services->n; i++) {
		published[i].publisher = p;
		strcpy(published[i].name, services->items[i].instance);
		/* A name that was found by a collision stays. */
		for (size_t j = 0; j < p->services.n; j++)
			if (strcmp(p->services.items[j].instance,
				services->items[i].instance) == 0 &&
			    strcmp(p->services.items[j].type,
				services->items[i].type) == 0)
				strcpy(published[i].name, p->published[j].name);
	}
	withdraw_services(p);
	free(p->published);
	service_list_fini(&p->services);
	p->published = published;
	p->services = *services;
	*services = (struct service_list){0};
}

/* Says so once for a row of failures. */
static void
fail(struct publisher *p, const char *reason, int64_t now_ms)
{
	if (!p->failure_logged)
		log_error("mDNS not announcing", "reason=\"%s\" retry_s=%d",
		    reason, RETRY_MS / 1000);
	p->failure_logged = true;
	p->error = 0;
	p->retry_at = now_ms + RETRY_MS;
	close_server(p);
}

static void
open_server(struct publisher *p, int64_t now_ms)
{
	AvahiServerConfig config;
	int error = AVAHI_ERR_FAILURE;

	if (stack_config_init(&config, p->config) != 0) {
		fail(p, "no memory", now_ms);
		return;
	}
	config.host_name = avahi_strdup(p->host);
	if (config.host_name != NULL)
		p->server =
		    avahi_server_new(p->poll, &config, server_event, p, &error);
	avahi_server_config_free(&config);
	if (p->server == NULL)
		fail(p,
		    error == AVAHI_ERR_NO_NETWORK
			? "port 5353 is held by an mDNS stack that does not "
			  "share it"
			: avahi_strerror(error),
		    now_ms);
	else
		log_info("mDNS started", "host=%s.local", p->host);
}

static void
note_conflict(struct publisher *p, int64_t now_ms)
{
	if (now_ms - p->last_conflict > CONFLICTS_WINDOW_MS)
		p->n_conflicts = 0;
	p->last_conflict = now_ms;
	if (++p->n_conflicts >= CONFLICTS_MAX)
		p->hold_until = now_ms + CONFLICTS_HOLD_MS;
}

/* Replaces name by what Avahi made of it, which it gives away. */
static int
take_name(char name[NAME_SIZE], char *alternative, const char *what)
{
	char old[3 * NAME_SIZE], new[3 * NAME_SIZE];
	int err = -ERR_NOMEM;

	log_quote(old, sizeof(old), name);
	if (alternative != NULL)
		err = str_format(name, NAME_SIZE, "%s", alternative);
	avahi_free(alternative);
	if (err != 0)
		return err;
	log_warn("mDNS name taken", "%s=%s new=%s", what, old,
	    log_quote(new, sizeof(new), name));
	return 0;
}

/* The services name the host, so they go with its name. */
static void
rename_host(struct publisher *p, int64_t now_ms)
{
	withdraw_services(p);
	withdraw_host(p);
	note_conflict(p, now_ms);
	if (take_name(p->host, avahi_alternative_host_name(p->host), "host") !=
	    0)
		p->error = AVAHI_ERR_NO_MEMORY;
	else if (avahi_server_set_host_name(p->server, p->host) < 0)
		p->error = avahi_server_errno(p->server);
}

static void
rename_service(struct publisher *p, struct published *item, int64_t now_ms)
{
	if (item->group != NULL)
		avahi_s_entry_group_free(item->group);
	item->group = NULL;
	item->collided = false;
	item->logged = false;
	note_conflict(p, now_ms);
	if (take_name(item->name, avahi_alternative_service_name(item->name),
		"instance") != 0)
		p->error = AVAHI_ERR_NO_MEMORY;
}

/* Publishes the host's addresses anew when they changed. */
static void
refresh_addresses(struct publisher *p, int64_t now_ms)
{
	struct interface_addresses now;
	int r;

	p->addresses_at = now_ms + ADDRESSES_MS;
	if (interface_addresses_get(&now, p->config) != 0 ||
	    (p->host_group != NULL &&
		interface_addresses_equal(&now, &p->addresses)))
		return;
	if (p->host_group == NULL)
		p->host_group =
		    avahi_s_entry_group_new(p->server, host_event, p);
	else
		avahi_s_entry_group_reset(p->host_group);
	if (p->host_group == NULL) {
		p->error = avahi_server_errno(p->server);
		return;
	}
	p->addresses = now;
	if (now.n == 0)
		return;
	r = records_add_addresses(p->server, p->host_group, &p->addresses);
	if (r < 0)
		p->error = r;
}

static bool
host_is_ready(const struct publisher *p)
{
	return p->host_group != NULL &&
	       avahi_s_entry_group_get_state(p->host_group) ==
		   AVAHI_ENTRY_GROUP_ESTABLISHED;
}

static void
publish_service(struct publisher *p, struct published *item,
    const struct mdns_service *service)
{
	int r;

	item->group = avahi_s_entry_group_new(p->server, service_event, item);
	if (item->group == NULL)
		r = avahi_server_errno(p->server);
	else
		r = records_add_service(
		    p->server, item->group, item->name, service);
	/* Another of our own services has the name. */
	if (r == AVAHI_ERR_COLLISION)
		item->collided = true;
	else if (r < 0)
		p->error = r;
}

static void
step_service(struct publisher *p, size_t i, int64_t now_ms)
{
	struct published *item = &p->published[i];
	char quoted[3 * NAME_SIZE];

	if (item->collided && now_ms >= p->hold_until)
		rename_service(p, item, now_ms);
	if (item->group == NULL && now_ms >= p->hold_until)
		publish_service(p, item, &p->services.items[i]);
	if (item->established && !item->logged)
		log_info("mDNS announcing",
		    "instance=%s type=%s port=%d host=%s.local",
		    log_quote(quoted, sizeof(quoted), item->name),
		    p->services.items[i].type, p->services.items[i].port,
		    p->host);
	if (item->established) {
		item->logged = true;
		p->failure_logged = false;
	}
}

void
publisher_step(struct publisher *p, int64_t now_ms)
{
	if (p->server == NULL && now_ms >= p->retry_at)
		open_server(p, now_ms);
	if (p->server == NULL)
		return;
	if (p->host_collided && now_ms >= p->hold_until)
		rename_host(p, now_ms);
	if (!p->host_collided && p->error == 0 && now_ms >= p->addresses_at &&
	    now_ms >= p->hold_until)
		refresh_addresses(p, now_ms);
	if (!p->host_collided && p->error == 0 && host_is_ready(p))
		for (size_t i = 0; p->error == 0 && i < p->services.n; i++)
			step_service(p, i, now_ms);
	if (p->error != 0)
		fail(p, avahi_strerror(p->error), now_ms);
}

int64_t
publisher_due(const struct publisher *p)
{
	bool waiting = p->host_collided;
	int64_t due;

	if (p->server == NULL)
		return p->retry_at;
	due = p->addresses_at > p->hold_until ? p->addresses_at : p->hold_until;
	for (size_t i = 0; i < p->services.n; i++)
		if (p->published[i].collided ||
		    (p->published[i].group == NULL && host_is_ready(p)))
			waiting = true;
	if (waiting && p->hold_until < due)
		due = p->hold_until;
	return due;
}

void
publisher_state(const struct publisher *p, char out[MDNS_STATE_TEXT_MAX])
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < p->services.n; i++)
		if (p->published[i].established && n++ == 0)
			first = p->published[i].name;
	if (p->server == NULL)
		snprintf(out, MDNS_STATE_TEXT_MAX,
		    "not announcing, trying again every %d seconds",
		    RETRY_MS / 1000);
	else if (p->services.n == 0)
		snprintf(out, MDNS_STATE_TEXT_MAX, "nothing to announce");
	else if (n == 0)
		snprintf(out, MDNS_STATE_TEXT_MAX,
		    p->addresses.n == 0
			? "waiting for an interface with an address"
			: "making sure that the names are free");
	else if (n == 1)
		snprintf(out, MDNS_STATE_TEXT_MAX,
		    "announcing '%s' as %s.local", first, p->host);
	else
		snprintf(out, MDNS_STATE_TEXT_MAX,
		    "announcing '%s' and %zu more as %s.local", first, n - 1,
		    p->host);
}
