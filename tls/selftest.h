/* Handshakes of a server with itself, before it offers PAKE to anybody. */
#ifndef TLS_SELFTEST_H
#define TLS_SELFTEST_H

#include "tls/server.h"

/* 0 when the right password authenticates with each wrapped group and a wrong
 * one does not; else a negative error and which case failed. */
int tls_selftest(struct tls_server *server, struct reason *why) NODISCARD;

#endif
