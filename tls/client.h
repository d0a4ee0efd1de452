/* The client's side of TLS: by PAKE, or by a judgement of the certificates. */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

#include "base/buf.h"
#include "base/error.h"
#include "tls/conn.h"

/* Judges the server's certificates, DER, leaf first, within the handshake and
 * before any application data. 0 accepts; -ERR_REFUSED with a reason aborts. */
typedef int (*tls_judge_fn)(
    void *arg, const struct bytes *chain, size_t n, struct reason *why);

struct tls_client_config {
	const char *sni;  /* NULL: none sent */
	const char *alpn; /* one protocol such as "http/1.1", or NULL */
	int timeout_ms;   /* for the whole handshake */

	/* With a PAKE: the password proves the server; judge may be NULL. */
	const char *identity, *password, *server_identity; /* NULL: no PAKE */
	uint16_t pake_extension, pake_scheme;

	/* Without a PAKE judge is required. With one it is asked too, once the
	 * server's confirmV was found right. */
	tls_judge_fn judge;
	void *judge_arg;

	/* A client certificate, DER, and its key, PKCS #8 PEM; no bytes: none.
	 * Shown only when the server asks, and after the judge accepted. */
	struct bytes client_cert, client_key;
	/* Certificates that go along with it, DER. */
	const struct bytes *client_chain;
	size_t n_client_chain;
};

/* Documented outcomes > 0 of tls_client_connect(). */
enum tls_client_outcome {
	TLS_CLIENT_NO_PAKE = 1, /* the server went on without the PAKE */
	TLS_CLIENT_WRONG_CODE,  /* the server does not know the password, or it
				   refused us: the two cannot be told apart */
	TLS_CLIENT_JUDGED,      /* judge refused; why has its reason */
};

/* Handshakes on a connected socket, which stays the caller's and becomes
 * non-blocking; waits up to timeout_ms. -ERR_TIMEOUT, -ERR_CLOSED, -ERR_CRYPTO
 * with why. The registration's scrypt takes 0.2 s. */
int tls_client_connect(struct tls_conn **out, int fd,
    const struct tls_client_config *config, struct reason *why) NODISCARD;

/* For libcurl's CURLOPT_SSL_CTX_FUNCTION: makes an SSL_CTX ask judge in place
 * of its own verification. why must outlive the transfers. */
int tls_judge_install(
    void *ssl_ctx, tls_judge_fn judge, void *arg, struct reason *why) NODISCARD;

#endif
