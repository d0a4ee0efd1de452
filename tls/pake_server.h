/* The server's side of one PAKE: from the ClientHello to the judgement. */
#ifndef TLS_PAKE_SERVER_H
#define TLS_PAKE_SERVER_H

#include <openssl/ssl.h>

#include "tls/conn.h"
#include "tls/spake2p.h"

enum pake_server_state {
	PAKE_NO_HELLO,  /* no ClientHello yet */
	PAKE_NOT_ASKED, /* the ClientHello is without pake */
	PAKE_REFUSED,   /* to be refused where libssl reads extensions */
	PAKE_PENDING,   /* the owner is claiming the guess */
	PAKE_CLAIMED,   /* record is there, the real one or the dummy */
	PAKE_ARMED,     /* answered, and the key handed to the provider */
};

struct pake_server {
	enum pake_server_state state;
	bool granted;      /* record is not the dummy */
	bool injected;     /* the key exchange took the key */
	struct blob hello; /* the extension, to compare the second hello with */
	struct pake_attempt attempt;
	uint8_t share_p[SPAKE2P_POINT_LEN];
	struct verifier record;
};

/* Registers the extension on a server's context. */
int pake_server_install(SSL_CTX *ctx, uint16_t extension) NODISCARD;

/* The ClientHello callback's part: finds pake, switches to the PAKE context,
 * and claims the guess. */
int pake_server_hello(struct tls_conn *conn, SSL *ssl, int *alert);

void pake_server_claimed(struct pake_server *pake,
    const struct tls_server *server, const struct verifier *record);

/* Once the handshake is over: only what the judgement needs is kept. */
void pake_server_finish(struct pake_server *pake);

bool pake_server_authenticated(const struct pake_server *pake, const SSL *ssl);

#endif
