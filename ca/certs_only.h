/* The certs-only CMS message (RFC 5652 SignedData without content or signers):
 * RFC 7030 4.1.3, RFC 8295 3. */
#ifndef CA_CERTS_ONLY_H
#define CA_CERTS_ONLY_H

#include "ca/cert.h"

#define CERTS_ONLY_MAX_BYTES (1024 * 1024)

int certs_only_encode(
    struct blob *out, const struct cert_list *certs) NODISCARD;
/* Refuses signers, content, CRLs, trailing bytes, more than CERT_LIST_MAX
 * certificates, and none. */
int certs_only_decode(
    struct cert_list *out, struct bytes der, struct reason *why) NODISCARD;

#endif
