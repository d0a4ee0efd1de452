#include "client/http.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

CURL *
http_handle(const char *scheme, int timeout_ms)
{
	CURL *curl = curl_easy_init();

	if (curl == NULL)
		return NULL;
	if (curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, scheme) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_PROXY, "") != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms) !=
		CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_USERAGENT,
		"estuary-join/" ESTUARY_VERSION) != CURLE_OK) {
		curl_easy_cleanup(curl);
		return NULL;
	}
	return curl;
}

static size_t
body_add(char *data, size_t size, size_t n, void *arg)
{
	return buf_add(arg, data, size * n) == 0 ? size * n : 0;
}

static void
read_type(char *out, size_t size, CURL *curl)
{
	const char *type = NULL;

	out[0] = '\0';
	if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK ||
	    type == NULL ||
	    str_format(out, size, "%.*s", (int)strcspn(type, "; "), type) != 0)
		return;
	ascii_lower_all(out);
}

static int
curl_failure(CURLcode code, const struct buf *body, const char *detail,
    struct reason *why)
{
	const char *text =
	    detail[0] != '\0' ? detail : curl_easy_strerror(code);

	switch (code) {
	case CURLE_WRITE_ERROR:
		return reason_set(
		    why, buf_status(body), "the reply is too large");
	case CURLE_OPERATION_TIMEDOUT:
		return reason_set(why, -ERR_TIMEOUT, "%.200s", text);
	case CURLE_SSL_CONNECT_ERROR:
		/* Closed or reset before TLS said anything, as each of the
		 * libcurls has it. */
		if (strstr(text, "SSL_ERROR_SYSCALL") != NULL ||
		    strstr(text, "reset by peer") != NULL ||
		    strstr(text, "Broken pipe") != NULL)
			return reason_set(
			    why, -ERR_UNREACHABLE, "TLS: %.200s", text);
		return reason_set(why, -ERR_REFUSED, "TLS: %.200s", text);
	case CURLE_PEER_FAILED_VERIFICATION:
		return reason_set(why, -ERR_REFUSED, "TLS: %.200s", text);
	default:
		return reason_set(why, -ERR_UNREACHABLE, "%.200s", text);
	}
}

/* What was set up is done, and undone where it points into the caller's. */
static int
perform(struct http_reply *out, CURL *curl, const char *url, size_t max_bytes,
    struct reason *why)
{
	struct http_reply reply = {.body = {.max = max_bytes}};
	char detail[CURL_ERROR_SIZE] = "";
	curl_off_t retry_after = 0;
	CURLcode code = CURLE_OUT_OF_MEMORY;
	int err;

	if (curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail) == CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_add) ==
		CURLE_OK &&
	    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body) == CURLE_OK)
		code = curl_easy_perform(curl);
	(void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
	if (code == CURLE_OK)
		code = curl_easy_getinfo(
		    curl, CURLINFO_RESPONSE_CODE, &reply.status);
	if (code == CURLE_OK)
		code =
		    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after);
	if (code != CURLE_OK) {
		err = curl_failure(code, &reply.body, detail, why);
		buf_fini(&reply.body);
		return err != 0 ? err : -ERR_IO;
	}
	read_type(reply.type, sizeof(reply.type), curl);
	reply.retry_after_s = retry_after > 0 ? retry_after : 0;
	*out = reply;
	return 0;
}

int
http_get(struct http_reply *out, CURL *curl, const char *url, size_t max_bytes,
    struct reason *why)
{
	if (curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) != CURLE_OK)
		return -ERR_NOMEM;
	return perform(out, curl, url, max_bytes, why);
}

static int
add_header(struct curl_slist **list, const char *name, const char *value)
{
	struct curl_slist *longer;
	char line[256];

	if (value == NULL)
		return 0;
	if (str_format(line, sizeof(line), "%s: %s", name, value) != 0)
		return -ERR_TOO_LARGE;
	longer = curl_slist_append(*list, line);
	if (longer == NULL)
		return -ERR_NOMEM;
	*list = longer;
	return 0;
}

static int
set_body(CURL *curl, struct curl_slist *headers, const struct http_body *body)
{
	if (curl_easy_setopt(curl, CURLOPT_POST, 1L) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
		body->content.len > 0 ? (const char *)body->content.data
				      : "") != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
		(curl_off_t)body->content.len) != CURLE_OK ||
	    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK)
		return -ERR_NOMEM;
	return 0;
}

int
http_post(struct http_reply *out, CURL *curl, const char *url,
    const struct http_body *body, size_t max_bytes, struct reason *why)
{
	struct curl_slist *headers = NULL;
	int err = add_header(&headers, "Content-Type", body->type);

	if (err == 0)
		err = add_header(&headers, "Accept", body->accept);
	/* Not asked for leave: "100 Continue" would be one reply more. */
	if (err == 0)
		err = add_header(&headers, "Expect", "");
	if (err == 0)
		err = set_body(curl, headers, body);
	if (err == 0)
		err = perform(out, curl, url, max_bytes, why);
	(void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
	(void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, NULL);
	curl_slist_free_all(headers);
	return err;
}

void
http_reply_fini(struct http_reply *reply)
{
	buf_fini(&reply->body);
}

void
http_reply_said(char out[HTTP_SAID_MAX], const struct http_reply *reply)
{
	const char *text = buf_text(&reply->body);
	int len = (int)strcspn(text, "\r\n");

	if (strcmp(reply->type, "text/plain") != 0)
		len = 0;
	snprintf(out, HTTP_SAID_MAX, "%.*s",
	    len < HTTP_SAID_MAX ? len : HTTP_SAID_MAX - 1, text);
}
