/* The parts of a certification request that only this room sees. */
#ifndef CA_CSR_OPENSSL_H
#define CA_CSR_OPENSSL_H

#include <openssl/x509.h>

#include "ca/csr.h"

/* The key policy, before anything is computed with the key: -ERR_REFUSED with
 * a reason that names the key. */
int csr_key_check(X509_PUBKEY *key, struct reason *why) NODISCARD;

/* The SANs of the request's extensionRequest, none if it has none; refuses
 * attributes and extensions that it may not have. */
int csr_attributes_read(
    struct names *out, const X509_REQ *req, struct reason *why) NODISCARD;

/* Valid as long as the request. */
X509_PUBKEY *csr_public_key(const struct csr *csr);

#endif
