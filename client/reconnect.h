/* A later connection to the EST server of a network: ordinary TLS, no PAKE and
 * no code (draft-reddy-add-iot-byod-bootstrap 8). */
#ifndef CLIENT_RECONNECT_H
#define CLIENT_RECONNECT_H

#include "ca/trust.h"
#include "client/enrolled.h"
#include "client/join_connect.h"

struct reconnect_params {
	const char *server;      /* "host:port", NULL: discover */
	const char *server_name; /* the stored reference identifier */
	const struct trust *trust;
	const struct mdns_config *interfaces;
	const struct enrolled *enrolled; /* to show when asked, or NULL */
};

/* Tries candidates until one passes judge_est_server() within the handshake.
 * -ERR_REFUSED if one answered and none passed; -ERR_UNREACHABLE and the like
 * otherwise. */
int reconnect(struct join_connection *out,
    const struct reconnect_params *params, struct reason *why) NODISCARD;

#endif
