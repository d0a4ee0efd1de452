/* Announcing services by mDNS/DNS-SD (RFC 6762, RFC 6763), through avahi-daemon
 * or with an embedded Avahi core, on a thread of its own. */
#ifndef MDNS_ANNOUNCE_H
#define MDNS_ANNOUNCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define MDNS_TXT_MAX 16
#define MDNS_INTERFACES_MAX 16
#define MDNS_STATE_TEXT_MAX 256

struct mdns_service {
	char instance[64]; /* user-visible UTF-8, at most 63 octets */
	char type[32];     /* "_est._tcp" */
	uint16_t port;
	char txt[MDNS_TXT_MAX][256]; /* "key=value" */
	size_t n_txt;
};

enum mdns_backend {
	MDNS_AUTO,   /* through avahi-daemon while it runs, else embedded */
	MDNS_DAEMON, /* through avahi-daemon, or not at all */
	MDNS_EMBEDDED,
};

struct mdns_config {
	enum mdns_backend backend; /* for announcing */
	char host_name[64];        /* one label, without ".local" */
	char interfaces[MDNS_INTERFACES_MAX][16]; /* names; none: all usable */
	size_t n_interfaces;
};

struct mdns_announcer;

/* Announces in the background: what fails later (no interface yet, another
 * stack on the port, no daemon) is logged and tried again. On a name collision
 * another name is chosen. */
int mdns_announcer_start(struct mdns_announcer **out,
    const struct mdns_config *config, const struct mdns_service *services,
    size_t n) NODISCARD;
/* Replaces what is announced, from any thread. */
int mdns_announcer_update(struct mdns_announcer *announcer,
    const struct mdns_service *services, size_t n) NODISCARD;
/* One line for people: "announcing 'Estuary' as estuary-1a2b.local", or
 * "announcing 'Estuary' through avahi-daemon as estuary-1a2b.local". */
void mdns_announcer_state(
    struct mdns_announcer *announcer, char out[MDNS_STATE_TEXT_MAX]);
/* Sends the goodbye and joins the thread. NULL is accepted. */
void mdns_announcer_stop(struct mdns_announcer *announcer);

#endif
