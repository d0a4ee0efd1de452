/*
 * A checkpoint of the audit log, as the signer signs it. The signer never signs
 * a digest that it is handed: it composes what is signed by itself, and what is
 * signed cannot be taken for anything else that the issuing CA's key signs. A
 * certificate's, a CRL's and a request's begin with 0x30; this begins with
 *0x00.
 *
 *	signed = text "estuary audit checkpoint 1" || SHA-256 of the issuing
 *CA's certificate || counter || at || last_id || head
 *
 * Numbers are 8 octets, big-endian; a text is its length in octets as 4 octets,
 * big-endian, and its octets. The signature is ECDSA with SHA-256, DER
 * (RFC 3279 2.2.3).
 */
#ifndef CA_CHECKPOINT_H
#define CA_CHECKPOINT_H

#include "base/sha256.h"

#define CHECKPOINT_SIGNATURE_MAX 80 /* P-256: at most 72 */

struct checkpoint {
	int64_t counter; /* the signer's own, 1 and up */
	int64_t at;      /* the signer's time */
	int64_t last_id; /* of the last row that it covers */
	uint8_t head[SHA256_LEN];
	uint8_t signature[CHECKPOINT_SIGNATURE_MAX];
	size_t signature_len;
};

struct authority;

/* Fills the signature in. */
int checkpoint_sign(struct checkpoint *checkpoint,
    const struct authority *authority, struct reason *why) NODISCARD;
/* -ERR_REFUSED if that issuing CA (DER) has not signed it. */
int checkpoint_verify(const struct checkpoint *checkpoint,
    struct bytes issuing_der, struct reason *why) NODISCARD;

#endif
