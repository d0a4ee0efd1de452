/* avahi-daemon as backend, through its client over D-Bus. The connection is
 * kept, and made anew when the daemon or D-Bus has gone. */
#ifndef MDNS_DAEMON_H
#define MDNS_DAEMON_H

#include <stdbool.h>
#include <stdint.h>

#include "mdns/backend.h"
#include "mdns/bus_guard.h"

struct daemon;

enum daemon_state {
	DAEMON_ABSENT,   /* no D-Bus, no daemon, or not to be used */
	DAEMON_STARTING, /* it looks for a free host name */
	DAEMON_RUNNING,
};

/* Connects at the first step. The guard must outlive it. */
int daemon_new(struct daemon **out, struct bus_guard *guard) NODISCARD;
/* NULL is accepted. What is left published goes, with a goodbye. */
void daemon_free(struct daemon *d);

/* Connects when that is due, and tells how the daemon is. Not while
 * anything is published by it: that would go with the client. */
enum daemon_state daemon_step(struct daemon *d, int64_t now_ms);
/* When to call daemon_step() at the latest. */
int64_t daemon_due(const struct daemon *d);
/* When it will have been running for settle_ms without a break; INT64_MAX if it
 * does not run. */
int64_t daemon_settled_at(const struct daemon *d, int64_t settle_ms);

/* Begins to publish: only while it runs; NULL if it does not answer. Valid
 * while daemon_holds(). */
struct backend *daemon_backend(struct daemon *d);
/* False if the daemon was not running in between, though it may run again: what
 * was published since daemon_backend() must be freed, and published anew. */
bool daemon_holds(const struct daemon *d);
/* It does not take our records: absent for a minute. Free groups before. */
void daemon_refuse(struct daemon *d, int64_t now_ms);
/* Why it is absent: for people. */
const char *daemon_reason(const struct daemon *d);

#endif
