#include "server/brski.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/log.h"
#include "base/str.h"
#include "registrar/voucher_ask.h"
#include "server/app.h"
#include "server/est.h"
#include "server/principal.h"

/* [RFC8995 5.6] The status of each outcome; and how its message is sent. */
static unsigned int
status_of_outcome(enum voucher_outcome outcome)
{
	switch (outcome) {
	case VOUCHER_GIVEN:
		return MHD_HTTP_OK;
	case VOUCHER_LATER:
		return MHD_HTTP_ACCEPTED;
	case VOUCHER_MALFORMED:
		return MHD_HTTP_BAD_REQUEST;
	case VOUCHER_NOT_PROXIMATE:
		return MHD_HTTP_UNAUTHORIZED;
	case VOUCHER_FORBIDDEN:
		return MHD_HTTP_FORBIDDEN;
	case VOUCHER_NOT_LISTED:
		return MHD_HTTP_NOT_FOUND;
	case VOUCHER_NOT_ACCEPTABLE:
		return MHD_HTTP_NOT_ACCEPTABLE;
	case VOUCHER_MASA_LIED:
		return MHD_HTTP_BAD_GATEWAY;
	case VOUCHER_MASA_SILENT:
		return MHD_HTTP_GATEWAY_TIMEOUT;
	case VOUCHER_BUSY:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	case VOUCHER_FAILED:
	default:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
}

struct ask_pending {
	struct pending pending;
	struct voucher_ask ask;
	bool base64; /* the request came as such, and so goes the answer */
};

static void
reply_voucher(struct request *request, const struct ask_pending *p)
{
	struct bytes voucher = blob_bytes(&p->ask.voucher);
	struct buf text = {0};
	int err = 0;

	if (p->base64) {
		err = base64_encode(&text, voucher, 0);
		voucher = (struct bytes){(const uint8_t *)text.data, text.len};
	}
	if (err == 0)
		reply_bytes(request, MHD_HTTP_OK, p->ask.reply_type, voucher);
	else
		est_reply_failure(request, "voucher not sent", err);
	buf_fini(&text);
}

static void
reply_outcome(struct request *request, const struct ask_pending *p)
{
	const struct voucher_ask *ask = &p->ask;
	char seconds[24], quoted[300];

	if (ask->outcome == VOUCHER_GIVEN) {
		reply_voucher(request, p);
		return;
	}
	if (ask->outcome == VOUCHER_FAILED) {
		log_error("voucher not made", "request=%s reason=%s",
		    request->id,
		    log_quote(quoted, sizeof(quoted), ask->why.text));
		reply_text(request, status_of_outcome(ask->outcome),
		    "internal error; the administrator finds request %s in the "
		    "log",
		    request->id);
		return;
	}
	if (ask->outcome == VOUCHER_LATER) {
		snprintf(seconds, sizeof(seconds), "%lld",
		    (long long)ask->retry_after_s);
		reply_header(request, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	/* [RFC8995 5.2] Somebody stands between: nothing more is said here. */
	if (ask->outcome == VOUCHER_NOT_PROXIMATE)
		reply_header(request, MHD_HTTP_HEADER_CONNECTION, "close");
	reply_text(
	    request, status_of_outcome(ask->outcome), "%s", ask->why.text);
}

static void
ask_drop(struct ask_pending *p)
{
	blob_fini(&p->ask.voucher);
	free(p);
}

static void
ask_free(struct pending *pending)
{
	ask_drop(CONTAINER_OF(pending, struct ask_pending, pending));
}

static void
ask_answer(struct request *request, struct pending *pending)
{
	reply_outcome(
	    request, CONTAINER_OF(pending, struct ask_pending, pending));
}

static void
ask_done(struct voucher_ask *ask)
{
	pending_complete(&CONTAINER_OF(ask, struct ask_pending, ask)->pending);
}

/* --- the request --- */

/* False after replying. RFC 8995 5.2, 5.6: in its own words, where no other are
 * wanted. */
static bool
read_types(struct request *request, struct voucher_ask *ask)
{
	const char *type =
	    request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	const char *accept = request_header(request, MHD_HTTP_HEADER_ACCEPT);
	const char *reply_type;

	if (type == NULL || voucher_format_of(&ask->format, type) != 0) {
		reply_text(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
		    "RFC 8995 5.2: the request's type must be %s, %s or %s",
		    voucher_media_type(VOUCHER_CMS_JSON),
		    voucher_media_type(VOUCHER_JWS_JSON),
		    voucher_media_type(VOUCHER_COSE_CBOR));
		return false;
	}
	if (voucher_format_accept(
		&ask->reply_format, &reply_type, accept, ask->format) != 0) {
		reply_text(request, MHD_HTTP_NOT_ACCEPTABLE,
		    "RFC 8995 5.6: no voucher can be had in any of the "
		    "accepted types");
		return false;
	}
	/* As the device calls it, unless it wishes for another name. */
	if (accept == NULL || (ask->reply_format == ask->format &&
				  strcasestr(accept, reply_type) == NULL))
		reply_type = type;
	snprintf(ask->reply_type, sizeof(ask->reply_type), "%.*s",
	    (int)strcspn(reply_type, "; \t"), reply_type);
	return true;
}

/* Some manufacturers' devices send base64 although RFC 8995 6 has the octets
 * themselves: no artifact is text. */
static int
read_body(struct blob *out, bool *base64, const struct request *request,
    const struct pledge *pledge)
{
	const struct buf *body = &request->body;

	*base64 = pledge->maker != NULL && pledge->maker->row.base64_bodies &&
		  body->len != 0 &&
		  base64_decode(out, body->data, body->len) == 0;
	return *base64
		   ? 0
		   : blob_copy(out, (struct bytes){(const uint8_t *)body->data,
					body->len});
}

static int
start(
    struct request *request, struct ask_pending *p, const struct pledge *pledge)
{
	struct voucher_ask *ask = &p->ask;
	struct blob body = {0}, own_cert = {0};
	int err = tls_conn_own_cert(&own_cert, request->conn->tls);

	if (err == 0)
		err = read_body(&body, &p->base64, request, pledge);
	if (err == 0) {
		ask->registrar = request->app->registrar;
		ask->pledge = pledge;
		ask->request = blob_bytes(&body);
		ask->registrar_cert = blob_bytes(&own_cert);
		ask->source = request->peer->ip;
		ask->wait_ms = VOUCHER_WAIT_MS;
		ask->done = ask_done;
		request_prepare(request, &p->pending);
		err = voucher_ask_start(ask);
	}
	blob_fini(&body);
	blob_fini(&own_cert);
	return err;
}

static void
ask_for(struct request *request, const struct pledge *pledge)
{
	struct ask_pending *p = calloc(1, sizeof(*p));
	int err = -ERR_NOMEM;

	if (p != NULL && !read_types(request, &p->ask)) {
		free(p);
		return;
	}
	if (p != NULL) {
		p->pending.answer = ask_answer;
		p->pending.free = ask_free;
		err = start(request, p, pledge);
	}
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	if (err == VOUCHER_ASK_ANSWERED)
		reply_outcome(request, p);
	else
		est_reply_failure(request, "voucher not asked for", err);
	if (p != NULL)
		ask_drop(p);
}

void
brski_requestvoucher(struct request *request)
{
	const struct pledge *pledge = NULL;
	int err;

	if (!request->app->brski_enabled) {
		reply_text(
		    request, MHD_HTTP_NOT_FOUND, "BRSKI is switched off here");
		return;
	}
	err = principal_pledge(&pledge, request);
	if (err == PRINCIPAL_NO_CERT)
		reply_text(request, MHD_HTTP_UNAUTHORIZED,
		    "RFC 8995 5.1: a device shows its IDevID as TLS client "
		    "certificate");
	else if (err != 0)
		est_reply_failure(request, "IDevID not read", err);
	else
		ask_for(request, pledge);
}
