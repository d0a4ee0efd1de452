/* A connection and a server, as this room's own files see them. */
#ifndef TLS_CONN_INTERNAL_H
#define TLS_CONN_INTERNAL_H

#include <stdatomic.h>

#include <openssl/ssl.h>

#include "base/domain.h"
#include "tls/conn.h"
#include "tls/judge.h"
#include "tls/pake_client.h"
#include "tls/pake_library.h"
#include "tls/pake_server.h"
#include "tls/socket_bio.h"
#include "tls/srp_server.h"

struct tls_server {
	atomic_uint refs;
	SSL_CTX *front; /* TLS 1.2 and 1.3, default library */
	SSL_CTX *pake;  /* NULL: PAKE is not offered */
	const struct pake_library *library; /* of pake */
	struct verifier dummy;              /* for every claim not granted */
	char name[DOMAIN_MAX + 1];
	uint16_t pake_extension, pake_scheme;

	bool srp; /* TLS-SRP is offered */
	uint8_t srp_seed[SRP_SEED_LEN];
	struct srp_verifier srp_dummy;
};

#define NO_ALERT (-1)

struct tls_conn {
	SSL *ssl;
	BIO_METHOD *bio_method;
	struct socket_io io;
	bool established, dead, shut_down;
	bool drained; /* the last read left nothing to be had in libssl */
	int alert_sent, alert_received; /* fatal ones */
	struct reason error;            /* why it is dead */
	struct tls_binding unique;      /* of a TLS 1.2 handshake */

	/* The server's side. */
	struct tls_server *server;
	tls_claim_fn claim;
	void *claim_owner;
	struct pake_server pake_server;
	struct srp_server srp_server;

	/* The client's side. */
	struct judgement judgement;
	bool offers_pake;
	struct pake_client pake_client;
};

/* A connection without a role yet, on ctx and fd. */
int tls_conn_new(struct tls_conn **out, SSL_CTX *ctx, int fd) NODISCARD;
/* The connection of a callback's SSL. */
struct tls_conn *tls_conn_of(const SSL *ssl);

#endif
