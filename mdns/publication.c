#include "mdns/publication.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>

#include "base/log.h"
#include "base/str.h"
#include "mdns/host_records.h"
#include "mdns/interfaces.h"
#include "mdns/name.h"
#include "mdns/records.h"

#define ADDRESSES_MS 10000
/* [RFC6762 8.1]: after 15 conflicts within ten seconds, at least five seconds
 * before each further probe. */
#define CONFLICTS_MAX 15
#define CONFLICTS_WINDOW_MS 10000
#define CONFLICTS_HOLD_MS 5000

#define NAME_SIZE (MDNS_NAME_MAX + 1)
#define FQDN_SIZE 254 /* RFC 1035 2.3.4, in text */

/* A service as it is published: under another name after a collision. */
struct published {
	char name[NAME_SIZE];
	struct entry_group group;
	bool logged;
};

/* Where services are announced; index 0 is all interfaces. */
struct if_indexes {
	unsigned int items[MDNS_INTERFACES_MAX];
	size_t n;
};

struct publication {
	const struct mdns_config *config;
	struct backend *backend; /* NULL: none */
	char host[NAME_SIZE];
	char fqdn[FQDN_SIZE];

	struct host_records host_records;
	int64_t addresses_at;

	struct service_list services;
	struct published *published; /* one for each service */
	struct if_indexes indexes;

	unsigned int n_conflicts;
	int64_t last_conflict;
	int64_t hold_until;
};

int
publication_new(struct publication **out, const struct mdns_config *config)
{
	struct publication *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return -ERR_NOMEM;
	p->config = config;
	strcpy(p->host, config->host_name);
	*out = p;
	return 0;
}

void
publication_free(struct publication *p)
{
	if (p == NULL)
		return;
	service_list_fini(&p->services);
	free(p->published);
	free(p);
}

/* --- attaching and withdrawing --- */

static void
withdraw_services(struct publication *p)
{
	for (size_t i = 0; p->backend != NULL && i < p->services.n; i++)
		p->backend->group_free(p->backend, &p->published[i].group);
}

static void
withdraw_host(struct publication *p)
{
	if (p->backend != NULL)
		host_records_withdraw(&p->host_records, p->backend);
	p->addresses_at = 0;
}

void
publication_attach(struct publication *p, struct backend *backend)
{
	p->backend = backend;
	p->addresses_at = 0;
	for (size_t i = 0; i < p->services.n; i++)
		p->published[i].logged = false;
}

void
publication_detach(struct publication *p)
{
	withdraw_services(p);
	withdraw_host(p);
	p->backend = NULL;
}

void
publication_set_services(struct publication *p, struct service_list *services)
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
		strcpy(published[i].name, services->items[i].instance);
		/* A name that was found by a collision stays. */
		for (size_t j = 0; j < p->services.n; j++)
			if (p->published != NULL &&
			    strcmp(p->services.items[j].instance,
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

/* --- names --- */

static void
note_conflict(struct publication *p, int64_t now_ms)
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
		return AVAHI_ERR_NO_MEMORY;
	log_warn("mDNS name taken", "%s=%s new=%s", what, old,
	    log_quote(new, sizeof(new), name));
	return 0;
}

/* The services name the host, so they go with its name. */
static int
rename_host(struct publication *p, int64_t now_ms)
{
	withdraw_services(p);
	withdraw_host(p);
	note_conflict(p, now_ms);
	return take_name(p->host, avahi_alternative_host_name(p->host), "host");
}

static int
rename_service(struct publication *p, struct published *item, int64_t now_ms)
{
	p->backend->group_free(p->backend, &item->group);
	item->logged = false;
	note_conflict(p, now_ms);
	return take_name(
	    item->name, avahi_alternative_service_name(item->name), "instance");
}

/* --- the host --- */

/* The interfaces in the configuration's list that have an address; without a
 * list, all. */
static void
find_indexes(struct if_indexes *out, const struct mdns_config *config,
    const struct interface_addresses *addresses)
{
	*out = (struct if_indexes){.n = config->n_interfaces == 0 ? 1 : 0};
	if (config->n_interfaces == 0)
		return;
	for (size_t i = 0; i < addresses->n; i++) {
		unsigned int index = addresses->items[i].index;
		size_t j = 0;

		while (j < out->n && out->items[j] != index)
			j++;
		if (j == out->n && out->n < ARRAY_LEN(out->items))
			out->items[out->n++] = index;
	}
}

/* Publishes the host's addresses anew when they changed. */
static int
refresh_addresses(struct publication *p, int64_t now_ms)
{
	struct interface_addresses now;
	struct if_indexes indexes;

	p->addresses_at = now_ms + ADDRESSES_MS;
	if (interface_addresses_get(&now, p->config) != 0 ||
	    interface_addresses_equal(&now, &p->host_records.addresses))
		return 0;
	if (str_format(p->fqdn, sizeof(p->fqdn), "%s.%s", p->host,
		p->backend->domain) != 0)
		return AVAHI_ERR_INVALID_HOST_NAME;
	find_indexes(&indexes, p->config, &now);
	if (memcmp(&indexes, &p->indexes, sizeof(indexes)) != 0)
		withdraw_services(p);
	p->indexes = indexes;
	return host_records_publish(
	    &p->host_records, p->backend, p->fqdn, &now);
}

/* --- the services --- */

static void
log_announcing(const struct publication *p, const struct published *item,
    const struct mdns_service *service)
{
	char quoted[3 * NAME_SIZE];

	log_info("mDNS announcing", "instance=%s type=%s port=%d host=%s%s",
	    log_quote(quoted, sizeof(quoted), item->name), service->type,
	    service->port, p->fqdn, p->backend->through);
}

static int
step_service(struct publication *p, size_t i, int64_t now_ms)
{
	struct published *item = &p->published[i];
	int r = 0;

	if (item->group.state == AVAHI_ENTRY_GROUP_COLLISION &&
	    item->group.handle != NULL && now_ms >= p->hold_until)
		r = rename_service(p, item, now_ms);
	if (r == 0 && item->group.handle == NULL && now_ms >= p->hold_until)
		r = records_publish_service(p->backend, &item->group,
		    item->name, p->fqdn, &p->services.items[i],
		    p->indexes.items, p->indexes.n);
	/* Another service of this host has the name. */
	if (r == AVAHI_ERR_COLLISION && item->group.handle != NULL) {
		item->group.state = AVAHI_ENTRY_GROUP_COLLISION;
		r = 0;
	}
	if (item->group.state == AVAHI_ENTRY_GROUP_ESTABLISHED &&
	    !item->logged) {
		log_announcing(p, item, &p->services.items[i]);
		item->logged = true;
	}
	return r;
}

/* Of the first group that has failed. */
static int
group_error(const struct publication *p)
{
	if (host_records_error(&p->host_records) != 0)
		return host_records_error(&p->host_records);
	for (size_t i = 0; i < p->services.n; i++)
		if (p->published[i].group.error != 0)
			return p->published[i].group.error;
	return 0;
}

int
publication_step(struct publication *p, int64_t now_ms)
{
	int r = group_error(p);

	if (r == 0 && host_records_have_collided(&p->host_records) &&
	    now_ms >= p->hold_until)
		r = rename_host(p, now_ms);
	if (r == 0 && !host_records_have_collided(&p->host_records) &&
	    now_ms >= p->addresses_at && now_ms >= p->hold_until)
		r = refresh_addresses(p, now_ms);
	for (size_t i = 0; r == 0 && i < p->services.n &&
			   host_records_are_ready(&p->host_records);
	     i++)
		r = step_service(p, i, now_ms);
	return r;
}

int64_t
publication_due(const struct publication *p)
{
	bool waiting =
	    host_records_have_collided(&p->host_records) || group_error(p) != 0;
	int64_t due =
	    p->addresses_at > p->hold_until ? p->addresses_at : p->hold_until;

	for (size_t i = 0; i < p->services.n; i++) {
		const struct entry_group *group = &p->published[i].group;

		if ((group->handle == NULL &&
			host_records_are_ready(&p->host_records)) ||
		    (group->handle != NULL &&
			group->state == AVAHI_ENTRY_GROUP_COLLISION))
			waiting = true;
	}
	if (waiting && p->hold_until < due)
		due = p->hold_until;
	return due;
}

/* --- for people --- */

static bool
is_established(const struct published *item)
{
	return item->group.handle != NULL &&
	       item->group.state == AVAHI_ENTRY_GROUP_ESTABLISHED;
}

bool
publication_is_established(const struct publication *p)
{
	for (size_t i = 0; i < p->services.n; i++)
		if (!is_established(&p->published[i]))
			return false;
	return true;
}

void
publication_state(const struct publication *p, char out[MDNS_STATE_TEXT_MAX])
{
	const char *first = NULL;
	char more[32] = "";
	size_t n = 0;

	/* Services of one name are one to people. */
	for (size_t i = 0; i < p->services.n; i++) {
		const struct published *item = &p->published[i];

		if (!is_established(item) ||
		    (first != NULL && strcmp(item->name, first) == 0))
			continue;
		if (n++ == 0)
			first = item->name;
	}
	if (n > 1)
		snprintf(more, sizeof(more), " and %zu more", n - 1);
	if (p->services.n == 0)
		snprintf(out, MDNS_STATE_TEXT_MAX, "nothing to announce");
	else if (n == 0)
		snprintf(out, MDNS_STATE_TEXT_MAX,
		    p->host_records.addresses.n == 0
			? "waiting for an interface with an address"
			: "making sure that the names are free");
	else
		/* A long domain is cut. */
		snprintf(out, MDNS_STATE_TEXT_MAX,
		    "announcing '%s'%s%s as %.100s", first, more,
		    p->backend->through, p->fqdn);
}
