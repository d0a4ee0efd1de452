#include "registrar/masa_curl.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/str.h"

#define PEM_BEGIN "-----BEGIN "

/* --- callbacks --- */

static size_t
take_body(char *data, size_t size, size_t n, void *arg)
{
	struct masa_call *call = arg;

	/* libcurl's size is always 1; it reads a smaller result as an error. */
	if (call->answer.len + n > MASA_ANSWER_MAX) {
		call->too_large = true;
		return 0;
	}
	return buf_add(&call->answer, data, n) == 0 ? n * size : 0;
}

/* What is judged here is what is connected to, whatever a name means later. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct masa_call *call = arg;

	if (purpose != CURLSOCKTYPE_IPCXN ||
	    (!call->private && !masa_address_is_public(&address->addr))) {
		call->address_refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC,
	    address->protocol);
}

/* --- options --- */

static struct curl_blob
blob_of(const char *text)
{
	/* libcurl copies it, and writes nothing. */
	union {
		const char *in;
		void *out;
	} data = {.in = text};

	return (struct curl_blob){
	    .data = data.out, .len = strlen(text), .flags = CURL_BLOB_COPY};
}

#define SET(option, value)                                                     \
	do {                                                                   \
		if (code == CURLE_OK)                                          \
			code = curl_easy_setopt(curl, (option), (value));      \
	} while (0)

static CURLcode
set_limits(CURL *curl, struct masa_call *call)
{
	CURLcode code = CURLE_OK;

	SET(CURLOPT_PROTOCOLS_STR, "https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	/* A name server that is silent holds up nobody but its own call: the
	 * thread that asks it is not waited for. */
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_CONNECTTIMEOUT, (long)MASA_CONNECT_TIMEOUT_S);
	SET(CURLOPT_TIMEOUT, (long)MASA_TIMEOUT_S);
	/* Another manufacturer's call has other rules: no connection and no
	 * session is shared. */
	SET(CURLOPT_FRESH_CONNECT, 1L);
	SET(CURLOPT_FORBID_REUSE, 1L);
	SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(CURLOPT_OPENSOCKETDATA, call);
	SET(CURLOPT_WRITEFUNCTION, take_body);
	SET(CURLOPT_WRITEDATA, call);
	SET(CURLOPT_PRIVATE, call);
	return code;
}

static CURLcode
set_credential(CURL *curl, const char *credential)
{
	struct curl_blob pem;
	CURLcode code = CURLE_OK;

	if (credential == NULL || credential[0] == '\0')
		return CURLE_OK;
	if (strstr(credential, PEM_BEGIN) == NULL) {
		SET(CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		SET(CURLOPT_USERPWD, credential);
		return code;
	}
	pem = blob_of(credential);
	SET(CURLOPT_SSLCERTTYPE, "PEM");
	SET(CURLOPT_SSLCERT_BLOB, &pem);
	SET(CURLOPT_SSLKEYTYPE, "PEM");
	SET(CURLOPT_SSLKEY_BLOB, &pem);
	return code;
}

/* The system's anchors are libcurl's default. */
static CURLcode
set_tls(CURL *curl, const struct masa_call *call)
{
	struct curl_blob anchors;
	CURLcode code = CURLE_OK;

	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	if (call->tls_anchors != NULL && call->tls_anchors[0] != '\0') {
		anchors = blob_of(call->tls_anchors);
		SET(CURLOPT_CAINFO, NULL);
		SET(CURLOPT_CAPATH, NULL);
		SET(CURLOPT_CAINFO_BLOB, &anchors);
	}
	if (code == CURLE_OK)
		code = set_credential(curl, call->credential);
	return code;
}

static int
add_header(struct masa_call *call, const char *name, const char *value)
{
	struct curl_slist *list;
	char line[160];

	if (str_format(line, sizeof(line), "%s: %s", name, value) != 0)
		return -ERR_TOO_LARGE;
	list = curl_slist_append(call->headers, line);
	if (list == NULL)
		return -ERR_NOMEM;
	call->headers = list;
	return 0;
}

/* The body is copied. */
static int
set_body(CURL *curl, const struct masa_call *call)
{
	struct buf text = {0};
	struct bytes body = call->body;
	CURLcode code = CURLE_OK;
	int err = 0;

	if (call->base64) {
		err = base64_encode(&text, body, 0);
		body = (struct bytes){(const uint8_t *)text.data, text.len};
	}
	SET(CURLOPT_POST, 1L);
	SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	SET(CURLOPT_COPYPOSTFIELDS, (const char *)body.data);
	buf_fini(&text);
	return err == 0 && code != CURLE_OK ? -ERR_NOMEM : err;
}

static int
set_request(CURL *curl, struct masa_call *call, const char *location)
{
	char url[MASA_URL_MAX + 64];
	CURLcode code = CURLE_OK;
	int err;

	if (location == NULL) {
		err = str_format(
		    url, sizeof(url), "%s/%s", call->url.base, call->resource);
		SET(CURLOPT_URL, url);
		if (err == 0)
			err = add_header(
			    call, "Content-Type", call->content_type);
		/* No "100 Continue" is waited for. */
		if (err == 0)
			err = add_header(call, "Expect", "");
		if (err == 0)
			err = set_body(curl, call);
	} else {
		err = 0;
		SET(CURLOPT_URL, location);
		SET(CURLOPT_HTTPGET, 1L);
	}
	if (err == 0)
		err = add_header(call, "Accept", call->accept);
	SET(CURLOPT_HTTPHEADER, call->headers);
	return err == 0 && code != CURLE_OK ? -ERR_NOMEM : err;
}

int
masa_curl_prepare(struct masa_call *call, const char *location)
{
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_OK;
	int err;

	masa_curl_fini(call);
	buf_fini(&call->answer);
	call->answer = (struct buf){.max = MASA_ANSWER_MAX};
	call->address_refused = call->too_large = false;
	if (curl == NULL)
		return reason_set(&call->why, -ERR_NOMEM, "out of memory");
	call->curl = curl;
	code = set_limits(curl, call);
	if (code == CURLE_OK)
		code = set_tls(curl, call);
	err =
	    code == CURLE_OK ? set_request(curl, call, location) : -ERR_INVALID;
	if (err != 0)
		reason_set(&call->why, err,
		    "the MASA cannot be asked as it is configured: %s",
		    code != CURLE_OK ? curl_easy_strerror(code)
				     : err_text(err));
	return err;
}

void
masa_curl_fini(struct masa_call *call)
{
	if (call->curl != NULL)
		curl_easy_cleanup(call->curl);
	curl_slist_free_all(call->headers);
	call->curl = NULL;
	call->headers = NULL;
}

/* --- the answer --- */

static enum masa_result
result_of(const struct masa_call *call, CURLcode code)
{
	if (call->too_large)
		return MASA_TOO_LARGE;
	switch (code) {
	case CURLE_OK:
		return MASA_ANSWERED;
	case CURLE_OPERATION_TIMEDOUT:
		return MASA_TIMED_OUT;
	case CURLE_COULDNT_RESOLVE_HOST:
		return MASA_UNREACHABLE;
	case CURLE_COULDNT_CONNECT:
		return call->address_refused ? MASA_ADDRESS_REFUSED
					     : MASA_UNREACHABLE;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_ISSUER_ERROR:
		return MASA_TLS_FAILED;
	case CURLE_OUT_OF_MEMORY:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return MASA_FAILED;
	default:
		return MASA_RESET;
	}
}

static void
read_type(struct masa_call *call)
{
	char *type = NULL;

	call->type[0] = '\0';
	if (curl_easy_getinfo(call->curl, CURLINFO_CONTENT_TYPE, &type) !=
		CURLE_OK ||
	    type == NULL)
		return;
	if (str_format(call->type, sizeof(call->type), "%.*s",
		(int)strcspn(type, "; \t"), type) != 0)
		call->type[0] = '\0';
	ascii_lower_all(call->type);
}

/* White space is ignored. */
static int
decode_body(struct masa_call *call)
{
	struct blob raw = {0};
	int err =
	    base64_decode(&raw, buf_text(&call->answer), call->answer.len);

	if (err != 0)
		return err;
	buf_fini(&call->answer);
	call->answer = (struct buf){.max = MASA_ANSWER_MAX};
	err = buf_add(&call->answer, raw.data, raw.len);
	blob_fini(&raw);
	return err;
}

void
masa_curl_finish(struct masa_call *call, CURLcode code)
{
	static const char not_public[] =
	    "has an address that is not public, which its manufacturer's entry "
	    "does not allow";
	static const char *const texts[] = {
	    [MASA_UNREACHABLE] = "cannot be reached",
	    [MASA_TLS_FAILED] = "failed the TLS handshake",
	    [MASA_TIMED_OUT] = "did not answer in time",
	    [MASA_TOO_LARGE] = "sent more than 64 KB",
	    [MASA_ADDRESS_REFUSED] = not_public,
	    [MASA_RESET] = "broke the connection off",
	    [MASA_FAILED] = "cannot be asked as it is configured",
	};

	call->result = result_of(call, code);
	call->status = 0;
	if (call->result != MASA_ANSWERED) {
		reason_set(&call->why, 0, "the MASA %.100s %s (%s)",
		    call->url.host, texts[call->result],
		    curl_easy_strerror(code));
		return;
	}
	(void)curl_easy_getinfo(
	    call->curl, CURLINFO_RESPONSE_CODE, &call->status);
	read_type(call);
	if (call->base64 && call->status == 200 && !call->may_be_created &&
	    decode_body(call) != 0) {
		call->result = MASA_RESET;
		reason_set(&call->why, 0,
		    "the MASA %.100s sent no base64, as its manufacturer's "
		    "entry says",
		    call->url.host);
	}
}

int64_t
masa_curl_retry_after(const struct masa_call *call)
{
	curl_off_t seconds = 0;

	if (curl_easy_getinfo(call->curl, CURLINFO_RETRY_AFTER, &seconds) !=
	    CURLE_OK)
		return 0;
	return seconds > 0 ? (int64_t)seconds : 0;
}

static bool
same_part(CURLU *a, CURLU *b, CURLUPart part)
{
	char *text_a = NULL, *text_b = NULL;
	bool same =
	    curl_url_get(a, part, &text_a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    curl_url_get(b, part, &text_b, CURLU_DEFAULT_PORT) == CURLUE_OK &&
	    ascii_equal_nocase(text_a, text_b);

	curl_free(text_a);
	curl_free(text_b);
	return same;
}

static bool
has_user(CURLU *url)
{
	char *user = NULL;
	bool has = curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK;

	curl_free(user);
	return has;
}

int
masa_curl_location(char **out, struct masa_call *call)
{
	CURLU *origin = curl_url(), *target = curl_url();
	struct curl_header *header = NULL;
	bool good;

	good = origin != NULL && target != NULL &&
	       curl_easy_header(call->curl, "Location", 0, CURLH_HEADER, -1,
		   &header) == CURLHE_OK &&
	       curl_url_set(origin, CURLUPART_URL, call->url.base, 0) ==
		   CURLUE_OK &&
	       curl_url_set(target, CURLUPART_URL, call->url.base, 0) ==
		   CURLUE_OK &&
	       curl_url_set(target, CURLUPART_URL, header->value, 0) ==
		   CURLUE_OK &&
	       same_part(origin, target, CURLUPART_SCHEME) &&
	       same_part(origin, target, CURLUPART_HOST) &&
	       same_part(origin, target, CURLUPART_PORT) && !has_user(target) &&
	       curl_url_get(target, CURLUPART_URL, out, 0) == CURLUE_OK;
	curl_url_cleanup(origin);
	curl_url_cleanup(target);
	return good ? 0
		    : reason_set(&call->why, -ERR_REFUSED,
			  "the MASA %.100s answered with a Location that is "
			  "missing or not at the same origin",
			  call->url.host);
}
