#include "client/est_fetch.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "ca/certs_only.h"
#include "client/http.h"
#include "tls/pump.h"

#define URL_MAX 512
#define PATH_LEN 64
#define CERTS_TYPE "application/pkcs7-mime"

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
check_status(
    const struct http_reply *reply, const char *path, struct reason *why)
{
	char said[HTTP_SAID_MAX];

	http_reply_said(said, reply);
	if (reply->status == 200)
		return 0;
	if (reply->status == 404)
		return reason_set(
		    why, -ERR_NOT_FOUND, "%s: there is none", path);
	if (reply->status >= 400 && reply->status < 500 && reply->status != 429)
		return reason_set(why, -ERR_REFUSED,
		    "%s: the server refuses (HTTP status %ld)%s%s", path,
		    reply->status, said[0] != '\0' ? ": " : "", said);
	return reason_set(why, -ERR_UNREACHABLE, "%s: HTTP status %ld%s%s",
	    path, reply->status, said[0] != '\0' ? ": " : "", said);
}

static int
make_url(char out[URL_MAX], const struct est_session *session, const char *path)
{
	int err =
	    str_format(out, URL_MAX, "http://%s%s", session->server_name, path);

	return err == 0 && session->broken ? -ERR_CLOSED : err;
}

/* What is left of a transfer that failed would be the next one's. */
static int
transfer_failed(struct est_session *session, int err, const char *path,
    const struct reason *inner, struct reason *why)
{
	session->broken = true;
	return reason_set(why, err, "%.100s: %.140s", path, inner->text);
}

/* Takes the reply, which is freed unless it is handed out. */
static int
accept_reply(struct http_reply *out, struct http_reply *reply, const char *path,
    const char *type, struct reason *why)
{
	int err = check_status(reply, path, why);

	if (err == 0 && strcmp(reply->type, type) != 0)
		err = reason_set(why, -ERR_INVALID,
		    "%.100s: the reply's type is not %s", path, type);
	if (err == 0)
		*out = *reply;
	else
		http_reply_fini(reply);
	return err;
}

static int
session_get(struct http_reply *out, struct est_session *session,
    const char *path, const char *type, struct reason *why)
{
	struct http_reply reply = {0};
	struct reason inner = {""};
	char url[URL_MAX];
	int err = make_url(url, session, path);

	if (err != 0)
		return err;
	err = http_get(&reply, session->curl, url, EST_REPLY_MAX_BYTES, &inner);
	if (err != 0)
		return transfer_failed(session, err, path, &inner, why);
	/* [RFC7030 4.5.2] csrattrs alone may be 204; nothing else reads it. */
	if (reply.status == 204) {
		http_reply_fini(&reply);
		return reason_set(
		    why, -ERR_NOT_FOUND, "%s: there is none", path);
	}
	return accept_reply(out, &reply, path, type, why);
}

/* Frees the reply. */
static int
decode_certs(struct cert_list *out, struct http_reply *reply, const char *path,
    struct reason *why)
{
	struct reason inner = {""};
	struct blob der = {0};
	int err = base64_decode(&der, buf_text(&reply->body), reply->body.len);

	if (err != 0)
		reason_set(&inner, err, "the reply is not base64");
	if (err == 0)
		err = certs_only_decode(out, blob_bytes(&der), &inner);
	if (err != 0)
		reason_set(why, err, "%s: %.180s", path, inner.text);
	blob_fini(&der);
	http_reply_fini(reply);
	return err;
}

static int
make_path(char out[PATH_LEN], const char *operation)
{
	return str_format(out, PATH_LEN, "/.well-known/est/%s", operation);
}

int
est_get_certs(struct cert_list *out, struct est_session *session,
    const char *operation, struct reason *why)
{
	struct http_reply reply = {0};
	char path[PATH_LEN];
	int err = make_path(path, operation);

	if (err == 0)
		err = session_get(&reply, session, path, CERTS_TYPE, why);
	return err != 0 ? err : decode_certs(out, &reply, path, why);
}

int
est_get_csrattrs(
    struct blob *out, struct est_session *session, struct reason *why)
{
	struct http_reply reply = {0};
	char path[PATH_LEN];
	int err = make_path(path, "csrattrs");

	if (err == 0)
		err = session_get(
		    &reply, session, path, "application/csrattrs", why);
	if (err == -ERR_NOT_FOUND)
		return 0;
	if (err != 0)
		return err;
	err = base64_decode(out, buf_text(&reply.body), reply.body.len);
	if (err != 0)
		reason_set(why, err, "%s: the reply is not base64", path);
	http_reply_fini(&reply);
	return err;
}

static int
session_post(struct http_reply *out, struct est_session *session,
    const char *path, struct bytes der, struct reason *why)
{
	struct reason inner = {""};
	struct buf body = {0};
	char url[URL_MAX];
	int err = make_url(url, session, path);

	if (err == 0)
		err = base64_encode(&body, der, 64);
	if (err == 0) {
		const struct http_body request = {.type = "application/pkcs10",
		    .content = {(const uint8_t *)body.data, body.len}};

		err = http_post(out, session->curl, url, &request,
		    EST_REPLY_MAX_BYTES, &inner);
		if (err != 0)
			err = transfer_failed(session, err, path, &inner, why);
	}
	buf_fini(&body);
	return err;
}

int
est_post_csr(struct cert_list *out, int64_t *retry_after_s,
    struct est_session *session, const char *operation, struct bytes csr,
    struct reason *why)
{
	struct http_reply reply = {0}, good;
	char path[PATH_LEN];
	int err = make_path(path, operation);

	if (err == 0)
		err = session_post(&reply, session, path, csr, why);
	if (err != 0)
		return err;
	if (reply.status == 202) {
		*retry_after_s = reply.retry_after_s;
		http_reply_fini(&reply);
		return EST_PENDING;
	}
	err = accept_reply(&good, &reply, path, CERTS_TYPE, why);
	return err != 0 ? err : decode_certs(out, &good, path, why);
}

int
est_post(struct http_reply *out, struct est_session *session, const char *path,
    const struct http_body *body, struct reason *why)
{
	struct reason inner = {""};
	char url[URL_MAX];
	int err = make_url(url, session, path);

	if (err != 0)
		return reason_set(why, err, "%s: %s", path, err_text(err));
	err = http_post(
	    out, session->curl, url, body, EST_REPLY_MAX_BYTES, &inner);
	return err == 0 ? 0 : transfer_failed(session, err, path, &inner, why);
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
