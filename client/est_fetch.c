#include "client/est_fetch.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "ca/certs_only.h"
#include "client/http.h"
#include "tls/pump.h"

#define URL_MAX 512

struct est_session {
	struct tls_pump *pump;
	CURL *curl;
	char server_name[DOMAIN_MAX + 1];
	bool broken; /* a transfer failed: what is left of its reply would be
			taken for the next one's */
};

/* The pump takes a new local connection for each request and keeps the TLS
 * connection, so libcurl is told to keep none. */
static int
set_up_curl(struct est_session *session)
{
	CURL *curl = session->curl;

	if (curl_easy_setopt(curl, CURLOPT_ABSTRACT_UNIX_SOCKET,
		tls_pump_name(session->pump)) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION,
		(long)CURL_HTTP_VERSION_1_1) != CURLE_OK)
		return -ERR_NOMEM;
	return 0;
}

int
est_session_start(struct est_session **out, struct tls_conn **conn, int *fd,
    const char *server_name, struct reason *why)
{
	struct est_session *session = calloc(1, sizeof(*session));
	int err;

	if (session == NULL)
		return -ERR_NOMEM;
	err = str_format(session->server_name, sizeof(session->server_name),
	    "%s", server_name);
	session->curl = http_handle("http", EST_TIMEOUT_MS);
	if (err == 0 && session->curl == NULL)
		err = -ERR_NOMEM;
	if (err == 0)
		err = tls_pump_start(&session->pump, conn, *fd);
	if (err == 0) {
		*fd = -1;
		err = set_up_curl(session);
	}
	if (err != 0) {
		est_session_end(session);
		return reason_set(why, err, "starting HTTP: %s", err_text(err));
	}
	*out = session;
	return 0;
}

void
est_session_end(struct est_session *session)
{
	if (session == NULL)
		return;
	if (session->curl != NULL)
		curl_easy_cleanup(session->curl);
	tls_pump_stop(session->pump);
	free(session);
}

static int
check_status(long status, const char *path, struct reason *why)
{
	switch (status) {
	case 200:
		return 0;
	case 404:
		return reason_set(
		    why, -ERR_NOT_FOUND, "%s: there is none", path);
	case 401:
	case 403:
		return reason_set(why, -ERR_REFUSED,
		    "%s: the server refuses access (HTTP status %ld)", path,
		    status);
	default:
		return reason_set(
		    why, -ERR_UNREACHABLE, "%s: HTTP status %ld", path, status);
	}
}

static int
session_get(struct http_reply *out, struct est_session *session,
    const char *path, const char *type, struct reason *why)
{
	struct http_reply reply = {0};
	struct reason inner = {""};
	char url[URL_MAX];
	int err = str_format(
	    url, sizeof(url), "http://%s%s", session->server_name, path);

	if (err == 0 && session->broken)
		err = -ERR_CLOSED;
	if (err != 0)
		return err;
	err = http_get(&reply, session->curl, url, EST_REPLY_MAX_BYTES, &inner);
	if (err != 0) {
		session->broken = true;
		return reason_set(why, err, "%.100s: %.140s", path, inner.text);
	}
	err = check_status(reply.status, path, why);
	if (err == 0 && strcmp(reply.type, type) != 0)
		err = reason_set(why, -ERR_INVALID,
		    "%.100s: the reply's type is not %s", path, type);
	if (err != 0) {
		http_reply_fini(&reply);
		return err;
	}
	*out = reply;
	return 0;
}

int
est_get_certs(struct cert_list *out, struct est_session *session,
    const char *operation, struct reason *why)
{
	struct http_reply reply = {0};
	struct reason inner = {""};
	struct blob der = {0};
	char path[64];
	int err =
	    str_format(path, sizeof(path), "/.well-known/est/%s", operation);

	if (err == 0)
		err = session_get(
		    &reply, session, path, "application/pkcs7-mime", why);
	if (err != 0)
		return err;
	err = base64_decode(&der, buf_text(&reply.body), reply.body.len);
	if (err != 0)
		reason_set(&inner, err, "the reply is not base64");
	if (err == 0)
		err = certs_only_decode(out, blob_bytes(&der), &inner);
	if (err != 0)
		reason_set(why, err, "%s: %.180s", path, inner.text);
	blob_fini(&der);
	http_reply_fini(&reply);
	return err;
}

int
est_get_json(struct buf *out, struct est_session *session, const char *path,
    struct reason *why)
{
	struct http_reply reply = {0};
	int err = session_get(&reply, session, path, "application/json", why);

	if (err == 0)
		*out = reply.body;
	return err;
}
