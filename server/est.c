#include "server/est.h"

#include <jansson.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/domain.h"
#include "base/log.h"
#include "base/str.h"
#include "ca/cert.h"
#include "ca/certs_only.h"
#include "ca/signer.h"
#include "db/dns_server.h"
#include "server/app.h"
#include "server/json_split.h"
#include "server/reply_cache.h"

#define CERTS_ONLY_TYPE "application/pkcs7-mime; smime-type=certs-only"
/* The one client that cannot read a long line. */
#define WRAPPING_CLIENT "libest"
#define WRAP_COLUMNS 64
#define DNS_REPLY_MAX_AGE_MS 1000

void
est_reply_failure(struct request *request, const char *event, int err)
{
	unsigned int status =
	    err == -ERR_IO ? MHD_HTTP_SERVICE_UNAVAILABLE : status_of(err);
	const char *what = "internal error";

	log_error(event, "request=%s error=\"%s\"", request->id, err_text(err));
	if (status != MHD_HTTP_SERVICE_UNAVAILABLE)
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	else if (err == -ERR_IO)
		what = "nothing can be stored now";
	else
		what = "this cannot be done now";
	reply_text(request, status,
	    "%s; the administrator finds request %s in the log", what,
	    request->id);
}

static bool
wants_wrapping(const struct request *request)
{
	const char *agent = request_header(request, MHD_HTTP_HEADER_USER_AGENT);

	return agent != NULL && strncmp(agent, WRAPPING_CLIENT,
				    sizeof(WRAPPING_CLIENT) - 1) == 0;
}

static struct reply_key
key_of(const struct request *request, const char *path, const char *label)
{
	struct reply_key key = {.version = 0};

	snprintf(key.name, sizeof(key.name), "%s %s%.64s", path,
	    wants_wrapping(request) ? "wrapped " : "", label);
	return key;
}

/* What depends on the DNS servers depends on the time, too: they expire. */
static struct reply_key
dns_key(const struct request *request, const char *path, const char *label)
{
	struct reply_key key =
	    key_of(request, path, label != NULL ? label : "");

	key.version = store_dns_version(request->app->store);
	key.max_age_ms = DNS_REPLY_MAX_AGE_MS;
	return key;
}

static void
reply_body(struct request *request, const struct reply_key *key,
    const char *content_type, struct bytes body)
{
	if (key != NULL)
		reply_cache_put(
		    request->app->replies, request, key, content_type, body);
	else
		reply_bytes(request, MHD_HTTP_OK, content_type, body);
}

/* Base64 on one line and LF (RFC 8951 3.1). [RFC8951 3.1] key is NULL for what
 * is one client's alone. */
static void
reply_base64(struct request *request, const struct reply_key *key,
    const char *content_type, struct bytes der)
{
	bool wrap = wants_wrapping(request);
	struct buf body = {0};
	int err = base64_encode(&body, der, wrap ? WRAP_COLUMNS : 0);

	if (err == 0 && !wrap)
		err = buf_adds(&body, "\n");
	if (err == 0) {
		reply_header(request, "Content-Transfer-Encoding", "base64");
		reply_body(request, key, content_type,
		    (struct bytes){(const uint8_t *)body.data, body.len});
	} else {
		est_reply_failure(request, "base64 not encoded", err);
	}
	buf_fini(&body);
}

void
est_reply_base64(
    struct request *request, const char *content_type, struct bytes der)
{
	reply_base64(request, NULL, content_type, der);
}

static void
reply_certs_only(struct request *request, const struct reply_key *key,
    const struct cert_list *certs)
{
	struct blob der = {0};
	int err = certs_only_encode(&der, certs);

	if (err == 0)
		reply_base64(request, key, CERTS_ONLY_TYPE, blob_bytes(&der));
	else
		est_reply_failure(request, "certs-only not encoded", err);
	blob_fini(&der);
}

void
est_reply_certs_only(struct request *request, const struct cert_list *certs)
{
	reply_certs_only(request, NULL, certs);
}

void
est_cacerts(struct request *request)
{
	struct signer *signer = request->app->signer;
	/* The CA is the same as long as the program runs. */
	const struct reply_key key = key_of(request, "cacerts", "");
	struct cert_list certs = {0};
	int err;

	if (reply_cache_send(request->app->replies, request, &key))
		return;
	err = cert_list_add(&certs, signer_root(signer));
	if (err == 0)
		err = cert_list_add(&certs, signer_issuing(signer));
	if (err == 0)
		reply_certs_only(request, &key, &certs);
	else
		est_reply_failure(request, "cacerts not built", err);
	cert_list_fini(&certs);
}

/* There is one CA: it answers under any CA label. A label never equals an
 * operation (RFC 7030 3.2.2), nor an SRV label, which are reserved. */
bool
est_take_label(struct request *request)
{
	static const char *const reserved[] = {"cacerts", "simpleenroll",
	    "simplereenroll", "fullcmc", "serverkeygen", "csrattrs", "eecerts",
	    "crls", "pal", "domain-s", "doh"};

	for (size_t i = 0; i < ARRAY_LEN(reserved); i++) {
		if (strcmp(request->params[0], reserved[i]) == 0) {
			reply_text(request, MHD_HTTP_NOT_FOUND,
			    "'%s' is not a CA label", request->params[0]);
			return false;
		}
	}
	return true;
}

void
est_cacerts_label(struct request *request)
{
	if (est_take_label(request))
		est_cacerts(request);
}

/* One certificate may serve several labels: it is sent once. */
static int
add_eecert(void *arg, const struct dns_server *server)
{
	struct cert_list *certs = arg;

	for (size_t i = 0; i < certs->n; i++)
		if (bytes_equal(blob_bytes(&certs->items[i]), server->der))
			return 0;
	return cert_list_add(certs, server->der);
}

/* End-entity certificates only: intermediates are in /cacerts. [RFC8295 3] */
static void
reply_eecerts(struct request *request, const char *label)
{
	const struct reply_key key = dns_key(request, "eecerts", label);
	struct cert_list certs = {0};
	int err;

	if (reply_cache_send(request->app->replies, request, &key))
		return;
	err = dns_server_published(
	    request->reader, label, clock_now(), add_eecert, &certs);
	if (err != 0)
		est_reply_failure(request, "eecerts not read", err);
	else if (certs.n == 0)
		reply_text(request, MHD_HTTP_NOT_FOUND,
		    label != NULL ? "no DNS server has a certificate for '%s'"
				  : "no DNS server has a certificate yet",
		    label);
	else
		reply_certs_only(request, &key, &certs);
	cert_list_fini(&certs);
}

void
est_eecerts(struct request *request)
{
	reply_eecerts(request, NULL);
}

void
est_eecerts_label(struct request *request)
{
	char label[REQUEST_PARAM_MAX];

	memcpy(label, request->params[0], sizeof(label));
	ascii_lower_all(label);
	if (service_label_is_valid(label))
		reply_eecerts(request, label);
	else
		reply_text(request, MHD_HTTP_NOT_FOUND,
		    "this is not an SRV service label");
}

/* --- /resolvers.json --- */

static json_t *
alpn_of(const char *label)
{
	return json_pack("[s]", strcmp(label, "doh") == 0 ? "h2" : "dot");
}

static int
add_resolver(void *arg, const struct dns_server *server)
{
	uint8_t hash[32];
	json_t *list = arg, *item;
	char sha256[2 * sizeof(hash) + 1];

	cert_sha256(hash, server->der);
	hex_encode(sha256, (struct bytes){hash, sizeof(hash)});
	item = json_pack("{ss ss so si so ss ss}", "adn", server->adn, "label",
	    server->label, "addresses", json_split(server->addresses, ','),
	    "port", (int)server->port, "alpn", alpn_of(server->label), "state",
	    server->state, "sha256", sha256);
	if (item != NULL && server->dohpath[0] != '\0')
		json_object_set_new(
		    item, "dohpath", json_string(server->dohpath));
	return json_array_append_new(list, item) == 0 ? 0 : -ERR_NOMEM;
}

void
est_resolvers(struct request *request)
{
	const struct reply_key key = dns_key(request, "resolvers", NULL);
	json_t *list, *document;
	char *text;
	int err;

	if (reply_cache_send(request->app->replies, request, &key))
		return;
	list = json_array();
	err = dns_server_published(
	    request->reader, NULL, clock_now(), add_resolver, list);
	document = json_pack("{so}", "resolvers", list);
	text = document != NULL ? json_dumps(document, JSON_COMPACT) : NULL;
	if (err != 0 || text == NULL)
		est_reply_failure(
		    request, "resolvers not read", err != 0 ? err : -ERR_NOMEM);
	else if (json_array_size(list) == 0)
		reply_text(request, MHD_HTTP_NOT_FOUND,
		    "no DNS server has a certificate yet");
	else
		reply_body(request, &key, "application/json",
		    (struct bytes){(const uint8_t *)text, strlen(text)});
	free(text);
	json_decref(document);
}
