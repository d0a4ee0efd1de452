/* What administrators read: status, CA, certificates, audit log. */
#include "server/admin.h"

#include <microhttpd.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "ca/cert.h"
#include "db/audit.h"
#include "db/certificate.h"
#include "db/identity.h"
#include "server/admin_json.h"
#include "server/app.h"
#include "server/own_cert.h"

static json_t *
hex_string(struct bytes value)
{
	char text[2 * 32 + 1];

	if (value.len > 32)
		return NULL;
	hex_encode(text, value);
	return json_string(text);
}

static json_t *
addresses(const struct app *app, size_t n,
    const struct sockaddr *(*get)(const struct engine *engine, size_t i))
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++) {
		char text[ENDPOINT_TEXT_MAX];

		endpoint_format(text, get(app->engine, i));
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static json_t *
ca_summary(struct app *app)
{
	AUTOFREE struct cert_info *info = calloc(2, sizeof(*info));

	if (info == NULL ||
	    cert_parse(&info[0], signer_root(app->signer), NULL) != 0 ||
	    cert_parse(&info[1], signer_issuing(app->signer), NULL) != 0)
		return NULL;
	return json_pack("{ss so so so}", "domain", app->ca_domain,
	    "root_sha256",
	    hex_string((struct bytes){info[0].sha256, sizeof(info[0].sha256)}),
	    "root_not_after", json_time(info[0].not_after), "issuing_not_after",
	    json_time(info[1].not_after));
}

static json_t *
pake_summary(struct app *app)
{
	struct tls_server *tls = engine_tls(app->engine, LISTENER_TLS);
	bool offered = tls_server_offers_pake(tls);
	bool srp = tls_server_offers_srp(tls);
	struct reason why;
	json_t *pake = json_pack("{sb si si}", "offered", offered, "extension",
	    (int)app->pake_extension, "scheme", (int)app->pake_scheme);

	tls_server_unref(tls);
	pthread_mutex_lock(&app->mutex);
	why = app->pake_why;
	pthread_mutex_unlock(&app->mutex);
	json_object_set_new(pake, "srp", json_boolean(srp));
	if (!offered && why.text[0] != '\0')
		json_object_set_new(pake, "reason", json_string(why.text));
	return pake;
}

static json_t *
audit_summary(struct app *app)
{
	struct auditor_state state;
	json_t *audit;

	auditor_state(app->auditor, &state);
	audit =
	    json_pack("{ss so sI}", "state", state.broken ? "broken" : "whole",
		"signed_at", json_time(state.signed_at), "signed_row",
		(json_int_t)state.signed_id);
	if (state.broken)
		json_object_set_new(
		    audit, "reason", json_string(state.why.text));
	return audit;
}

static json_t *
mdns_summary(struct app *app)
{
	char state[MDNS_STATE_TEXT_MAX] = "disabled";

	pthread_mutex_lock(&app->mutex);
	if (app->announcer != NULL)
		mdns_announcer_state(app->announcer, state);
	pthread_mutex_unlock(&app->mutex);
	return json_string(state);
}

/* Of the file; a large one is looked at in the background. */
static json_t *
store_summary(struct app *app)
{
	struct auditor_state state;
	json_t *store;

	auditor_state(app->auditor, &state);
	store = json_pack(
	    "{ss}", "state", state.damaged ? "damaged" : "no damage found");
	if (state.damaged)
		json_object_set_new(
		    store, "reason", json_string(state.damage.text));
	return store;
}

void
admin_status(struct request *request)
{
	struct app *app = request->app;
	const struct engine_config *config = engine_config(app->engine);
	int64_t identities = 0, certificates = 0;
	json_t *certificate;
	int err = identity_count(request->reader, &identities);

	if (err == 0)
		err = certificate_count(request->reader, &certificates);
	if (err != 0) {
		reply_error(request, err, NULL);
		return;
	}
	certificate = own_cert_json(app);
	reply_json(request, MHD_HTTP_OK,
	    json_pack("{ss ss so sI so so ss so so so so so so so sI sI sI}",
		"version", ESTUARY_VERSION, "state", "running", "started_at",
		json_time(app->started_at), "uptime_s",
		(json_int_t)(clock_now() - app->started_at), "listen",
		addresses(app, config->n_listen, engine_address),
		"admin_listen",
		addresses(app, config->n_admin_listen, engine_admin_address),
		"server_name", app->server_name, "ca", ca_summary(app),
		"server_certificate_not_after",
		json_incref(json_object_get(certificate, "not_after")),
		"server_certificate", certificate, "pake", pake_summary(app),
		"mdns", mdns_summary(app), "audit", audit_summary(app), "store",
		store_summary(app), "identities", (json_int_t)identities,
		"certificates", (json_int_t)certificates, "connections",
		(json_int_t)engine_connections(app->engine)));
}

static json_t *
pem_string(struct bytes der)
{
	struct buf pem = {0};
	json_t *text =
	    cert_to_pem(&pem, der) == 0 ? json_string(buf_text(&pem)) : NULL;

	buf_fini(&pem);
	return text;
}

static json_t *
name_list(const struct constraints *c, bool domains)
{
	json_t *list = json_array();

	for (size_t i = 0; domains && i < c->n_domains; i++)
		json_array_append_new(list, json_string(c->domains[i]));
	for (size_t i = 0; !domains && i < c->n_prefixes; i++) {
		char text[IP_TEXT_MAX];

		ip_format(text, &c->prefixes[i].addr);
		json_array_append_new(
		    list, json_sprintf("%s/%u", text,
			      (unsigned int)c->prefixes[i].bits));
	}
	return list;
}

void
admin_ca(struct request *request)
{
	struct signer *signer = request->app->signer;
	const struct constraints *c = signer_constraints(signer);
	const uint8_t *sha256 =
	    registrar_config(request->app->registrar)->root_sha256;

	reply_json(request, MHD_HTTP_OK,
	    json_pack("{so so so s{so so}}", "root",
		pem_string(signer_root(signer)), "issuing",
		pem_string(signer_issuing(signer)), "root_sha256",
		hex_string((struct bytes){sha256, 32}), "permitted", "domains",
		name_list(c, true), "addresses", name_list(c, false)));
}

static json_t *
certificate_json(const struct certificate *c)
{
	const char *state = c->state;

	if (strcmp(state, "valid") == 0 && c->not_after <= clock_now())
		state = "expired";
	return json_pack("{ss ss ss ss so so so ss so}", "serial", c->serial,
	    "subject", c->subject, "profile", c->profile, "identity",
	    c->identity, "issued_at", json_time(c->issued_at), "not_before",
	    json_time(c->not_before), "not_after", json_time(c->not_after),
	    "state", state, "pem", pem_string(c->der));
}

static int
add_certificate(void *arg, const struct certificate *c)
{
	return listing_add(arg, c->id, certificate_json(c));
}

void
admin_cert_list(struct request *request)
{
	struct listing l = {.items = NULL};
	int64_t cursor;
	int err;

	if (!request_page(request, &l.limit, &cursor))
		return;
	l.items = json_array();
	err = certificate_list(
	    request->reader, cursor, l.limit + 1, add_certificate, &l);
	reply_listing(request, &l, err);
}

static int
take_certificate(void *arg, const struct certificate *c)
{
	*(json_t **)arg = certificate_json(c);
	return 0;
}

void
admin_cert_show(struct request *request)
{
	json_t *certificate = NULL;
	struct reason why = {""};
	char serial[REQUEST_PARAM_MAX];
	int err;

	memcpy(serial, request->params[0], sizeof(serial));
	ascii_lower_all(serial);
	err = certificate_get(
	    request->reader, serial, take_certificate, &certificate);
	if (err == 0) {
		reply_json(request, MHD_HTTP_OK, certificate);
		return;
	}
	if (err == -ERR_NOT_FOUND)
		reason_set(&why, err, "no certificate has that serial number");
	reply_error(request, err, &why);
}

static int
add_audit_row(void *arg, const struct audit_row *row)
{
	return listing_add(arg, row->id,
	    json_pack("{sI so so sI ss ss ss ss ss sI so}", "id",
		(json_int_t)row->id, "at", json_time(row->at), "last_at",
		json_time(row->last_at), "count", (json_int_t)row->count,
		"event", row->event, "actor", row->actor, "subject",
		row->subject, "source", row->source, "detail", row->detail,
		"pending", (json_int_t)row->pending, "hash",
		hex_string(row->hash)));
}

void
admin_audit(struct request *request)
{
	const char *since_text = request_query(request, "since");
	struct listing l = {.items = NULL};
	int64_t cursor, since = 0;
	int err;

	if (!request_page(request, &l.limit, &cursor))
		return;
	if (since_text != NULL && rfc3339_parse(&since, since_text) != 0) {
		admin_problem(request, MHD_HTTP_BAD_REQUEST,
		    "since is a time such as 2026-01-31T12:00:00Z");
		return;
	}
	l.items = json_array();
	err = audit_list(
	    request->reader, since, cursor, l.limit + 1, add_audit_row, &l);
	reply_listing(request, &l, err);
}
