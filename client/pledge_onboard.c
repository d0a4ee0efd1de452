#include "client/pledge_onboard.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "client/enroll.h"
#include "client/learn.h"
#include "client/pledge_exchange.h"
#include "client/pledge_voucher.h"
#include "client/refresh.h"
#include "client/search.h"

/* What one pledge_onboard() works with. */
struct onboarder {
	const struct pledge_params *params;
	struct search search;
	struct pledge_exchange exchange;
	char server_name[DOMAIN_MAX + 1];
	struct trust *trust; /* the domain's */
	struct enrolled enrolled;
};

/* --- finding a registrar --- */

bool
pledge_wants_instance(const void *arg, const struct mdns_instance *instance)
{
	const enum voucher_format *format = arg;
	/* Keys without a value; the default is CMS (RFC 8995). */
	bool est_tls = mdns_txt_value(instance, "est-tls") != NULL;
	bool jose = mdns_txt_value(instance, "jose") != NULL;
	bool cose = mdns_txt_value(instance, "cose") != NULL;
	bool others = mdns_txt_value(instance, "cmp") != NULL ||
		      mdns_txt_value(instance, "prm-jose") != NULL;

	switch (*format) {
	case VOUCHER_JWS_JSON:
		return jose;
	case VOUCHER_COSE_CBOR:
		return cose;
	default:
		return est_tls || (!jose && !cose && !others);
	}
}

/* An attempt_fn. */
static int
attempt(void *arg, const struct candidate *candidate,
    const struct sockaddr_storage *address, struct reason *why)
{
	struct onboarder *o = arg;
	struct reason inner = {""};
	char endpoint[ENDPOINT_TEXT_MAX];
	int err;

	pledge_exchange_fini(&o->exchange);
	o->exchange =
	    (struct pledge_exchange){.params = o->params, .address = *address};
	err = pledge_exchange_run(&o->exchange, &inner);
	if (err == 0)
		return 0;
	reason_set(why, err, "%.60s: %s", candidate->text,
	    inner.text[0] != '\0' ? inner.text : err_text(err));
	endpoint_format(endpoint, (const void *)address);
	log_info(
	    "attempt failed", "address=%s reason=\"%s\"", endpoint, why->text);
	/* An impostor's refusal keeps nobody from the next registrar. */
	return pledge_is_unreachable(err) ? err : ATTEMPT_REFUSED;
}

static int
find_registrar(struct onboarder *o, struct reason *why)
{
	const struct pledge_params *params = o->params;
	const struct search_params search = {
	    .server = params->registrar,
	    .interfaces = &params->interfaces,
	    .what = "registrar",
	    .option = "--registrar",
	};

	o->search.candidates.service = REGISTRAR_SERVICE;
	o->search.candidates.wanted = pledge_wants_instance;
	o->search.candidates.wanted_arg = &params->format;
	/* Each of the first ones may have the whole patience. */
	o->search.attempts.deadline_ms =
	    clock_monotonic_ms() + ATTEMPTS_TOTAL_MS +
	    ATTEMPT_ANSWERS_MAX * params->patience_s * 1000;
	return search_run(&o->search, &search, attempt, o, why);
}

/* --- the domain --- */

/* The name that later connections are held against: the certificate was judged
 * by the voucher. */
static int
take_server_name(struct onboarder *o, struct reason *why)
{
	struct cert_info *info CLEANUP(freep) = calloc(1, sizeof(*info));
	struct bytes leaf = blob_bytes(&o->exchange.link.chain.items[0]);
	int err = info == NULL ? -ERR_NOMEM : cert_parse(info, leaf, why);

	if (err != 0)
		return err;
	for (size_t i = 0; i < info->names.n; i++)
		if (info->names.items[i].type == NAME_DNS &&
		    domain_normalize(
			o->server_name, info->names.items[i].text) == 0)
			return 0;
	return reason_set(why, -ERR_REFUSED,
	    "the registrar's certificate has no DNS-ID that later connections "
	    "could be held against");
}

static struct est_judge
judge_of(const struct onboarder *o)
{
	return (struct est_judge){.trust = o->trust,
	    .server_name = o->server_name,
	    .now = clock_now()};
}

/* [RFC8995 5.9.1] The explicit trust anchor. */
static int
fetch_trust(struct onboarder *o, struct reason *why)
{
	struct pledge_exchange *x = &o->exchange;
	struct cert_list cacerts = {0};
	struct est_judge judge;
	int err = est_get_certs(&cacerts, x->link.session, "cacerts", why);

	if (err == 0)
		err = pledge_trust(&o->trust, &cacerts, blob_bytes(&x->pinned),
		    clock_now(), why);
	cert_list_fini(&cacerts);
	if (err == 0)
		err = take_server_name(o, why);
	if (err != 0)
		return err;
	judge = judge_of(o);
	return judge_est_chain(&judge, &x->link.chain, why);
}

/* An enroll_reconnect_fn: with the IDevID, to the domain that is known now. */
static int
reconnect_idevid(void *arg, struct est_session **session,
    const struct tls_binding **binding, struct reason *why)
{
	struct onboarder *o = arg;
	struct pledge_link *link = &o->exchange.link;
	const struct est_judge judge = judge_of(o);
	const struct pledge_link_params params = {
	    .address = &o->exchange.address,
	    .judge = &judge,
	    .chain = &o->params->identity->chain,
	    .key = blob_bytes(&o->params->identity->key),
	};
	int err;

	pledge_link_close(link);
	err = pledge_link_open(link, &params, why);
	if (err != 0)
		return err > 0 ? -ERR_REFUSED : err;
	*session = link->session;
	*binding = &link->binding;
	return 0;
}

/* [RFC8995 5.9] The LDevID. */
static int
enroll(struct onboarder *o, struct reason *why)
{
	const struct enroll_params params = {
	    .serial_number = o->params->identity->serial_number,
	    .trust = o->trust,
	    .binding = &o->exchange.link.binding,
	    .now = clock_now(),
	    .wait_max_s = o->params->patience_s,
	    .reconnect = reconnect_idevid,
	    .reconnect_arg = o,
	};
	struct reason inner = {""};
	int err = enroll_certificate(
	    &o->enrolled, o->exchange.link.session, &params, &inner);

	if (err == 0)
		return 0;
	return reason_set(why, err, "enrollment: %.230s",
	    inner.text[0] != '\0' ? inner.text : err_text(err));
}

/* [RFC8995 5.9.4] A failure is told on the connection where it was. */
static int
enter_domain(struct onboarder *o, struct reason *why)
{
	struct pledge_exchange *x = &o->exchange;
	int err = fetch_trust(o, why);

	if (err == 0)
		err = enroll(o, why);
	if (err != 0 && why->text[0] == '\0')
		reason_set(why, err, "enrollment: %s", err_text(err));
	if (err != 0)
		pledge_report(x->link.session, "enrollstatus",
		    x->format == VOUCHER_COSE_CBOR, why);
	pledge_link_close(&x->link);
	return err;
}

/* --- as a member of the domain --- */

static int
learn(struct network_state *state, struct onboarder *o,
    struct pledge_link *link, struct reason *why)
{
	struct join_connection *server CLEANUP(freep) =
	    calloc(1, sizeof(*server));
	const struct learn_scene scene = {
	    .session = link->session, .binding = &link->binding};
	const struct learn_params params = {
	    .accept = refresh_accept, .accept_arg = o->trust};

	if (server == NULL)
		return -ERR_NOMEM;
	memcpy(server->server_name, o->server_name, sizeof(o->server_name));
	server->chain = link->chain; /* borrowed */
	return learn_session(state, &scene, server, &params, why);
}

/* [RFC8995 5.9.4] A new connection, with the LDevID: first that it works, then
 * what it is good for. */
static int
use_domain(struct network_state *state, struct onboarder *o, struct reason *why)
{
	struct pledge_link *link CLEANUP(freep) = calloc(1, sizeof(*link));
	struct cert_list *own CLEANUP(freep) = calloc(1, sizeof(*own));
	const struct est_judge judge = judge_of(o);
	const struct pledge_link_params params = {
	    .address = &o->exchange.address,
	    .judge = &judge,
	    .chain = own,
	    .key = blob_bytes(&o->enrolled.key),
	};
	int err = link == NULL || own == NULL
		      ? -ERR_NOMEM
		      : cert_list_add(own, blob_bytes(&o->enrolled.cert));

	if (err == 0)
		err = pledge_link_open(link, &params, why);
	if (err > 0)
		err = -ERR_REFUSED;
	if (err == 0) {
		pledge_report(link->session, "enrollstatus",
		    o->exchange.format == VOUCHER_COSE_CBOR, NULL);
		err = learn(state, o, link, why);
	}
	if (link != NULL)
		pledge_link_fini(link);
	if (own != NULL)
		cert_list_fini(own);
	return err;
}

static int
fill_state(struct network_state *state, struct onboarder *o)
{
	strcpy(state->name, PLEDGE_NETWORK);
	memcpy(state->server_name, o->server_name, sizeof(state->server_name));
	state->opted_in = state->joined_at = clock_now();
	return enrolled_copy(&state->enrolled, &o->enrolled);
}

int
pledge_onboard(struct network_state *out, const struct pledge_params *params,
    struct reason *why)
{
	struct onboarder *o CLEANUP(freep) = calloc(1, sizeof(*o));
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	int err;

	if (o == NULL || state == NULL)
		return -ERR_NOMEM;
	o->params = params;
	state->trust = NETWORK_EXPLICIT;
	err = find_registrar(o, why);
	if (err == 0)
		err = enter_domain(o, why);
	if (err == 0)
		err = use_domain(state, o, why);
	if (err == 0)
		err = fill_state(state, o);
	if (err == 0)
		*out = *state;
	else
		network_state_fini(state);
	pledge_exchange_fini(&o->exchange);
	trust_free(o->trust);
	enrolled_fini(&o->enrolled);
	return err;
}
