/*
 * The pake extension on the wire (draft-ietf-tls-pake):
 *
 *	struct { PAKEScheme scheme; opaque message<1..2^16-1>; } PAKEShare;
 *	ClientHello: opaque client_identity<0..2^16-1>;
 *	             opaque server_identity<0..2^16-1>;
 *	             PAKEShare client_shares<0..2^16-1>;
 *	ServerHello: PAKEShare; for SPAKE2+ the message is shareV || confirmV
 */
#ifndef TLS_PAKE_WIRE_H
#define TLS_PAKE_WIRE_H

#include "base/buf.h"
#include "tls/spake2p.h"

/* A ClientHello's extension; points into what was parsed. */
struct pake_client_hello {
	struct bytes client_identity, server_identity;
	const uint8_t *share_p; /* SPAKE2P_POINT_LEN bytes, not checked yet */
};

/* 0; -ERR_INVALID when it cannot be decoded (alert decode_error); -ERR_REFUSED
 * when schemes are not strictly increasing, scheme is not among them, or its
 * share has not the length and form of an uncompressed point (alert
 * illegal_parameter). */
int pake_client_hello_parse(
    struct pake_client_hello *out, struct bytes in, uint16_t scheme) NODISCARD;

/* With one share. -ERR_TOO_LARGE when an identity is over 2^16-1 bytes. */
int pake_client_hello_encode(struct blob *out,
    const struct pake_client_hello *hello, uint16_t scheme) NODISCARD;

#define PAKE_SERVER_HELLO_LEN (4 + SPAKE2P_POINT_LEN + SPAKE2P_CONFIRM_LEN)

struct pake_server_hello {
	uint8_t share_v[SPAKE2P_POINT_LEN];
	uint8_t confirm_v[SPAKE2P_CONFIRM_LEN];
};

/* As pake_client_hello_parse(). */
int pake_server_hello_parse(
    struct pake_server_hello *out, struct bytes in, uint16_t scheme) NODISCARD;

void pake_server_hello_encode(uint8_t out[PAKE_SERVER_HELLO_LEN],
    const struct pake_server_hello *hello, uint16_t scheme);

#endif
