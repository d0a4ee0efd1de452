/* The verifier record of SPAKE2+ (RFC 9383 3.2) for P-256: what the server
 * stores in place of a password. tls/ computes and uses it, db/ keeps it. */
#ifndef BASE_VERIFIER_H
#define BASE_VERIFIER_H

#include <stdint.h>

#define SPAKE2P_SCALAR_LEN 32
#define SPAKE2P_POINT_LEN 65 /* uncompressed */

struct verifier {
	uint8_t w0[SPAKE2P_SCALAR_LEN];
	uint8_t l[SPAKE2P_POINT_LEN];
	/* w0 * M and w0 * N, computed once at registration. */
	uint8_t w0m[SPAKE2P_POINT_LEN];
	uint8_t w0n[SPAKE2P_POINT_LEN];
};

/* What TLS-SRP (RFC 5054) keeps in place of a password: v of the 3072-bit
 * group, big-endian. Its salt follows from the appliance's seed and the user
 * name. */
#define SRP_VERIFIER_LEN 384
#define SRP_SEED_LEN 32

struct srp_verifier {
	uint8_t v[SRP_VERIFIER_LEN];
};

#endif
