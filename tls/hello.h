/* The ClientHello callback of every server context, and what those who read a
 * ClientHello in it share. */
#ifndef TLS_HELLO_H
#define TLS_HELLO_H

#include <openssl/ssl.h>

#include "base/buf.h"

struct tls_conn;

/* It hands the ClientHello to the PAKE first, then to TLS-SRP. */
void hello_install(SSL_CTX *ctx);

/* Gives up the handshake with an alert and the reason for the log; returns what
 * the callback has to return. */
int hello_refused(
    struct tls_conn *conn, int *alert, int value, const char *why);

/* Within the callback only. */
bool hello_get(struct bytes *out, SSL *ssl, unsigned int extension) NODISCARD;
bool hello_has(SSL *ssl, unsigned int extension);
/* [RFC8446 4.2.1] */
bool hello_offers_version(SSL *ssl, uint16_t version);

#endif
