/*
 * The protocol run of SPAKE2+ (RFC 9383 3.3 and 3.4), for this room only: the
 * prover is the TLS client, the verifier the TLS server. confirmP is not sent
 * in TLS, the Finished message replaces it.
 */
#ifndef TLS_SPAKE2P_PROTOCOL_H
#define TLS_SPAKE2P_PROTOCOL_H

#include "base/error.h"
#include "tls/spake2p.h"

/* The group, its constants and the fetched algorithms: immutable, used by any
 * thread, made once since each costs more than a handshake's worth of time. */
struct spake2p_suite;

int spake2p_suite_new(struct spake2p_suite **out) NODISCARD;
void spake2p_suite_free(struct spake2p_suite *suite);

/* What both ends mix into the transcript (RFC 9383 3.3). */
struct spake2p_names {
	struct bytes context, prover, verifier;
};

struct spake2p_keys {
	uint8_t shared[SPAKE2P_KEY_LEN]; /* K_shared */
	uint8_t confirm_p[SPAKE2P_CONFIRM_LEN];
	uint8_t confirm_v[SPAKE2P_CONFIRM_LEN];
};

/* A random scalar in [1, order - 1]. */
int spake2p_scalar_random(const struct spake2p_suite *suite,
    uint8_t out[SPAKE2P_SCALAR_LEN]) NODISCARD;

/* The record that belongs to a secret: L, w0 * M, w0 * N. */
int spake2p_verifier_derive(struct verifier *out,
    const struct spake2p_suite *suite,
    const struct spake2p_secret *secret) NODISCARD;

/* -ERR_REFUSED unless share is the uncompressed encoding of a point of the
 * group other than its identity (RFC 9383 section 6). */
int spake2p_share_check(const struct spake2p_suite *suite,
    const uint8_t share[SPAKE2P_POINT_LEN]) NODISCARD;

/* shareP for the prover's ephemeral scalar x. */
int spake2p_prover_share(uint8_t share_p[SPAKE2P_POINT_LEN],
    const struct spake2p_suite *suite, const struct spake2p_secret *secret,
    const uint8_t x[SPAKE2P_SCALAR_LEN]) NODISCARD;

/* The prover's keys; the caller compares confirm_v with the one received.
 * -ERR_REFUSED for a bad share_v. */
int spake2p_prover_finish(struct spake2p_keys *out,
    const struct spake2p_suite *suite, const struct spake2p_names *names,
    const struct spake2p_secret *secret, const uint8_t x[SPAKE2P_SCALAR_LEN],
    const uint8_t share_p[SPAKE2P_POINT_LEN],
    const uint8_t share_v[SPAKE2P_POINT_LEN]) NODISCARD;

/* The verifier's answer for its ephemeral scalar y: shareV and the keys.
 * -ERR_REFUSED for a bad share_p. */
int spake2p_verifier_respond(uint8_t share_v[SPAKE2P_POINT_LEN],
    struct spake2p_keys *out, const struct spake2p_suite *suite,
    const struct spake2p_names *names, const struct verifier *record,
    const uint8_t share_p[SPAKE2P_POINT_LEN],
    const uint8_t y[SPAKE2P_SCALAR_LEN]) NODISCARD;

#endif
