/* The parts of tls_client_connect(), for this room and its tests: a setup is
 * good for many connections, and a secret that is there already saves scrypt.
 */
#ifndef TLS_CLIENT_INTERNAL_H
#define TLS_CLIENT_INTERNAL_H

#include <openssl/ssl.h>

#include "tls/client.h"
#include "tls/pake_library.h"

struct client_setup {
	SSL_CTX *ctx;
	const struct pake_library *library; /* NULL without PAKE */
};

/* groups as SSL_CTX_set1_groups_list() takes them, or NULL for the usual. */
int client_setup_init(struct client_setup *out,
    const struct tls_client_config *config, const char *groups,
    struct reason *why) NODISCARD;
void client_setup_fini(struct client_setup *setup);

/* A connection ready for tls_conn_handshake(); secret is NULL without PAKE. */
int client_conn_new(struct tls_conn **out, int fd,
    const struct client_setup *setup, const struct tls_client_config *config,
    const struct spake2p_secret *secret, struct reason *why) NODISCARD;

/* The client certificate of config, if it has one. -ERR_INVALID when the two do
 * not go together. */
int client_cert_use(SSL *ssl, const struct tls_client_config *config) NODISCARD;

/* What a handshake that ended with err means: err, 0, or an outcome of
 * tls_client_connect(). */
int client_conn_outcome(
    struct tls_conn *conn, int err, struct reason *why) NODISCARD;

/* tls_client_connect() with the parts that are there. */
int client_connect(struct tls_conn **out, int fd,
    const struct client_setup *setup, const struct tls_client_config *config,
    const struct spake2p_secret *secret, struct reason *why) NODISCARD;

#endif
