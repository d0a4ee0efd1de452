/* The system's own DNS, unencrypted and not to be trusted: where to look, never
 * whom to believe. */
#ifndef CLIENT_SYSTEM_DNS_H
#define CLIENT_SYSTEM_DNS_H

#include "client/resolver.h"
#include "mdns/browse.h"

struct system_dns;

/* Reads the servers and search domains of a resolv.conf (NULL: the system's);
 * every question ends by deadline_ms of clock_monotonic_ms(). -ERR_NOT_FOUND
 * when it names no server. */
int system_dns_new(struct system_dns **out, const char *resolv_conf,
    int64_t deadline_ms) NODISCARD;
void system_dns_free(struct system_dns *dns);

/* Unicast DNS-SD (RFC 6763) for "_est._tcp" and the like in each search
 * domain; found as for mdns_browse(). 0 also when nothing was found. */
int system_dns_browse(struct system_dns *dns, const char *type,
    mdns_instance_fn found, void *arg) NODISCARD;

/* Port, ALPN, path and addresses of the resolver's ADN and label from the SVCB
 * record at _dns.ADN (RFC 9461). -ERR_NOT_FOUND when no record fits. */
int system_dns_svcb(
    struct system_dns *dns, struct resolver *resolver) NODISCARD;

#endif
