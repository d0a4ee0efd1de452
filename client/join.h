/* Joining a network: find its EST server, prove it by the code, and learn the
 * trust anchor and the DNS servers' certificates over that one connection
 * (draft-reddy-add-iot-byod-bootstrap 4.1). Or, with implicit trust, prove it
 * by its certificate. */
#ifndef CLIENT_JOIN_H
#define CLIENT_JOIN_H

#include "ca/trust.h"
#include "client/network_state.h"
#include "mdns/announce.h"

struct join_params {
	const char *server;      /* "host:port", NULL: discover */
	const char *server_name; /* wanted server_identity, NULL: a hint's */
	const char *identity, *password;
	const uint8_t *root_sha256; /* what the root's hash must be, or NULL */
	struct mdns_config interfaces;
	bool allow_unconstrained;
	uint16_t pake_extension, pake_scheme;
	/* Implicit trust works without identity and password, too: the server
	 * is then proved by server_name and the system's anchors alone. */
	enum network_trust trust;
	bool enroll;      /* with a password only */
	bool *code_spent; /* becomes true once the PAKE has succeeded */
};

/* Nothing is written; *out gets everything but name and opted_in. -ERR_REFUSED
 * (and other errors of what the server sent) for a failed check, named in why;
 * -ERR_UNREACHABLE, -ERR_TIMEOUT, -ERR_CLOSED, -ERR_NOT_FOUND when there is no
 * server, or nothing to learn from it yet. */
int join_network(struct network_state *out, const struct join_params *params,
    struct reason *why) NODISCARD;

/* The parts after the connection, which need no network: */

/* Builds trust from the certificates of /cacerts and checks the root against
 * the hash (may be NULL), and that its DNS names are constrained unless that is
 * allowed. */
int join_trust(struct trust **out, const struct cert_list *cacerts,
    const uint8_t *root_sha256, bool allow_unconstrained,
    struct reason *why) NODISCARD;

#endif
