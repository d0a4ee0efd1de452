#include "client/learn.h"

#include "base/clock.h"
#include "client/est_fetch.h"
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
    struct est_session *session, learn_accept_fn accept, const void *arg,
    struct reason *why)
{
	struct cert_list cacerts = {0};
	int err = est_get_certs(&cacerts, session, "cacerts", why);

	if (err == 0)
		err = accept(trust, &cacerts, arg, why);
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
		    "the server has no DNS server's certificate yet; try "
		    "again later");
	if (err == 0)
		err = resolvers_from_eecerts(
		    &state->resolvers, &eecerts, trust, clock_now(), why);
	cert_list_fini(&eecerts);
	return err != 0 ? err
			: describe_resolvers(&state->resolvers, session, why);
}

int
learn_network(struct network_state *state, struct join_connection *connection,
    learn_accept_fn accept, const void *arg, struct reason *why)
{
	struct est_session *session = NULL;
	struct trust *trust = NULL;
	struct est_judge judge = {
	    .server_name = connection->server_name, .now = clock_now()};
	int err = est_session_start(&session, &connection->conn,
	    &connection->fd, connection->server_name, why);

	if (err != 0)
		return err;
	err = fetch_anchor(state, &trust, session, accept, arg, why);
	judge.trust = trust;
	if (err == 0)
		err = judge_est_chain(&judge, &connection->chain, why);
	if (err == 0)
		err = fetch_resolvers(state, trust, session, why);
	est_session_end(session);
	trust_free(trust);
	return err;
}
