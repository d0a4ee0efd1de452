/* A registrar's certificates as a MASA gets them: unordered, from a domain that
 * nobody vouches for (RFC 8995 5.5). */
#ifndef CA_DOMAIN_CHAIN_H
#define CA_DOMAIN_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "ca/cert.h"

#define DOMAIN_CHAIN_MAX 8

/* out becomes leaf, then the CA that signed it, and so on upwards as far as
 * others go; what belongs to no such path is left out. The caller frees it also
 * after a failure. */
int domain_chain_order(struct cert_list *out, struct bytes leaf,
    const struct blob *others, size_t n_others, struct reason *why) NODISCARD;

/* True if cert is the chain's end entity, or was signed by one of its CAs. */
bool domain_chain_has(const struct cert_list *chain, struct bytes cert);
/* True if ca is one of the chain's certificates, or a CA that signed its top:
 * the domain is ca's. */
bool domain_chain_is_of(const struct cert_list *chain, struct bytes ca);

/* [RFC8995 5.5.4] The end entity may be a registrar: id-kp-cmcRA, and in date.
 * -ERR_REFUSED. */
int domain_chain_check_registrar(
    const struct cert_list *chain, int64_t now, struct reason *why) NODISCARD;

#endif
