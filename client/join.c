#include "client/join.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "client/est_fetch.h"
#include "client/join_connect.h"
#include "client/judge.h"
#include "client/resolvers.h"
#include "client/system_dns.h"

#define SVCB_TIMEOUT_MS 2000

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

/* The anchor as it is stored: the root first, then the rest. */
static int
keep_anchor(struct network_state *state, const struct trust *trust,
    const struct cert_list *cacerts)
{
	struct bytes root = trust_root(trust);
	int err = cert_list_add(&state->anchor, root);

	for (size_t i = 0; err == 0 && i < cacerts->n; i++)
		if (!bytes_equal(blob_bytes(&cacerts->items[i]), root))
			err = cert_list_add(
			    &state->anchor, blob_bytes(&cacerts->items[i]));
	trust_root_sha256(trust, state->root_sha256);
	return err;
}

static int
fetch_anchor(struct network_state *state, struct trust **trust,
    struct est_session *session, const struct join_params *params,
    struct reason *why)
{
	struct cert_list cacerts = {0};
	int err = est_get_certs(&cacerts, session, "cacerts", why);

	if (err == 0)
		err = join_trust(trust, &cacerts, params->root_sha256,
		    params->allow_unconstrained, why);
	if (err == 0)
		err = keep_anchor(state, *trust, &cacerts);
	cert_list_fini(&cacerts);
	return err;
}

/* The name was checked within the handshake; now the path can be, too: later
 * connections rely on both. */
static int
check_est_server(const struct trust *trust,
    const struct join_connection *connection, struct reason *why)
{
	struct reason inner = {""};
	struct bytes leaf = blob_bytes(&connection->chain.items[0]);
	bool has = false;
	int err = cert_has_dns_id(&has, leaf, connection->server_name, why);

	if (err == 0 && !has)
		err = reason_set(why, -ERR_REFUSED,
		    "server name: the EST server's certificate has no DNS-ID "
		    "%s",
		    connection->server_name);
	if (err != 0)
		return err;
	err = trust_verify_server(
	    trust, leaf, &connection->chain, clock_now(), &inner);
	if (err != 0)
		return reason_set(why, err,
		    "path validation of the EST server's certificate: %.190s",
		    inner.text);
	return 0;
}

/* Where /resolvers.json is silent the network's DNS may tell, and the standard
 * ports are the last resort. */
static int
locate_resolvers(struct resolver_set *set)
{
	struct system_dns *dns = NULL;
	int err = 0;

	for (size_t i = 0; err == 0 && i < set->n; i++) {
		struct resolver *r = &set->items[i];

		if (r->port != 0)
			continue;
		if (dns == NULL)
			err = system_dns_new(
			    &dns, NULL, clock_monotonic_ms() + SVCB_TIMEOUT_MS);
		if (dns == NULL || system_dns_svcb(dns, r) != 0)
			resolver_set_defaults(r);
		if (err == -ERR_NOT_FOUND)
			err = 0;
	}
	system_dns_free(dns);
	return err;
}

static int
describe_resolvers(
    struct resolver_set *set, struct est_session *session, struct reason *why)
{
	struct buf json = {0};
	int err = est_get_json(&json, session, "/resolvers.json", why);

	if (err == 0)
		err = resolvers_describe(set,
		    (struct bytes){(const uint8_t *)json.data, json.len}, why);
	else if (err == -ERR_NOT_FOUND)
		err = 0;
	buf_fini(&json);
	return err != 0 ? err : locate_resolvers(set);
}

static int
fetch_resolvers(struct network_state *state, const struct trust *trust,
    struct est_session *session, struct reason *why)
{
	struct cert_list eecerts = {0};
	int err = est_get_certs(&eecerts, session, "eecerts", why);

	if (err == -ERR_NOT_FOUND)
		return reason_set(why, err,
		    "the server has no DNS server's certificate yet; the code "
		    "is used up: ask for another one when there is");
	if (err == 0)
		err = resolvers_from_eecerts(
		    &state->resolvers, &eecerts, trust, clock_now(), why);
	cert_list_fini(&eecerts);
	return err != 0 ? err
			: describe_resolvers(&state->resolvers, session, why);
}

static int
learn(struct network_state *state, struct join_connection *connection,
    const struct join_params *params, struct reason *why)
{
	struct est_session *session = NULL;
	struct trust *trust = NULL;
	int err = est_session_start(&session, &connection->conn,
	    &connection->fd, connection->server_name, why);

	if (err != 0)
		return err;
	err = fetch_anchor(state, &trust, session, params, why);
	if (err == 0)
		err = check_est_server(trust, connection, why);
	if (err == 0)
		err = fetch_resolvers(state, trust, session, why);
	est_session_end(session);
	trust_free(trust);
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
	err = join_connect(connection, params, why);
	if (err == 0)
		err = str_format(state->server_name, sizeof(state->server_name),
		    "%s", connection->server_name);
	if (err == 0)
		err = learn(state, connection, params, why);
	if (err == 0) {
		state->joined_at = clock_now();
		*out = *state;
	} else {
		network_state_fini(state);
	}
	join_connection_fini(connection);
	return err;
}
