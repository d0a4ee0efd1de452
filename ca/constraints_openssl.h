/* Name constraints in OpenSSL's terms. */
#ifndef CA_CONSTRAINTS_OPENSSL_H
#define CA_CONSTRAINTS_OPENSSL_H

#include <openssl/x509v3.h>

#include "ca/constraints.h"

/* The extension's value with these as permitted subtrees. The caller frees. */
int constraints_to_openssl(
    NAME_CONSTRAINTS **out, const struct constraints *constraints) NODISCARD;

/* Holds the domains of the SRV-IDs among names against the permitted and the
 * excluded DNS subtrees of a CA certificate. */
int constraints_check_srv(
    const X509 *ca, const struct names *names, struct reason *why) NODISCARD;

#endif
