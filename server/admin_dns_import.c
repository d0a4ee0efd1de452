/* Importing a DNS server's certificate that another CA issued. */
#include <microhttpd.h>

#include "registrar/dns_import.h"
#include "server/admin.h"
#include "server/admin_body.h"
#include "server/admin_json.h"
#include "server/app.h"

struct import_pending {
	struct pending pending;
	struct dns_import import;
};

static void
import_free(struct pending *pending)
{
	struct import_pending *p =
	    CONTAINER_OF(pending, struct import_pending, pending);

	dns_import_fini(&p->import);
	free(p);
}

static bool
has_srv_id(const struct dns_import *import, const char *label)
{
	struct names wanted = {.n = 0};

	return names_add_srv(&wanted, label, import->entry.adn) == 0 &&
	       names_has(&import->info.names, NAME_SRV, wanted.items[0].text);
}

static json_t *
services_json(const struct dns_import *import)
{
	json_t *list = json_array();

	for (size_t i = 0; i < import->entry.n_services; i++) {
		const struct dns_service_request *s =
		    &import->entry.services[i];

		json_array_append_new(list,
		    json_pack("{ss si ss ss sb}", "label", s->label, "port",
			(int)s->port, "dohpath", s->dohpath, "state", s->state,
			"srv_id", has_srv_id(import, s->label)));
	}
	return list;
}

static void
import_answer(struct request *request, struct pending *pending)
{
	struct dns_import *import =
	    &CONTAINER_OF(pending, struct import_pending, pending)->import;
	struct buf pem = {0};
	int err = import->result;

	if (err == 0)
		err = cert_to_pem(&pem, blob_bytes(&import->cert));
	if (err == 0)
		reply_json(request, MHD_HTTP_CREATED,
		    json_pack("{ss ss ss so so sI ss}", "name",
			import->entry.adn, "serial", import->info.serial,
			"issuer", import->info.issuer, "not_after",
			json_time(import->info.not_after), "labels",
			services_json(import), "ignored_certificates",
			(json_int_t)import->n_ignored, "pem", buf_text(&pem)));
	else
		reply_error(request, err, &import->why);
	buf_fini(&pem);
}

static void
import_done(struct dns_import *import)
{
	pending_complete(
	    &CONTAINER_OF(import, struct import_pending, import)->pending);
}

static int
submit(struct import_pending *p, struct request *request, struct bytes pem)
{
	p->pending.answer = import_answer;
	p->pending.free = import_free;
	p->import.registrar = request->app->registrar;
	p->import.done = import_done;
	actor_name(p->import.actor, request);
	actor_source(p->import.source, request);
	request_prepare(request, &p->pending);
	return registrar_dns_import(&p->import, pem);
}

void
admin_dns_import(struct request *request)
{
	static const char *const keys[] = {
	    "name", "labels", "addresses", "cert", NULL};
	json_t *body = request_json(request, keys);
	struct import_pending *p;
	struct reason why = {""};
	struct bytes pem;
	int err;

	if (body == NULL)
		return;
	p = calloc(1, sizeof(*p));
	err = p != NULL
		  ? dns_import_body_read(&p->import.entry, &pem, body, &why)
		  : -ERR_NOMEM;
	if (err == 0) {
		err = submit(p, request, pem);
		why = err != 0 ? p->import.why : why;
	}
	json_decref(body);
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	if (p != NULL)
		import_free(&p->pending);
	reply_error(request, err, &why);
}
