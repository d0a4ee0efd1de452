/* The parts of a certification request that only this room sees. */
#ifndef CA_CSR_OPENSSL_H
#define CA_CSR_OPENSSL_H

#include <openssl/x509.h>

#include "ca/csr.h"

/* The key policy, before anything is computed with the key: -ERR_REFUSED with
 * a reason that names the key. */
int csr_key_check(X509_PUBKEY *key, struct reason *why) NODISCARD;

struct csr_attributes {
	struct names names; /* of the extensionRequest, none if it has none */
	char challenge[CSR_CHALLENGE_MAX]; /* "" if it has none */
};

/* Refuses attributes and extensions that a request may not have. */
int csr_attributes_read(struct csr_attributes *out, const X509_REQ *req,
    struct reason *why) NODISCARD;

/* Valid as long as the request. */
X509_PUBKEY *csr_public_key(const struct csr *csr);

#endif
