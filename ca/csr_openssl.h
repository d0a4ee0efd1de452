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
int csr_attributes_read(struct csr_attributes *out,
    const STACK_OF(X509_ATTRIBUTE) * list, struct reason *why) NODISCARD;

int csr_proof_failed(struct reason *why);

/*
 * The request that nearly everybody sends, for P-256 and signed with
 * ecdsa-with-SHA256, cut into its parts. OpenSSL decodes the key in every
 * request that it reads, which takes twice as long as verifying the signature;
 * this leaves it alone until it is needed. Anything else, or anything odd, is
 * for the general way, which accepts the same requests and reads the same in
 * them (tests/fuzz/fuzz_csr_p256.c).
 */
struct csr_slices {              /* of the request */
	struct bytes info;       /* CertificationRequestInfo, what is signed */
	struct bytes subject;    /* Name */
	struct bytes point;      /* uncompressed; maybe not on the curve */
	struct bytes attributes; /* of the SET OF, without its header */
	struct bytes signature;  /* ECDSA-Sig-Value, unread */
};

/* False: not of this kind. der has passed der_check(). */
bool csr_slice(struct csr_slices *out, struct bytes der) NODISCARD;
/* NULL: malformed, or out of memory. */
STACK_OF(X509_ATTRIBUTE) *
    csr_slice_attributes(const struct csr_slices *slices) NODISCARD;
void csr_attribute_list_freep(STACK_OF(X509_ATTRIBUTE) * *list);
/* Encoded, not decoded: X509_PUBKEY_get0() has nothing. NULL: out of memory. */
X509_PUBKEY *csr_slice_key(const struct csr_slices *slices) NODISCARD;
/* -ERR_INVALID for a point that is not on the curve, -ERR_REFUSED for a wrong
 * signature. */
int csr_slice_verify(
    const struct csr_slices *slices, struct reason *why) NODISCARD;

/* All but the proof. may_slice is false for the general way alone, which the
 * fuzz target compares with. */
int csr_read(struct csr **out, struct bytes der, bool may_slice,
    struct reason *why) NODISCARD;

/* Valid as long as the request. */
X509_PUBKEY *csr_public_key(const struct csr *csr);

/* The key of a request that csr_parse() would take, or the common one's before
 * anything else of it is read: for the signer, which takes nothing else. */
int csr_proved_key(
    X509_PUBKEY **out, struct bytes der, struct reason *why) NODISCARD;

#endif
