#include "client/learn.h"

#include "base/clock.h"
#include "client/judge.h"
#include "client/resolvers.h"
#include "client/system_dns.h"

#define SVCB_TIMEOUT_MS 2000

/* The anchor as it is stored: the root first, then the rest. */
static int
keep_anchor(struct network_state *state, const struct trust *trust,
    const struct cert_list *cacerts)
{
	struct bytes root = trust_root(trust);
	int err;

	if (state->trust == NETWORK_IMPLICIT)
		return trust_intermediates(&state->intermediates, trust);
	err = cert_list_add(&state->anchor, root);
	for (size_t i = 0; err == 0 && i < cacerts->n; i++)
		if (!bytes_equal(blob_bytes(&cacerts->items[i]), root))
			err = cert_list_add(
			    &state->anchor, blob_bytes(&cacerts->items[i]));
	trust_root_sha256(trust, state->root_sha256);
	return err;
}

static int
fetch_anchor(struct network_state *state, struct trust **trust,
    struct est_session *session, const struct learn_params *params,
    struct reason *why)
{
	struct cert_list cacerts = {0};
	int err = est_get_certs(&cacerts, session, "cacerts", why);

	if (err == 0)
		err = params->accept(trust, &cacerts, params->accept_arg, why);
	if (err == 0)
		err = keep_anchor(state, *trust, &cacerts);
	cert_list_fini(&cacerts);
	return err;
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
    struct resolver_set *set, const struct buf *json, struct reason *why)
{
	int err = 0;

	if (json->len > 0)
		err = resolvers_describe(set,
		    (struct bytes){(const uint8_t *)json->data, json->len},
		    why);
	return err != 0 ? err : locate_resolvers(set);
}

/* Nothing but the SRV-ID picks, unless the CAs are ones that issue none. */
static int
pick_resolvers(struct network_state *state, const struct trust *trust,
    const struct cert_list *eecerts, const struct buf *json, struct reason *why)
{
	struct resolver_set *set = &state->resolvers;
	bool implicit = state->trust == NETWORK_IMPLICIT && json->len > 0;
	int64_t now = clock_now();
	int err = resolvers_from_eecerts(set, eecerts, trust, now, why);

	if (!implicit || (err != 0 && err != -ERR_NOT_FOUND))
		return err;
	err = resolvers_add_asserted(set, eecerts,
	    (struct bytes){(const uint8_t *)json->data, json->len}, trust, now,
	    why);
	if (err != 0 || set->n > 0)
		return err;
	return reason_set(why, -ERR_REFUSED,
	    "RFC 8295 3.2: of the server's %zu certificates none is a DNS "
	    "server's that is valid under the system's trust store",
	    eecerts->n);
}

static int
fetch_resolvers(struct network_state *state, const struct trust *trust,
    struct est_session *session, struct reason *why)
{
	struct cert_list eecerts = {0};
	struct buf json = {0};
	int err = est_get_certs(&eecerts, session, "eecerts", why);

	if (err == -ERR_NOT_FOUND)
		return reason_set(why, err,
		    "the server has no DNS server's certificate yet; try "
		    "again later");
	if (err == 0)
		err = est_get_json(&json, session, "/resolvers.json", why);
	if (err == -ERR_NOT_FOUND)
		err = 0;
	if (err == 0)
		err = pick_resolvers(state, trust, &eecerts, &json, why);
	if (err == 0)
		err = describe_resolvers(&state->resolvers, &json, why);
	cert_list_fini(&eecerts);
	buf_fini(&json);
	return err;
}

int
learn_session(struct network_state *state, const struct learn_scene *given,
    const struct join_connection *connection, const struct learn_params *params,
    struct reason *why)
{
	struct learn_scene all = *given, *scene = &all;
	struct trust *trust = NULL;
	struct est_judge judge = {
	    .server_name = connection->server_name, .now = clock_now()};
	int err = fetch_anchor(state, &trust, scene->session, params, why);

	judge.trust = scene->trust = trust;
	if (err == 0)
		err = judge_est_chain(&judge, &connection->chain, why);
	if (err == 0)
		err = fetch_resolvers(state, trust, scene->session, why);
	if (err == 0 && params->more != NULL)
		err = params->more(state, scene, params->more_arg, why);
	trust_free(trust);
	return err;
}

int
learn_network(struct network_state *state, struct join_connection *connection,
    const struct learn_params *params, struct reason *why)
{
	struct tls_binding binding;
	struct learn_scene scene = {.binding = &binding};
	/* The session takes the connection. */
	int err = tls_conn_binding(&binding, connection->conn);

	if (err == 0)
		err = est_session_start(&scene.session, &connection->conn,
		    &connection->fd, connection->server_name, why);
	if (err != 0)
		return err;
	err = learn_session(state, &scene, connection, params, why);
	est_session_end(scene.session);
	return err;
}
