/* From what the EST server hands out to the DNS services of the network:
 * /eecerts says which certificates, /resolvers.json where they are served. */
#ifndef CLIENT_RESOLVERS_H
#define CLIENT_RESOLVERS_H

#include "ca/cert.h"
#include "ca/trust.h"
#include "client/resolver.h"

#define RESOLVERS_JSON_MAX_BYTES (1024 * 1024)
#define RESOLVERS_JSON_MAX_ENTRIES 256

/* True if the certificate carries an SRV-ID of a DNS service, whatever its
 * domain. */
bool cert_is_dns_server(const struct cert_info *info);

/* Appends one resolver for each SRV-ID "_domain-s" or "_doh" of the
 * certificate whose domain is also one of its DNS-IDs: that is the ADN. Nothing
 * but the SRV-ID picks (draft-reddy-add-iot-byod-bootstrap 4.1 step 4). An
 * SRV-ID without its DNS-ID is left out with a warning. */
int resolvers_pick(struct resolver_set *set, const struct cert_info *info,
    struct bytes der) NODISCARD;

/* Picks from the certificates of /eecerts, each validated against trust at
 * time now; one that does not validate is rejected with a warning (RFC 8295
 * 3.2). -ERR_REFUSED when none was good, -ERR_NOT_FOUND when none is a DNS
 * server's. */
int resolvers_from_eecerts(struct resolver_set *out,
    const struct cert_list *eecerts, const struct trust *trust, int64_t now,
    struct reason *why) NODISCARD;

/* Adds those certificates of /eecerts that have no SRV-ID of a DNS service at
 * all, but an entry of /resolvers.json says by hash that they serve an ADN
 * which is one of their DNS-IDs: the EST server's word in the SRV-ID's place,
 * for CAs that issue none. Each is validated as above; a bad one is rejected
 * with a warning. */
int resolvers_add_asserted(struct resolver_set *set,
    const struct cert_list *eecerts, struct bytes json,
    const struct trust *trust, int64_t now, struct reason *why) NODISCARD;

/* True for a resolver whose certificate has no SRV-ID: see above. */
bool resolver_is_asserted(const struct resolver *resolver);

/* Adds addresses, port, ALPN, path and state from a /resolvers.json text.
 * Entries are matched by the certificate's SHA-256, ADN and label; an entry
 * without its certificate in set is ignored. A certificate
 * without an entry takes the place of another one of its ADN and label, and
 * keeps port 0 when there is none. */
int resolvers_describe(
    struct resolver_set *set, struct bytes json, struct reason *why) NODISCARD;

#endif
