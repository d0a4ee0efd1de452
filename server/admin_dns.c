/* Administering the network's DNS servers. */
#include "server/admin.h"

#include <microhttpd.h>
#include <string.h>

#include "base/str.h"
#include "ca/csr.h"
#include "db/dns_server.h"
#include "registrar/dns_issue.h"
#include "server/admin_body.h"
#include "server/admin_change.h"
#include "server/admin_json.h"
#include "server/app.h"
#include "server/json_split.h"

static json_t *
issuer_of(struct bytes der)
{
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));

	if (info == NULL || cert_parse(info, der, NULL) != 0)
		return json_null();
	return json_string(info->issuer);
}

static int
add_server(void *arg, const struct dns_server *s)
{
	return json_array_append_new(
		   arg, json_pack("{ss ss si ss so ss ss ss so so so}", "name",
			    s->adn, "label", s->label, "port", (int)s->port,
			    "dohpath", s->dohpath, "addresses",
			    json_split(s->addresses, ','), "state", s->state,
			    "serial", s->serial, "profile", s->profile,
			    "issuer", issuer_of(s->der), "not_before",
			    json_time(s->not_before), "not_after",
			    json_time(s->not_after))) == 0
		   ? 0
		   : -ERR_NOMEM;
}

void
admin_dns_list(struct request *request)
{
	json_t *items = json_array();
	int err = dns_server_list(request->reader, add_server, items);

	reply_items(request, items, err);
}

struct issue_pending {
	struct pending pending;
	struct dns_issue issue;
};

static void
issue_free(struct pending *pending)
{
	struct issue_pending *p =
	    CONTAINER_OF(pending, struct issue_pending, pending);

	blob_fini(&p->issue.sign.cert);
	free(p);
}

static void
issue_answer(struct request *request, struct pending *pending)
{
	struct dns_issue *issue =
	    &CONTAINER_OF(pending, struct issue_pending, pending)->issue;
	struct bytes cert = blob_bytes(&issue->sign.cert);
	struct buf chain = {0};
	size_t leaf_len;
	json_t *services;
	int err;

	if (issue->result != 0) {
		reply_error(request, issue->result, &issue->why);
		return;
	}
	services = json_array();
	for (size_t i = 0; i < issue->entry.n_services; i++)
		json_array_append_new(
		    services, json_pack("{ss si ss ss}", "label",
				  issue->entry.services[i].label, "port",
				  (int)issue->entry.services[i].port, "dohpath",
				  issue->entry.services[i].dohpath, "state",
				  issue->entry.services[i].state));
	err = cert_to_pem(&chain, cert);
	leaf_len = chain.len;
	if (err == 0)
		err = cert_to_pem(&chain, signer_issuing(request->app->signer));
	if (err == 0) {
		reply_json(request, MHD_HTTP_CREATED,
		    json_pack("{ss ss so ss% ss}", "name", issue->entry.adn,
			"serial", issue->serial, "labels", services, "pem",
			chain.data, leaf_len, "fullchain", chain.data));
	} else {
		json_decref(services);
		reply_error(request, err, NULL);
	}
	buf_fini(&chain);
}

static void
issue_done(struct dns_issue *issue)
{
	pending_complete(
	    &CONTAINER_OF(issue, struct issue_pending, issue)->pending);
}

void
admin_dns_issue(struct request *request)
{
	static const char *const keys[] = {
	    "name", "labels", "addresses", "csr", NULL};
	json_t *body = request_json(request, keys);
	struct issue_pending *p;
	struct csr *csr = NULL;
	struct reason why = {""};
	int err;

	if (body == NULL)
		return;
	p = calloc(1, sizeof(*p));
	err = p != NULL ? dns_issue_body_read(&p->issue, &csr, body, &why)
			: -ERR_NOMEM;
	json_decref(body);
	if (err == 0) {
		p->pending.answer = issue_answer;
		p->pending.free = issue_free;
		p->issue.registrar = request->app->registrar;
		p->issue.done = issue_done;
		actor_name(p->issue.actor, request);
		actor_source(p->issue.source, request);
		request_prepare(request, &p->pending);
		err = registrar_dns_issue(&p->issue, csr);
		why = err != 0 ? p->issue.why : why;
	}
	csr_free(csr);
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	if (p != NULL)
		issue_free(&p->pending);
	reply_error(request, err, &why);
}

void
admin_dns_promote(struct request *request)
{
	admin_change(request, CHANGE_DNS_PROMOTE);
}

void
admin_dns_retire(struct request *request)
{
	admin_change(request, CHANGE_DNS_RETIRE);
}
