/* What a TLS server needs before the first connection: certificate, key, the
 * ordinary context (TLS 1.2 and 1.3), and the context for PAKE connections
 * (TLS 1.3, its own library context with the group-wrapping provider). */
#ifndef TLS_SERVER_H
#define TLS_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/verifier.h"

/* draft-ietf-tls-pake has no assigned numbers yet; these are BoringSSL's. */
#define PAKE_EXTENSION_DEFAULT 0x8a3b
#define PAKE_SCHEME_SPAKE2PLUS_DEFAULT 0x7d96

struct tls_server; /* reference-counted, immutable, used by any thread */

struct tls_server_config {
	struct bytes chain_pem; /* leaf first */
	struct bytes key_pem;
	const char *server_name; /* server_identity of the PAKE, lower case */
	bool pake;
	uint16_t pake_extension, pake_scheme;
	const uint8_t *srp_seed; /* SRP_SEED_LEN; NULL: no TLS-SRP */
};

/* With config->pake it runs a self-handshake in memory (right and wrong
 * password); when the mechanism does not work on this libssl, the server is
 * made without PAKE: tls_server_offers_pake() is then false, and why says what
 * failed although 0 is returned. With config->srp_seed on a libssl without
 * TLS-SRP: -ERR_REFUSED. */
int tls_server_new(struct tls_server **out,
    const struct tls_server_config *config, struct reason *why) NODISCARD;
struct tls_server *tls_server_ref(struct tls_server *server);
void tls_server_unref(struct tls_server *server);
bool tls_server_offers_pake(const struct tls_server *server);
bool tls_server_offers_srp(const struct tls_server *server);

#endif
