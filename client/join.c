#include "client/join.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "client/enroll.h"
#include "client/implicit.h"
#include "client/join_connect.h"
#include "client/learn.h"
#include "client/reconnect.h"

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

/* A learn_more_fn. */
static int
enroll_first(struct network_state *state, const struct learn_scene *scene,
    void *arg, struct reason *why)
{
	const struct join_params *params = arg;
	const struct enroll_params enroll = {
	    .common_name = params->identity,
	    .trust = scene->trust,
	    .binding = scene->binding,
	    .now = clock_now(),
	};
	struct reason inner = {""};
	int err = enroll_certificate(
	    &state->enrolled, scene->session, &enroll, &inner);

	if (err == 0)
		return 0;
	return reason_set(why, err, "enrollment: %.240s",
	    inner.text[0] != '\0' ? inner.text : err_text(err));
}

/* [RFC7030 3.6.2] Nothing but the name that the user gave and the system's
 * anchors: the connection goes no further unless both hold. */
static int
connect_implicit(struct join_connection *out, const struct join_params *params,
    struct reason *why)
{
	struct reconnect_params reconnect_params = {
	    .server = params->server,
	    .server_name = params->server_name,
	    .interfaces = &params->interfaces,
	};
	struct trust *trust = NULL;
	int err;

	if (params->server_name == NULL)
		return reason_set(why, -ERR_INVALID,
		    "implicit trust without a code needs the server's name");
	err = trust_from_system(&trust, NULL, why);
	if (err != 0)
		return err;
	reconnect_params.trust = trust;
	err = reconnect(out, &reconnect_params, why);
	trust_free(trust);
	return err;
}

static int
connect_server(struct join_connection *out, const struct join_params *params,
    struct reason *why)
{
	int err;

	memset(out, 0, sizeof(*out));
	out->fd = -1;
	if (params->password == NULL)
		return connect_implicit(out, params, why);
	err = join_connect(out, params, why);
	if (err == 0 && params->code_spent != NULL)
		*params->code_spent = true;
	return err;
}

static int
learn_first(struct network_state *state, struct join_connection *connection,
    const struct join_params *params, struct reason *why)
{
	const struct implicit_params implicit = {
	    .chain = &connection->chain, .root_sha256 = params->root_sha256};
	struct join_params own = *params;
	struct learn_params learn_params = {
	    .accept = accept_anchor, .accept_arg = params};
	int err;

	if (params->trust == NETWORK_IMPLICIT) {
		learn_params.accept = implicit_accept;
		learn_params.accept_arg = &implicit;
	}
	if (params->enroll) {
		learn_params.more = enroll_first;
		learn_params.more_arg = &own;
	}
	state->trust = params->trust;
	err = learn_network(state, connection, &learn_params, why);
	if (err == -ERR_NOT_FOUND && params->password != NULL)
		reason_set(why, err,
		    "the server has no DNS server's certificate yet; the code "
		    "is used up: ask for another one when there is");
	return err;
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
	err = connect_server(connection, params, why);
	if (err == 0)
		err = str_format(state->server_name, sizeof(state->server_name),
		    "%s", connection->server_name);
	if (err == 0)
		err = learn_first(state, connection, params, why);
	if (err == 0) {
		state->joined_at = clock_now();
		*out = *state;
	} else {
		network_state_fini(state);
	}
	join_connection_fini(connection);
	return err;
}
