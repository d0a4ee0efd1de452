/* What publishes records for us: avahi-daemon through its client (daemon.h), or
 * an Avahi core of our own (embedded.h). For one thread only. */
#ifndef MDNS_BACKEND_H
#define MDNS_BACKEND_H

#include <avahi-common/defs.h>
#include <avahi-common/strlst.h>

#include "base/error.h"
#include "mdns/interfaces.h"

#define BACKEND_DOMAIN_MAX 254 /* with the NUL */

/* Records that become visible together. It must stay where it is while it has a
 * handle: the backend writes the state into it. */
struct entry_group {
	void *handle; /* the backend's own, NULL for none */
	AvahiEntryGroupState state;
	int error; /* Avahi's, with the state AVAHI_ENTRY_GROUP_FAILURE */
};

/* PTR, SRV and TXT (RFC 6763 4.1, 6.1). */
struct service_record {
	unsigned int if_index; /* 0: on all that the backend uses */
	const char *name, *type, *domain;
	const char *host; /* full name */
	uint16_t port;
	AvahiStringList *txt;
};

/* Those with a result return 0 or Avahi's errors: negative, see
 * avahi_strerror(). */
struct backend {
	char domain[BACKEND_DOMAIN_MAX]; /* "local" */
	const char *through;             /* for people: "", " through ..." */

	/* An empty group in an empty slot. */
	int (*group_new)(struct backend *b, struct entry_group *group);
	/* With a goodbye; the slot may be empty, and is then. */
	void (*group_free)(struct backend *b, struct entry_group *group);
	/* A or AAAA of the host's full name on its interface alone, without a
	 * reverse name: another stack may have that. */
	int (*add_address)(struct backend *b, struct entry_group *group,
	    const char *host, const struct interface_address *address);
	/* AVAHI_ERR_COLLISION: the name is taken on this host. */
	int (*add_service)(struct backend *b, struct entry_group *group,
	    const struct service_record *record);
	int (*commit)(struct backend *b, struct entry_group *group);
};

#endif
