#include "mdns/browse.h"

#include <string.h>

#include <avahi-common/error.h>
#include <avahi-common/simple-watch.h>
#include <avahi-common/strlst.h>
#include <avahi-core/core.h>
#include <avahi-core/lookup.h>

#include "base/clock.h"
#include "base/log.h"
#include "mdns/instances.h"
#include "mdns/interfaces.h"
#include "mdns/name.h"
#include "mdns/stack.h"

/* At work at one time: each instance, over two interfaces and both protocols,
 * for both address families. */
#define LOOKUPS_MAX (INSTANCES_MAX * 8)
/* How late the end may be noticed. */
#define TURN_MS 50

struct lookup {
	struct browsing *browsing;
	struct instance_entry *entry;
	AvahiSServiceResolver *resolver; /* NULL: free for use */
};

struct browsing {
	AvahiSimplePoll *poll;
	AvahiServer *server;
	struct instances instances;
	struct lookup lookups[LOOKUPS_MAX];
	bool allow_loopback;
	bool failed;
};

/* A list's first element is the last string of the record. */
static int
add_txt(struct mdns_instance *instance, const AvahiStringList *received)
{
	AvahiStringList *list;

	if (received == NULL)
		return 0;
	list = avahi_string_list_copy(received);
	if (list == NULL)
		return -ERR_NOMEM;
	list = avahi_string_list_reverse(list);
	for (AvahiStringList *i = list; i != NULL; i = i->next)
		(void)instance_add_txt(instance, i->text, i->size);
	avahi_string_list_free(list);
	return 0;
}

static void
take_answer(struct browsing *b, struct instance_entry *entry,
    AvahiIfIndex index, const char *host, const AvahiAddress *a, uint16_t port,
    const AvahiStringList *txt)
{
	struct instance_answer answer = {
	    .host = host,
	    .ip.len = a->proto == AVAHI_PROTO_INET ? 4 : 16,
	    .port = port,
	    .if_index = index > 0 ? (unsigned int)index : 0,
	    .allow_loopback = b->allow_loopback,
	};
	bool first = entry->instance.n_addresses == 0;

	/* What was reported stays as it was. */
	if (entry->reported)
		return;
	memcpy(answer.ip.bytes, a->data.data, answer.ip.len);
	if (instances_add_answer(
		&b->instances, entry, &answer, clock_monotonic_ms()) != 0)
		return;
	if (first && add_txt(&entry->instance, txt) != 0)
		b->failed = true;
}

static void
on_resolved(AvahiSServiceResolver *resolver, AvahiIfIndex index,
    AvahiProtocol protocol, AvahiResolverEvent event, const char *name,
    const char *type, const char *domain, const char *host,
    const AvahiAddress *a, uint16_t port, AvahiStringList *txt,
    AvahiLookupResultFlags flags, void *arg)
{
	struct lookup *lookup = arg;

	(void)protocol;
	(void)name;
	(void)type;
	(void)domain;
	(void)flags;
	if (event == AVAHI_RESOLVER_FOUND && host != NULL && a != NULL)
		take_answer(
		    lookup->browsing, lookup->entry, index, host, a, port, txt);
	lookup->entry->n_lookups--;
	lookup->resolver = NULL;
	avahi_s_service_resolver_free(resolver);
}

static struct lookup *
lookup_get(struct browsing *b)
{
	for (size_t i = 0; i < LOOKUPS_MAX; i++)
		if (b->lookups[i].resolver == NULL)
			return &b->lookups[i];
	return NULL;
}

static void
start_lookup(struct browsing *b, struct instance_entry *entry,
    AvahiIfIndex index, AvahiProtocol protocol, const char *name,
    const char *type, AvahiProtocol family)
{
	struct lookup *lookup = lookup_get(b);

	if (lookup == NULL)
		return;
	lookup->browsing = b;
	lookup->entry = entry;
	/* Prepared first, since it may answer from the cache at once. */
	lookup->resolver = avahi_s_service_resolver_prepare(b->server, index,
	    protocol, name, type, NULL, family, 0, on_resolved, lookup);
	if (lookup->resolver == NULL)
		return;
	entry->n_lookups++;
	avahi_s_service_resolver_start(lookup->resolver);
}

static void
on_browsed(AvahiSServiceBrowser *browser, AvahiIfIndex index,
    AvahiProtocol protocol, AvahiBrowserEvent event, const char *name,
    const char *type, const char *domain, AvahiLookupResultFlags flags,
    void *arg)
{
	struct browsing *b = arg;
	struct instance_entry *entry;

	(void)browser;
	(void)domain;
	(void)flags;
	if (event == AVAHI_BROWSER_FAILURE)
		b->failed = true;
	if (event != AVAHI_BROWSER_NEW)
		return;
	entry = instances_get(&b->instances, name, clock_monotonic_ms());
	if (entry == NULL || entry->reported)
		return;
	start_lookup(b, entry, index, protocol, name, type, AVAHI_PROTO_INET);
	start_lookup(b, entry, index, protocol, name, type, AVAHI_PROTO_INET6);
}

static void
on_server(AvahiServer *server, AvahiServerState state, void *arg)
{
	struct browsing *b = arg;

	(void)server;
	if (state == AVAHI_SERVER_FAILURE)
		b->failed = true;
}

static int
open_server(struct browsing *b, const struct mdns_config *interfaces)
{
	AvahiServerConfig config;
	int error = AVAHI_ERR_FAILURE;
	int err;

	err = stack_config_init(&config, interfaces);
	if (err != 0)
		return err;
	config.disable_publishing = 1;
	b->server = avahi_server_new(
	    avahi_simple_poll_get(b->poll), &config, on_server, b, &error);
	avahi_server_config_free(&config);
	if (b->server != NULL)
		return 0;
	if (error == AVAHI_ERR_NO_MEMORY)
		return -ERR_NOMEM;
	log_error("mDNS browsing not possible", "reason=\"%s\"",
	    error == AVAHI_ERR_NO_NETWORK
		? "port 5353 is held by an mDNS stack that does not share it"
		: avahi_strerror(error));
	return error == AVAHI_ERR_NO_NETWORK ? -ERR_BUSY : -ERR_IO;
}

/* Reports what is ready, or at the end all that has an address. */
static int
report(struct browsing *b, bool at_end, int settle_ms, mdns_instance_fn found,
    void *arg)
{
	int64_t now_ms = clock_monotonic_ms();

	for (size_t i = 0; i < b->instances.n; i++) {
		struct instance_entry *entry = b->instances.entries[i];

		if (!instance_is_ready(entry, now_ms, at_end ? 0 : settle_ms))
			continue;
		entry->reported = true;
		if (found(arg, &entry->instance) != 0)
			return 1;
	}
	return 0;
}

static int
browse_until(struct browsing *b, int64_t end_ms, int settle_ms,
    mdns_instance_fn found, void *arg)
{
	int64_t left_ms = end_ms - clock_monotonic_ms();

	while (left_ms > 0) {
		if (avahi_simple_poll_iterate(b->poll,
			left_ms < TURN_MS ? (int)left_ms : TURN_MS) < 0)
			b->failed = true;
		if (b->failed) {
			log_error("mDNS browsing failed", "reason=\"%s\"",
			    avahi_strerror(avahi_server_errno(b->server)));
			return -ERR_IO;
		}
		if (report(b, false, settle_ms, found, arg) != 0)
			return 0;
		if (instances_are_settled(
			&b->instances, clock_monotonic_ms(), settle_ms))
			return 0;
		left_ms = end_ms - clock_monotonic_ms();
	}
	(void)report(b, true, settle_ms, found, arg);
	return 0;
}

static int
browse(struct browsing *b, const char *type,
    const struct mdns_config *interfaces, int64_t end_ms, int settle_ms,
    mdns_instance_fn found, void *arg)
{
	int err;

	b->poll = avahi_simple_poll_new();
	if (b->poll == NULL)
		return -ERR_NOMEM;
	b->allow_loopback = interfaces_name_loopback(interfaces);
	err = open_server(b, interfaces);
	if (err != 0)
		return err;
	if (avahi_s_service_browser_new(b->server, AVAHI_IF_UNSPEC,
		AVAHI_PROTO_UNSPEC, type, NULL, 0, on_browsed, b) == NULL)
		return -ERR_NOMEM;
	return browse_until(b, end_ms, settle_ms, found, arg);
}

int
mdns_browse(const char *type, const struct mdns_config *interfaces,
    int timeout_ms, int settle_ms, mdns_instance_fn found, void *arg)
{
	struct browsing *b;
	int err;

	if (!mdns_type_is_valid(type))
		return -ERR_INVALID;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return -ERR_NOMEM;
	stack_log_install();
	err = browse(b, type, interfaces, clock_monotonic_ms() + timeout_ms,
	    settle_ms, found, arg);
	/* Frees its browser and resolvers too. */
	if (b->server != NULL)
		avahi_server_free(b->server);
	if (b->poll != NULL)
		avahi_simple_poll_free(b->poll);
	instances_fini(&b->instances);
	free(b);
	return err;
}
