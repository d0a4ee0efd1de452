#include "mdns/daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/error.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "mdns/symbol_clash.h"

/* Without a system bus: soon again, then ever later. */
#define RETRY_MIN_MS 500
#define RETRY_MAX_MS 10000
/* A daemon that does not answer or does not want us. */
#define RETRY_REFUSED_MS 60000

struct daemon {
	struct backend backend; /* the first, so that one gives the other */
	struct bus_guard *guard;
	AvahiClient *client; /* NULL: no bus, or waiting */
	AvahiClientState state;
	int error; /* Avahi's, 0 for none: the client must go */
	bool reset;
	int64_t running_since;
	int64_t retry_at;
	int64_t retry_ms;
	char reason[128];
};

/* Comes from within avahi_client_new() too, before that returns. */
static void
client_event(AvahiClient *client, AvahiClientState state, void *arg)
{
	struct daemon *d = arg;

	if (state != AVAHI_CLIENT_S_RUNNING)
		d->reset = true;
	else if (d->state != AVAHI_CLIENT_S_RUNNING)
		d->running_since = clock_monotonic_ms();
	d->state = state;
	if (state == AVAHI_CLIENT_FAILURE)
		d->error = avahi_client_errno(client);
}

static void
group_event(AvahiEntryGroup *handle, AvahiEntryGroupState state, void *arg)
{
	struct entry_group *group = arg;

	group->state = state;
	if (state == AVAHI_ENTRY_GROUP_FAILURE)
		group->error =
		    avahi_client_errno(avahi_entry_group_get_client(handle));
}

static int
group_new(struct backend *b, struct entry_group *group)
{
	AvahiClient *client = ((struct daemon *)b)->client;

	*group = (struct entry_group){0};
	symbol_clash_enter_client();
	group->handle = avahi_entry_group_new(client, group_event, group);
	symbol_clash_leave_client();
	return group->handle != NULL ? 0 : avahi_client_errno(client);
}

static void
group_free(struct backend *b, struct entry_group *group)
{
	(void)b;
	/* A daemon that has gone has withdrawn it already. */
	symbol_clash_enter_client();
	if (group->handle != NULL)
		(void)avahi_entry_group_free(group->handle);
	symbol_clash_leave_client();
	*group = (struct entry_group){0};
}

static int
add_address(struct backend *b, struct entry_group *group, const char *host,
    const struct interface_address *address)
{
	AvahiAddress a = {.proto = address->ip.len == 4 ? AVAHI_PROTO_INET
							: AVAHI_PROTO_INET6};

	(void)b;
	memcpy(a.data.data, address->ip.bytes, address->ip.len);
	return avahi_entry_group_add_address(group->handle,
	    (AvahiIfIndex)address->index, AVAHI_PROTO_UNSPEC,
	    AVAHI_PUBLISH_NO_REVERSE, host, &a);
}

static int
add_service(struct backend *b, struct entry_group *group,
    const struct service_record *record)
{
	(void)b;
	return avahi_entry_group_add_service_strlst(group->handle,
	    record->if_index == 0 ? AVAHI_IF_UNSPEC
				  : (AvahiIfIndex)record->if_index,
	    AVAHI_PROTO_UNSPEC, 0, record->name, record->type, record->domain,
	    record->host, record->port, record->txt);
}

static int
commit(struct backend *b, struct entry_group *group)
{
	(void)b;
	return avahi_entry_group_commit(group->handle);
}

int
daemon_new(struct daemon **out, struct bus_guard *guard)
{
	struct daemon *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return -ERR_NOMEM;
	d->backend = (struct backend){
	    .through = " through avahi-daemon",
	    .group_new = group_new,
	    .group_free = group_free,
	    .add_address = add_address,
	    .add_service = add_service,
	    .commit = commit,
	};
	d->guard = guard;
	*out = d;
	return 0;
}

static void
close_client(struct daemon *d)
{
	symbol_clash_enter_client();
	if (d->client != NULL)
		avahi_client_free(d->client);
	symbol_clash_leave_client();
	d->client = NULL;
	d->error = 0;
	d->state = AVAHI_CLIENT_CONNECTING;
	d->reset = true;
	bus_guard_forget(d->guard);
}

void
daemon_free(struct daemon *d)
{
	if (d == NULL)
		return;
	close_client(d);
	free(d);
}

static void
set_reason(struct daemon *d, const char *text)
{
	snprintf(d->reason, sizeof(d->reason), "%s", text);
}

static void
close_and_wait(struct daemon *d, int64_t now_ms, int64_t wait_ms)
{
	close_client(d);
	d->retry_at = now_ms + wait_ms;
}

static void
open_client(struct daemon *d, int64_t now_ms)
{
	int error = AVAHI_ERR_FAILURE;
	bool cut;

	/* It keeps libdbus from ending the program when the bus goes. */
	symbol_clash_enter_client();
	d->client = avahi_client_new(bus_guard_poll(d->guard),
	    AVAHI_CLIENT_NO_FAIL, client_event, d, &error);
	symbol_clash_leave_client();
	if (d->client != NULL && bus_guard_is_elsewhere(d->guard)) {
		set_reason(d, "it is in another network namespace");
		close_and_wait(d, now_ms, RETRY_REFUSED_MS);
		return;
	}
	if (d->client != NULL) {
		d->retry_ms = 0;
		return;
	}
	cut = bus_guard_has_cut(d->guard);
	/* What it says when there is no bus. */
	set_reason(d, error == AVAHI_ERR_NO_DAEMON ? "no D-Bus system bus"
						   : avahi_strerror(error));
	d->retry_ms = d->retry_ms * 2;
	if (d->retry_ms < RETRY_MIN_MS)
		d->retry_ms = RETRY_MIN_MS;
	if (d->retry_ms > RETRY_MAX_MS)
		d->retry_ms = RETRY_MAX_MS;
	close_and_wait(d, now_ms, cut ? RETRY_REFUSED_MS : d->retry_ms);
}

enum daemon_state
daemon_step(struct daemon *d, int64_t now_ms)
{
	bool cut = d->client != NULL && bus_guard_has_cut(d->guard);

	if (cut || d->error != 0) {
		/* A daemon that has just gone may be back at once, and then
		 * nobody would tell us. */
		set_reason(
		    d, cut ? "it does not answer" : avahi_strerror(d->error));
		close_and_wait(d, now_ms, cut ? RETRY_REFUSED_MS : 0);
	}
	if (d->client == NULL && now_ms >= d->retry_at)
		open_client(d, now_ms);
	if (d->client == NULL || d->error != 0)
		return DAEMON_ABSENT;
	switch (d->state) {
	case AVAHI_CLIENT_S_RUNNING:
		return DAEMON_RUNNING;
	case AVAHI_CLIENT_S_REGISTERING:
	case AVAHI_CLIENT_S_COLLISION:
		return DAEMON_STARTING;
	default:
		set_reason(d, "it does not run");
		return DAEMON_ABSENT;
	}
}

int64_t
daemon_due(const struct daemon *d)
{
	if (d->error != 0)
		return 0;
	return d->client == NULL ? d->retry_at : INT64_MAX;
}

int64_t
daemon_settled_at(const struct daemon *d, int64_t settle_ms)
{
	return d->client != NULL && d->state == AVAHI_CLIENT_S_RUNNING
		   ? d->running_since + settle_ms
		   : INT64_MAX;
}

struct backend *
daemon_backend(struct daemon *d)
{
	const char *domain = avahi_client_get_domain_name(d->client);

	d->reset = false;
	if (domain == NULL || str_format(d->backend.domain, BACKEND_DOMAIN_MAX,
				  "%s", domain) != 0)
		return NULL;
	return &d->backend;
}

bool
daemon_holds(const struct daemon *d)
{
	return d->client != NULL && d->error == 0 && !d->reset &&
	       d->state == AVAHI_CLIENT_S_RUNNING &&
	       !bus_guard_has_cut(d->guard);
}

void
daemon_refuse(struct daemon *d, int64_t now_ms)
{
	set_reason(d, "it does not take our records");
	close_and_wait(d, now_ms, RETRY_REFUSED_MS);
}

const char *
daemon_reason(const struct daemon *d)
{
	return d->reason;
}
