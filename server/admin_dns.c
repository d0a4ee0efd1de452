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

static int
add_server(void *arg, const struct dns_server *s)
{
	return json_array_append_new(arg,
		   json_pack("{ss ss si ss so ss ss so so}", "name", s->adn,
		       "label", s->label, "port", (int)s->port, "dohpath",
		       s->dohpath, "addresses", json_split(s->addresses, ','),
		       "state", s->state, "serial", s->serial, "not_before",
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
	for (size_t i = 0; i < issue->n_services; i++)
		json_array_append_new(
		    services, json_pack("{ss si ss ss}", "label",
				  issue->services[i].label, "port",
				  (int)issue->services[i].port, "dohpath",
				  issue->services[i].dohpath, "state",
				  issue->services[i].state));
	err = cert_to_pem(&chain, cert);
	leaf_len = chain.len;
	if (err == 0)
		err = cert_to_pem(&chain, signer_issuing(request->app->signer));
	if (err == 0) {
		reply_json(request, MHD_HTTP_CREATED,
		    json_pack("{ss ss so ss% ss}", "name", issue->adn, "serial",
			issue->serial, "labels", services, "pem", chain.data,
			leaf_len, "fullchain", chain.data));
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

static int
read_service(
    struct dns_service_request *service, const json_t *item, struct reason *why)
{
	const char *dohpath;
	uint16_t port;
	int64_t number;
	int err;

	if (!json_is_object(item))
		return reason_set(
		    why, -ERR_INVALID, "labels: an item is not an object");
	err = json_copy_text(
	    service->label, sizeof(service->label), item, "label", NULL, why);
	if (err != 0)
		return err;
	ascii_lower_all(service->label);
	if (dns_label_defaults(service->label, &port, &dohpath) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "the service label '%s' is not served: domain-s (DoT) or "
		    "doh (DoH)",
		    service->label);
	err = json_copy_number(&number, item, "port", 1, 65535, port, why);
	if (err == 0)
		err = json_copy_text(service->dohpath, sizeof(service->dohpath),
		    item, "dohpath", dohpath, why);
	if (err == 0)
		service->port = (uint16_t)number;
	return err;
}

static int
read_services(struct dns_issue *issue, const json_t *list, struct reason *why)
{
	size_t i;
	const json_t *item;

	if (!json_is_array(list))
		return reason_set(
		    why, -ERR_INVALID, "labels: is missing or not an array");
	if (json_array_size(list) > DNS_LABELS_MAX)
		return reason_set(
		    why, -ERR_INVALID, "labels: more than %d", DNS_LABELS_MAX);
	json_array_foreach(list, i, item)
	{
		int err = read_service(
		    &issue->services[issue->n_services++], item, why);

		if (err != 0)
			return err;
	}
	return 0;
}

static int
read_addresses(struct dns_issue *issue, const json_t *list, struct reason *why)
{
	size_t i;
	const json_t *item;

	if (list == NULL)
		return 0;
	if (!json_is_array(list) || json_array_size(list) > DNS_ADDRESSES_MAX)
		return reason_set(why, -ERR_INVALID,
		    "addresses: not an array of at most %d", DNS_ADDRESSES_MAX);
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);

		if (text == NULL ||
		    ip_parse(&issue->addresses[issue->n_addresses++], text) !=
			0)
			return reason_set(why, -ERR_INVALID,
			    "addresses: '%.60s' is not an IP address",
			    text != NULL ? text : "");
	}
	return 0;
}

int
dns_issue_body_read(struct dns_issue *issue, struct csr **csr,
    const json_t *body, struct reason *why)
{
	const char *pem = json_string_value(json_object_get(body, "csr"));
	char name[DOMAIN_MAX + 2];
	int err = json_copy_text(name, sizeof(name), body, "name", NULL, why);

	if (err == 0 && domain_normalize(issue->adn, name) != 0)
		err = reason_set(why, -ERR_INVALID,
		    "name: '%.120s' is not a domain name", name);
	if (err == 0)
		err =
		    read_services(issue, json_object_get(body, "labels"), why);
	if (err == 0)
		err = read_addresses(
		    issue, json_object_get(body, "addresses"), why);
	if (err != 0)
		return err;
	if (pem == NULL)
		return reason_set(why, -ERR_INVALID, "csr: is missing");
	return csr_parse_text(csr, pem, strlen(pem), why);
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
