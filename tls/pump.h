/*
 * Lets libcurl speak plain HTTP to a TLS connection that is already there: a
 * thread moves bytes between the connection and one peer after the other on an
 * abstract Unix socket of a random name (CURLOPT_ABSTRACT_UNIX_SOCKET). Each
 * must be this very process by SO_PEERCRED. libcurl 7.88 does not reuse such a
 * socket: every request is a peer of its own, on the one TLS
 * connection. After a transfer that failed the pump must be stopped: what is
 * left of its answer would go to the next peer.
 */
#ifndef TLS_PUMP_H
#define TLS_PUMP_H

#include "tls/conn.h"

struct tls_pump;

/* Takes the connection (*conn becomes NULL on success) and its socket fd. */
int tls_pump_start(
    struct tls_pump **out, struct tls_conn **conn, int fd) NODISCARD;
/* The abstract name, without the leading NUL. */
const char *tls_pump_name(const struct tls_pump *pump);
/* Closes the connection and joins the thread. NULL is accepted. */
void tls_pump_stop(struct tls_pump *pump);

#endif
