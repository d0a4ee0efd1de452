/* SPAKE2+ (RFC 9383), ciphersuite P256-SHA256-HKDF-SHA256-HMAC-SHA256. */
#ifndef TLS_SPAKE2P_H
#define TLS_SPAKE2P_H

#include "base/buf.h"
#include "base/verifier.h"

#define SPAKE2P_CONFIRM_LEN 32
#define SPAKE2P_KEY_LEN 32
#define SPAKE2P_PASSWORD_MAX 256

/* What only the prover (the endpoint) computes and keeps for one connection. */
struct spake2p_secret {
	uint8_t w0[SPAKE2P_SCALAR_LEN];
	uint8_t w1[SPAKE2P_SCALAR_LEN];
};

/* Registration (RFC 9383 3.2) with scrypt N=32768 r=8 p=1, empty salt, 80 bytes
 * over len64le-prefixed password, client and server identity: about 0.2 s and
 * 33 MiB. Either result may be NULL. */
int spake2p_register(struct verifier *verifier, struct spake2p_secret *secret,
    struct bytes password, const char *client_identity,
    const char *server_identity) NODISCARD;

#endif
