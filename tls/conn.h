/*
 * One TLS connection over a non-blocking socket. A connection is used by one
 * thread at a time. The result of each call is 0, a negative error (the
 * connection is dead; tls_conn_error() says why), or one of enum tls_wait.
 */
#ifndef TLS_CONN_H
#define TLS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/verifier.h"
#include "tls/server.h"

struct tls_conn;

enum tls_wait {
	TLS_WANT_READ = 1, /* call again when the socket is readable */
	TLS_WANT_WRITE,
	TLS_WANT_CLAIM, /* the guess is being claimed: call
			   tls_conn_claimed(), then tls_conn_handshake() */
	TLS_EOF,        /* the peer sent close_notify or FIN */
};

/* On the wire any length up to 2^16-1; longer ones than this belong to nobody
 * and are simulated. */
#define PAKE_IDENTITY_MAX 64

/* What a ClientHello with a well-formed pake or srp extension asks for. */
struct pake_attempt {
	char identity[PAKE_IDENTITY_MAX + 1]; /* "" if too long or with a NUL */
	bool server_name_matches;
	bool srp; /* TLS-SRP: to be answered by tls_conn_srp_claimed() */
};

/* Called within tls_conn_handshake(), once a connection (also when a
 * HelloRetryRequest brings a second ClientHello), before anything was sent.
 * The owner makes the claim durable, then calls tls_conn_claimed(). */
typedef void (*tls_claim_fn)(void *owner, const struct pake_attempt *attempt);

/* A server's connection on an accepted, non-blocking socket, which stays the
 * caller's. Keeps a reference to server. */
int tls_conn_accept(struct tls_conn **out, struct tls_server *server, int fd,
    tls_claim_fn claim, void *owner) NODISCARD;
/* Frees at any time, also while a claim is pending. NULL is accepted. */
void tls_conn_free(struct tls_conn *conn);

int tls_conn_handshake(struct tls_conn *conn) NODISCARD;
/* The claim's result: the record to go on with, or NULL for an identity that is
 * unknown, locked, expired, used up, or asked for another server name: the
 * handshake then goes on with a dummy and fails like a wrong password. */
void tls_conn_claimed(struct tls_conn *conn, const struct verifier *record);
/* The same for an attempt by TLS-SRP. */
void tls_conn_srp_claimed(
    struct tls_conn *conn, const struct srp_verifier *verifier);

/* Reads into data; *len is the number of bytes when 0 is returned. */
int tls_conn_read(
    struct tls_conn *conn, void *data, size_t size, size_t *len) NODISCARD;
/* Writes; *len is how much was taken (maybe less than size). */
int tls_conn_write(struct tls_conn *conn, const void *data, size_t size,
    size_t *len) NODISCARD;
/* Bytes are waiting inside libssl, which no epoll event will announce. */
bool tls_conn_pending(const struct tls_conn *conn);
/* Sends close_notify, once, without waiting for the peer's. */
void tls_conn_shutdown(struct tls_conn *conn);

/* True once a claim was asked for. */
bool tls_conn_pake_attempted(const struct tls_conn *conn);
/* The only judgement that a peer is PAKE-authenticated: handshake complete,
 * offered, claimed and granted, armed, injected, not resumed, TLS 1.3. */
bool tls_conn_pake_authenticated(const struct tls_conn *conn);
/* The same for TLS-SRP: handshake complete, asked for, claimed and granted,
 * with an SRP cipher suite and the user name of the claim, not resumed. */
bool tls_conn_srp_authenticated(const struct tls_conn *conn);
/* The identity of the PAKE's attempt, "" without one. */
const char *tls_conn_pake_identity(const struct tls_conn *conn);

/* The peer's end-entity certificate in DER, possession proved but trust not
 * judged; 0 with len 0 when it sent none. */
int tls_conn_peer_cert(struct blob *out, const struct tls_conn *conn) NODISCARD;
/* The certificate that this end showed on this connection, in DER. */
int tls_conn_own_cert(struct blob *out, const struct tls_conn *conn) NODISCARD;
/* What a client sent along with it, in its order and without it; *n is 0 for
 * none. -ERR_TOO_LARGE for more than TLS_CHAIN_MAX. The caller frees the n
 * blobs. */
#define TLS_CHAIN_MAX 8
int tls_conn_peer_chain(struct blob out[TLS_CHAIN_MAX], size_t *n,
    const struct tls_conn *conn) NODISCARD;

/* What ties something within the connection to this very connection. */
#define TLS_BINDING_MAX 64

struct tls_binding {
	/* "tls-unique" (RFC 5929 3) on TLS 1.2, "tls-exporter" (RFC 9266) on
	 * TLS 1.3 */
	const char *type;
	uint8_t data[TLS_BINDING_MAX];
	size_t len; /* 0: there is none, as on TLS 1.2 without the extended
		       master secret (RFC 7627), where tls-unique is not */
};

/* Of an established connection. */
int tls_conn_binding(
    struct tls_binding *out, const struct tls_conn *conn) NODISCARD;

/* "TLSv1.3" */
const char *tls_conn_version(const struct tls_conn *conn);
/* Why the connection failed: alert or library reason, for the log. */
const char *tls_conn_error(const struct tls_conn *conn);

#endif
