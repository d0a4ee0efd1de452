/* What is fetched over a connection whose server is authenticated: the trust
 * anchor, the DNS servers' certificates, and where those servers are. */
#ifndef CLIENT_LEARN_H
#define CLIENT_LEARN_H

#include "ca/trust.h"
#include "client/est_fetch.h"
#include "client/join_connect.h"
#include "client/network_state.h"

/* Makes the trust of the certificates of /cacerts, or refuses them. */
typedef int (*learn_accept_fn)(struct trust **out,
    const struct cert_list *cacerts, const void *arg, struct reason *why);

/* What an authenticated connection is good for besides. */
struct learn_scene {
	struct est_session *session;
	const struct trust *trust; /* that was accepted */
	const struct tls_binding *binding;
};

typedef int (*learn_more_fn)(struct network_state *state,
    const struct learn_scene *scene, void *arg, struct reason *why);

struct learn_params {
	learn_accept_fn accept;
	const void *accept_arg;
	learn_more_fn more; /* called at last, or NULL */
	void *more_arg;
};

/* Fills in anchor, root_sha256, intermediates and resolvers of state, which are
 * empty, as its trust wants them; the caller frees them also after a failure.
 * The EST server's own certificate must validate against the anchor that was
 * accepted: later connections rely on it. Takes the connection and its socket,
 * also when it fails. */
int learn_network(struct network_state *state,
    struct join_connection *connection, const struct learn_params *params,
    struct reason *why) NODISCARD;
/* The same over a session that is there, scene's, which stays the caller's; of
 * connection only what is known of the server is used. */
int learn_session(struct network_state *state, const struct learn_scene *scene,
    const struct join_connection *connection, const struct learn_params *params,
    struct reason *why) NODISCARD;

#endif
