#include "mdns/embedded.h"

#include <stdlib.h>
#include <string.h>

#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-core/core.h>
#include <avahi-core/publish.h>

#include "mdns/stack.h"

struct embedded {
	struct backend backend; /* the first, so that one gives the other */
	AvahiServer *server;
	int error;
};

/* The core publishes nothing by itself, so that its own host name cannot
 * collide. */
static void
server_event(AvahiServer *server, AvahiServerState state, void *arg)
{
	struct embedded *e = arg;

	if (state == AVAHI_SERVER_COLLISION)
		e->error = AVAHI_ERR_COLLISION;
	else if (state == AVAHI_SERVER_FAILURE)
		e->error = avahi_server_errno(server);
}

static void
group_event(AvahiServer *server, AvahiSEntryGroup *handle,
    AvahiEntryGroupState state, void *arg)
{
	struct entry_group *group = arg;

	(void)handle;
	group->state = state;
	if (state == AVAHI_ENTRY_GROUP_FAILURE)
		group->error = avahi_server_errno(server);
}

static AvahiServer *
server_of(struct backend *b)
{
	return ((struct embedded *)b)->server;
}

static int
group_new(struct backend *b, struct entry_group *group)
{
	AvahiServer *server = server_of(b);

	*group = (struct entry_group){0};
	group->handle = avahi_s_entry_group_new(server, group_event, group);
	return group->handle != NULL ? 0 : avahi_server_errno(server);
}

static void
group_free(struct backend *b, struct entry_group *group)
{
	(void)b;
	if (group->handle != NULL)
		avahi_s_entry_group_free(group->handle);
	*group = (struct entry_group){0};
}

static int
add_address(struct backend *b, struct entry_group *group, const char *host,
    const struct interface_address *address)
{
	AvahiAddress a = {.proto = address->ip.len == 4 ? AVAHI_PROTO_INET
							: AVAHI_PROTO_INET6};

	memcpy(a.data.data, address->ip.bytes, address->ip.len);
	return avahi_server_add_address(server_of(b), group->handle,
	    (AvahiIfIndex)address->index, AVAHI_PROTO_UNSPEC,
	    AVAHI_PUBLISH_NO_REVERSE, host, &a);
}

static int
add_service(struct backend *b, struct entry_group *group,
    const struct service_record *record)
{
	return avahi_server_add_service_strlst(server_of(b), group->handle,
	    record->if_index == 0 ? AVAHI_IF_UNSPEC
				  : (AvahiIfIndex)record->if_index,
	    AVAHI_PROTO_UNSPEC, 0, record->name, record->type, record->domain,
	    record->host, record->port, record->txt);
}

static int
commit(struct backend *b, struct entry_group *group)
{
	(void)b;
	return avahi_s_entry_group_commit(group->handle);
}

static const struct backend embedded_template = {
    .domain = "local",
    .through = "",
    .group_new = group_new,
    .group_free = group_free,
    .add_address = add_address,
    .add_service = add_service,
    .commit = commit,
};

int
embedded_open(struct embedded **out, const AvahiPoll *poll,
    const struct mdns_config *config)
{
	AvahiServerConfig c;
	struct embedded *e;
	int error = AVAHI_ERR_NO_MEMORY;

	if (stack_config_init(&c, config) != 0)
		return AVAHI_ERR_NO_MEMORY;
	c.host_name = avahi_strdup(config->host_name);
	e = calloc(1, sizeof(*e));
	if (e != NULL && c.host_name != NULL) {
		e->backend = embedded_template;
		e->server = avahi_server_new(poll, &c, server_event, e, &error);
	}
	avahi_server_config_free(&c);
	if (e == NULL || e->server == NULL) {
		free(e);
		return error;
	}
	*out = e;
	return 0;
}

struct backend *
embedded_backend(struct embedded *e)
{
	return &e->backend;
}

int
embedded_error(const struct embedded *e)
{
	return e->error;
}

void
embedded_close(struct embedded *e)
{
	if (e == NULL)
		return;
	avahi_server_free(e->server);
	free(e);
}
