/*
 * Sealing what is stored: AES-256-GCM with a random nonce for each, under a key
 * that is derived (HKDF with SHA-256, RFC 5869) for one purpose. The context is
 * not stored: what was sealed for one context opens for no other.
 *
 *	sealed = 0x01, nonce (12 octets), ciphertext, tag (16)
 */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include "base/buf.h"

#define SEAL_KEY_LEN 32
#define SEAL_OVERHEAD (1 + 12 + 16)
/* A key is good for 2^32 seals with random nonces (NIST SP 800-38D 8.3). */
#define SEAL_PLAIN_MAX 32768

struct seal;

/* purpose is the derivation's info. Any thread may use the result. */
int seal_new(struct seal **out, const uint8_t key[SEAL_KEY_LEN],
    const char *purpose) NODISCARD;
void seal_free(struct seal *seal); /* wipes the key */

int seal_close(struct blob *sealed, const struct seal *seal,
    struct bytes context, struct bytes plain) NODISCARD;
/* Exactly len octets. -ERR_CORRUPT, and zeros, for anything that this key did
 * not seal for this context. */
int seal_open(uint8_t *plain, size_t len, const struct seal *seal,
    struct bytes context, struct bytes sealed) NODISCARD;

#endif
