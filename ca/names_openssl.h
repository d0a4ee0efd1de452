/* struct names to and from OpenSSL's subjectAltName. */
#ifndef CA_NAMES_OPENSSL_H
#define CA_NAMES_OPENSSL_H

#include <openssl/x509v3.h>

#include "ca/names.h"

/* RFC 5280 4.2.1.6, RFC 4985 2. A dNSName, iPAddress or SRV-ID that is not
 * well-formed is refused; other types become NAME_OTHER. */
int names_from_general(struct names *out, const GENERAL_NAMES *general,
    struct reason *why) NODISCARD;
/* NAME_OTHER is -ERR_INVALID. The caller frees. */
int names_to_general(GENERAL_NAMES **out, const struct names *names) NODISCARD;

/* The same out of an extension. */
int names_from_ext(
    struct names *out, X509_EXTENSION *ext, struct reason *why) NODISCARD;

#endif
