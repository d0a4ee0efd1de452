/* The service instances seen while browsing: checked, merged by name, bounded.
 * No sockets and no Avahi here. */
#ifndef MDNS_INSTANCES_H
#define MDNS_INSTANCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "mdns/browse.h"

#define INSTANCES_MAX 64

struct instance_entry {
	struct mdns_instance instance;
	int n_lookups; /* still at work */
	int64_t changed_ms;
	bool reported;
};

struct instances {
	struct instance_entry *entries[INSTANCES_MAX];
	size_t n;
	int64_t changed_ms; /* when the last instance or address came */
};

/* One answer: where an instance is, over one interface and protocol. */
struct instance_answer {
	const char *host;
	struct ip_addr ip;
	uint16_t port;
	unsigned int if_index;
	bool allow_loopback;
};

/* The entry of that name (case-blind, RFC 6762 16), made if need be. NULL if
 * the name is not valid, the table is full, or no memory. */
struct instance_entry *instances_get(
    struct instances *list, const char *name, int64_t now_ms);

/* Adds the answer's address, and the host if it is the first one. -ERR_INVALID:
 * the host is no domain name, the port is 0 or the address is none to connect
 * to; -ERR_EXISTS: known, or no room for it. */
int instances_add_answer(struct instances *list, struct instance_entry *entry,
    const struct instance_answer *answer, int64_t now_ms) NODISCARD;

/* Adds a TXT string. Strings with a NUL or without a key (RFC 6763 6.4), too
 * long ones, and those past the maximum are dropped: false. */
bool instance_add_txt(
    struct mdns_instance *instance, const uint8_t *text, size_t len);

/* True if it has an address, was not reported, and nothing is expected to be
 * added: no lookup is at work or nothing came for settle_ms. */
bool instance_is_ready(
    const struct instance_entry *entry, int64_t now_ms, int settle_ms);
/* True if something was found, all of it was reported or cannot be resolved,
 * and nothing new came for settle_ms. */
bool instances_are_settled(
    const struct instances *list, int64_t now_ms, int settle_ms);

void instances_fini(struct instances *list);

#endif
