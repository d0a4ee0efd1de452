/* The server's side of TLS-SRP: from the ClientHello to the judgement. */
#ifndef TLS_SRP_SERVER_H
#define TLS_SRP_SERVER_H

#include <openssl/ssl.h>

#include "tls/conn.h"
#include "tls/srp.h"

enum srp_server_state {
	SRP_NO_HELLO,  /* no ClientHello yet */
	SRP_NOT_ASKED, /* the ClientHello is without srp, or the PAKE's */
	SRP_PENDING,   /* the owner is claiming the guess */
	SRP_CLAIMED,   /* verifier is there, the real one or the dummy */
	SRP_ANSWERED,  /* libssl goes on with it */
};

struct srp_server {
	enum srp_server_state state;
	bool granted; /* verifier is not the dummy */
	struct pake_attempt attempt;
	char user[SRP_USER_MAX + 1]; /* as it was sent */
	uint8_t salt[SRP_SALT_LEN];
	struct srp_verifier verifier;
};

/* On the front context: libssl copies it to each connection's SSL when that is
 * made, and a later switch of contexts would not bring it. */
int srp_server_install(SSL_CTX *ctx, struct reason *why) NODISCARD;

/* The ClientHello callback's part: limits a connection that asks for SRP to TLS
 * 1.2 and SRP cipher suites, and claims the guess. */
int srp_server_hello(struct tls_conn *conn, SSL *ssl, int *alert);

void srp_server_claimed(struct srp_server *srp, const struct tls_server *server,
    const struct srp_verifier *verifier);

/* Once the handshake is over: only what the judgement needs is kept. */
void srp_server_finish(struct srp_server *srp);

bool srp_server_authenticated(const struct srp_server *srp, SSL *ssl);

#endif
