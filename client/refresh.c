#include "client/refresh.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "client/enroll.h"
#include "client/implicit.h"
#include "client/learn.h"
#include "client/reconnect.h"

enum refresh_verdict
refresh_decide(const struct network_state *state, const struct trust *trust,
    const struct check_report *report, int64_t now, struct reason *why)
{
	for (size_t i = 0; i < state->resolvers.n; i++) {
		const struct resolver *r = &state->resolvers.items[i];
		struct reason inner = {""};

		if (trust_verify_server(
			trust, blob_bytes(&r->cert), NULL, now, &inner) == 0)
			continue;
		reason_set(why, 0,
		    "the stored certificate of %s is no longer valid: %.140s",
		    r->adn, inner.text);
		return REFRESH_FETCH;
	}
	for (size_t i = 0; report != NULL && i < report->n; i++) {
		const struct check_line *line = &report->items[i];

		if (line->outcome != CHECK_REFUSED)
			continue;
		reason_set(why, 0, "%s", line->why.text);
		return REFRESH_FETCH;
	}
	if (enrolled_age(&state->enrolled, now) == ENROLLED_DUE) {
		reason_set(why, 0,
		    "two thirds of the client certificate's life are over");
		return REFRESH_FETCH;
	}
	return REFRESH_KEEP;
}

static int
check_root(const struct trust *trust, const struct cert_list *cacerts,
    const struct trust *stored, int64_t now, struct reason *why)
{
	struct reason inner = {""};

	if (bytes_equal(trust_root(trust), trust_root(stored)))
		return 0;
	if (trust_check_successor(stored, trust, cacerts, now, &inner) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "trust anchor: the server's root certificate is another "
		    "than the stored one: %.120s",
		    inner.text);
	if (!constraints_equal(
		trust_constraints(trust), trust_constraints(stored)))
		return reason_set(why, -ERR_REFUSED,
		    "trust anchor: the new root permits other names than the "
		    "stored one; join again to accept it");
	return 0;
}

int
refresh_trust(struct trust **out, const struct cert_list *cacerts,
    const struct trust *stored, int64_t now, struct reason *why)
{
	struct trust *trust = NULL;
	struct reason inner = {""};
	int err = trust_from_certs(&trust, cacerts, &inner);

	if (err != 0)
		return reason_set(why, err, "trust anchor: %.230s", inner.text);
	err = check_root(trust, cacerts, stored, now, why);
	if (err != 0) {
		trust_free(trust);
		return err;
	}
	*out = trust;
	return 0;
}

int
refresh_accept(struct trust **out, const struct cert_list *cacerts,
    const void *arg, struct reason *why)
{
	return refresh_trust(out, cacerts, arg, clock_now(), why);
}

/* What a refresh works with. */
struct refresher {
	const struct network_state *stored;
	bool renew;
	struct refresh_outcome outcome;
};

/* What is to be done about the endpoint's own certificate. */
static enum enrolled_age
age_of(const struct refresher *r)
{
	enum enrolled_age age = enrolled_age(&r->stored->enrolled, clock_now());

	return age == ENROLLED_FRESH && r->renew ? ENROLLED_DUE : age;
}

/* [RFC7030 4.2.2] With another key. */
static int
renew(struct network_state *state, const struct learn_scene *scene,
    const struct refresher *r, struct reason *why)
{
	const struct enroll_params params = {
	    .renews = &r->stored->enrolled,
	    .trust = scene->trust,
	    .binding = scene->binding,
	    .now = clock_now(),
	};

	return enroll_certificate(
	    &state->enrolled, scene->session, &params, why);
}

/* A learn_more_fn. The certificate is renewed, or stays. */
static int
carry_on(struct network_state *state, const struct learn_scene *scene,
    void *arg, struct reason *why)
{
	struct refresher *r = arg;
	struct refresh_outcome *outcome = &r->outcome;
	int err;

	(void)why;
	switch (age_of(r)) {
	case ENROLLED_NONE:
		outcome->own = REFRESH_OWN_NONE;
		return 0;
	case ENROLLED_FRESH:
		outcome->own = REFRESH_OWN_KEPT;
		break;
	case ENROLLED_OVER:
		outcome->own = REFRESH_OWN_OVER;
		break;
	case ENROLLED_DUE:
		err = renew(state, scene, r, &outcome->why);
		outcome->own =
		    err == 0 ? REFRESH_OWN_RENEWED : REFRESH_OWN_FAILED;
		if (err == 0)
			return 0;
		if (outcome->why.text[0] == '\0')
			reason_set(&outcome->why, err, "%s", err_text(err));
		break;
	}
	return enrolled_copy(&state->enrolled, &r->stored->enrolled);
}

/* What a refresh does not change. */
static void
copy_identity(struct network_state *out, const struct network_state *from)
{
	memcpy(out->name, from->name, sizeof(out->name));
	memcpy(out->server_name, from->server_name, sizeof(out->server_name));
	out->opted_in = from->opted_in;
	out->joined_at = from->joined_at;
	out->trust = from->trust;
}

static int
learn_again(struct network_state *state, struct join_connection *connection,
    struct refresher *r, const struct trust *trust, struct reason *why)
{
	const struct implicit_params implicit = {.chain = &connection->chain};
	struct learn_params params = {
	    .accept = refresh_accept,
	    .accept_arg = trust,
	    .more = carry_on,
	    .more_arg = r,
	};

	copy_identity(state, r->stored);
	if (state->trust == NETWORK_IMPLICIT) {
		params.accept = implicit_accept;
		params.accept_arg = &implicit;
	}
	return learn_network(state, connection, &params, why);
}

int
refresh_network(struct network_state *out, struct refresh_outcome *outcome,
    const struct network_state *stored, const struct trust *trust,
    const struct refresh_params *params, struct reason *why)
{
	struct join_connection *connection CLEANUP(freep) =
	    calloc(1, sizeof(*connection));
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	enum enrolled_age age = enrolled_age(&stored->enrolled, clock_now());
	const struct reconnect_params reconnect_params = {
	    .server = params->server,
	    .server_name = stored->server_name,
	    .trust = trust,
	    .interfaces = &params->interfaces,
	    .enrolled = age == ENROLLED_FRESH || age == ENROLLED_DUE
			    ? &stored->enrolled
			    : NULL,
	};
	struct refresher r = {.stored = stored, .renew = params->renew};
	int err;

	if (connection == NULL || state == NULL)
		return -ERR_NOMEM;
	err = reconnect(connection, &reconnect_params, why);
	if (err == 0)
		err = learn_again(state, connection, &r, trust, why);
	if (err == 0) {
		*out = *state;
		*outcome = r.outcome;
	} else {
		network_state_fini(state);
	}
	join_connection_fini(connection);
	return err;
}
