/* The client's side of one PAKE. */
#ifndef TLS_PAKE_CLIENT_H
#define TLS_PAKE_CLIENT_H

#include <openssl/ssl.h>

#include "tls/client.h"
#include "tls/spake2p_protocol.h"

/* What the server's answer turned out to be. */
enum pake_client_verdict {
	PAKE_UNANSWERED, /* no ServerHello yet */
	PAKE_IGNORED,    /* a ServerHello without pake */
	PAKE_MALFORMED,  /* cannot be decoded */
	PAKE_BAD_SHARE,  /* not ours to accept: scheme, length, point */
	PAKE_BAD_CONFIRM,
	PAKE_FAILED, /* the crypto library did */
	PAKE_CONFIRMED,
};

struct pake_client {
	const struct spake2p_suite *suite;
	uint16_t extension, scheme;
	struct blob client_identity, server_identity;
	struct spake2p_secret secret;
	uint8_t x[SPAKE2P_SCALAR_LEN];
	uint8_t share_p[SPAKE2P_POINT_LEN];
	enum pake_client_verdict verdict;
	bool injected; /* the key exchange took the key */
};

/* Registers the extension and its callbacks on a client's context. */
int pake_client_install(SSL_CTX *ctx, uint16_t extension) NODISCARD;

/* suite is borrowed for pake's life. */
int pake_client_init(struct pake_client *pake,
    const struct spake2p_suite *suite, const struct tls_client_config *config,
    const struct spake2p_secret *secret) NODISCARD;
void pake_client_fini(struct pake_client *pake);

/* libssl decapsulates the key share before it shows custom extensions to their
 * callback: the ServerHello is read here, in the message callback, and the
 * provider armed. */
void pake_client_message(
    struct pake_client *pake, struct bytes handshake_message);

/* The server knows the password, and this connection's keys depend on it. */
bool pake_client_confirmed(const struct pake_client *pake);

#endif
