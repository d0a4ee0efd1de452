/* libssl's SRP interface, which is deprecated and may be missing: all calls of
 * it are in srp_libssl.c. */
#ifndef TLS_SRP_LIBSSL_H
#define TLS_SRP_LIBSSL_H

#include <openssl/ssl.h>

#include "tls/srp.h"

/* What a username callback returns. */
enum { SRP_GO_ON = 0, SRP_FATAL = SSL3_AL_FATAL };

/* answer is called when the ServerHello is due on a connection that has chosen
 * an SRP suite; it calls srp_libssl_answer(). -ERR_REFUSED with why when this
 * libssl has no SRP. */
int srp_libssl_install(SSL_CTX *ctx,
    int (*answer)(SSL *ssl, int *alert, void *arg),
    struct reason *why) NODISCARD;

/* Sets what the server goes on with. */
int srp_libssl_answer(SSL *ssl, const uint8_t salt[SRP_SALT_LEN],
    const struct srp_verifier *verifier) NODISCARD;

/* The user name that libssl has read, also of a failed handshake; or NULL. */
const char *srp_libssl_user(SSL *ssl);

#endif
