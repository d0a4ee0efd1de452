#include "client/join.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "client/join_connect.h"
#include "client/learn.h"

int
join_trust(struct trust **out, const struct cert_list *cacerts,
    const uint8_t *root_sha256, bool allow_unconstrained, struct reason *why)
{
	struct trust *trust = NULL;
	struct reason inner = {""};
	uint8_t sha256[32];
	int err = trust_from_certs(&trust, cacerts, &inner);

	if (err != 0)
		return reason_set(why, err, "trust anchor: %.230s", inner.text);
	trust_root_sha256(trust, sha256);
	if (root_sha256 != NULL &&
	    memcmp(sha256, root_sha256, sizeof(sha256)) != 0)
		err = reason_set(why, -ERR_REFUSED,
		    "root hash: the server's root certificate is not the one "
		    "that the code names");
	else if (trust_constraints(trust)->n_domains == 0 &&
		 !allow_unconstrained)
		err = reason_set(why, -ERR_REFUSED,
		    "name constraints: the network's root could sign for any "
		    "name; --allow-unconstrained accepts it");
	if (err != 0) {
		trust_free(trust);
		return err;
	}
	*out = trust;
	return 0;
}

/* A learn_accept_fn: the server was proved by the code. */
static int
accept_anchor(struct trust **out, const struct cert_list *cacerts,
    const void *arg, struct reason *why)
{
	const struct join_params *params = arg;

	return join_trust(out, cacerts, params->root_sha256,
	    params->allow_unconstrained, why);
}

int
join_network(struct network_state *out, const struct join_params *params,
    struct reason *why)
{
	struct join_connection *connection CLEANUP(freep) =
	    calloc(1, sizeof(*connection));
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	int err;

	if (connection == NULL || state == NULL)
		return -ERR_NOMEM;
	err = join_connect(connection, params, why);
	if (err == 0)
		err = str_format(state->server_name, sizeof(state->server_name),
		    "%s", connection->server_name);
	if (err == 0)
		err = learn_network(
		    state, connection, accept_anchor, params, why);
	if (err == -ERR_NOT_FOUND)
		reason_set(why, err,
		    "the server has no DNS server's certificate yet; the code "
		    "is used up: ask for another one when there is");
	if (err == 0) {
		state->joined_at = clock_now();
		*out = *state;
	} else {
		network_state_fini(state);
	}
	join_connection_fini(connection);
	return err;
}
