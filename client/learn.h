/* What is fetched over a connection whose server is authenticated: the trust
 * anchor, the DNS servers' certificates, and where those servers are. */
#ifndef CLIENT_LEARN_H
#define CLIENT_LEARN_H

#include "ca/trust.h"
#include "client/join_connect.h"
#include "client/network_state.h"

/* Makes the trust of the certificates of /cacerts, or refuses them. */
typedef int (*learn_accept_fn)(struct trust **out,
    const struct cert_list *cacerts, const void *arg, struct reason *why);

/* Fills in anchor, root_sha256 and resolvers of state, which are empty; the
 * caller frees them also after a failure. The EST server's own certificate must
 * validate against the anchor that was accepted: later connections rely on it.
 * Takes the connection and its socket, also when it fails. */
int learn_network(struct network_state *state,
    struct join_connection *connection, learn_accept_fn accept, const void *arg,
    struct reason *why) NODISCARD;

#endif
