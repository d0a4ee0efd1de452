/* From candidates to one PAKE-authenticated connection; and what an
 * authenticated connection is. */
#ifndef CLIENT_JOIN_CONNECT_H
#define CLIENT_JOIN_CONNECT_H

#include "ca/cert.h"
#include "client/join.h"
#include "tls/conn.h"

#define EST_CONNECT_TIMEOUT_MS 3000
#define EST_HANDSHAKE_TIMEOUT_MS 5000

struct join_connection {
	struct tls_conn *conn;
	int fd;                           /* -1: none */
	char server_name[DOMAIN_MAX + 1]; /* proved */
	struct cert_list chain;           /* the server's, leaf first */
};

/* Discovers and tries. -ERR_REFUSED if a server answered and did not know the
 * code, or knew it and its certificate is not for its name; -ERR_UNREACHABLE
 * otherwise. */
int join_connect(struct join_connection *out, const struct join_params *params,
    struct reason *why) NODISCARD;
void join_connection_fini(struct join_connection *connection);

#endif
