/*
 * The provider that lets a PAKE into TLS 1.3's key schedule. It registers the
 * ordinary groups (x25519, secp256r1, and X25519MLKEM768 where the library has
 * it) again under their own code points, as key encapsulation whose secret is
 * K_shared || (EC)DHE (draft-ietf-tls-pake-02 5.3). K_shared comes from
 * pake_arm(), on the same thread and for one key exchange; without it the
 * groups refuse to agree on anything, so that a mechanism that does not work
 * cannot fail open.
 */
#ifndef TLS_PAKE_PROVIDER_H
#define TLS_PAKE_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/core.h>

#include "tls/spake2p.h"

/* libssl keeps the first of two groups of one code point: by order of loading
 * in 3.0 and 4.0, by the provider's name in 3.5. So the name sorts before
 * "default", and the provider must be loaded before it. */
#define PAKE_PROVIDER_NAME "apake"

OSSL_provider_init_fn pake_provider_init;

/* The next key exchange on this thread uses key, and sets *used. */
void pake_arm(const uint8_t key[SPAKE2P_KEY_LEN], bool *used);
/* Forgets what was armed; harmless when nothing is. */
void pake_disarm(void);

#endif
