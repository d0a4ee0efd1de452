#include "client/pledge_exchange.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "client/pledge_voucher.h"
#include "voucher/telemetry.h"

#define REQUEST_PATH "/.well-known/brski/requestvoucher"
#define RETRY_MIN_S 1
#define RETRY_MAX_S 60 /* RFC 8995 5.6: whatever the registrar says */
#define KEEP_OPEN_S 10 /* servers end connections that idle for longer */

/* What is asked, and what was said to it. */
struct asking {
	struct blob request;
	struct voucher_nonce nonce;
	struct blob server_cert; /* of the first connection */
	struct reason pending;   /* what the registrar said with its 202 */
	int64_t wait_s;
};

bool
pledge_is_unreachable(int err)
{
	switch (err) {
	case -ERR_UNREACHABLE:
	case -ERR_TIMEOUT:
	case -ERR_CLOSED:
	case -ERR_BUSY:
		return true;
	default:
		return false;
	}
}

void
pledge_exchange_fini(struct pledge_exchange *exchange)
{
	pledge_link_fini(&exchange->link);
	blob_fini(&exchange->pinned);
}

static void
asking_fini(struct asking *asking)
{
	blob_fini(&asking->request);
	blob_fini(&asking->server_cert);
}

/* --- telemetry --- */

static void
post_telemetry(struct est_session *session, const char *path, bool cbor,
    struct bytes content)
{
	const struct http_body body = {
	    .type = cbor ? "application/cbor" : "application/json",
	    .content = content,
	};
	struct http_reply reply = {0};
	struct reason why = {""};

	if (est_post(&reply, session, path, &body, &why) != 0)
		log_warn("telemetry not sent", "reason=\"%s\"", why.text);
	else if (reply.status != 200)
		log_warn("telemetry refused", "path=%s status=%ld", path,
		    reply.status);
	http_reply_fini(&reply);
}

void
pledge_report(struct est_session *session, const char *name, bool cbor,
    const struct reason *failure)
{
	struct telemetry t = {.version = 1, .status = failure == NULL};
	struct blob content = {0};
	char path[64];

	if (session == NULL)
		return;
	if (failure != NULL)
		snprintf(t.reason, sizeof(t.reason), "%s", failure->text);
	if (str_format(path, sizeof(path), "/.well-known/brski/%s", name) !=
		0 ||
	    telemetry_encode(&content, cbor, &t) != 0)
		return;
	post_telemetry(session, path, cbor, blob_bytes(&content));
	blob_fini(&content);
}

/* --- asking --- */

static int
open_link(struct pledge_exchange *x, struct asking *asking, struct reason *why)
{
	const struct pledge_params *params = x->params;
	const struct pledge_link_params link = {
	    .address = &x->address,
	    .same_cert =
		asking->server_cert.len > 0 ? &asking->server_cert : NULL,
	    .chain = &params->identity->chain,
	    .key = blob_bytes(&params->identity->key),
	    .silent_s =
		params->misbehave == MISBEHAVE_HANG ? params->patience_s : 0,
	};
	int err = pledge_link_open(&x->link, &link, why);

	if (err > 0)
		return -ERR_REFUSED;
	if (err != 0 || asking->server_cert.len > 0)
		return err;
	return blob_copy(
	    &asking->server_cert, blob_bytes(&x->link.chain.items[0]));
}

static int
make_request(
    struct pledge_exchange *x, struct asking *asking, struct reason *why)
{
	const struct pledge_params *params = x->params;
	bool other = params->misbehave == MISBEHAVE_OTHER_IDEVID;
	const struct pledge_request_params request = {
	    .identity = other ? params->other : params->identity,
	    .format = params->format,
	    .misbehave = params->misbehave,
	    .registrar_cert = blob_bytes(&asking->server_cert),
	    .now = clock_now(),
	};

	blob_fini(&asking->request);
	return pledge_request_make(
	    &asking->request, &asking->nonce, &request, why);
}

/* [RFC8995 5.6] The same request again, octet for octet. */
static int
ask(struct http_reply *out, struct pledge_exchange *x, struct asking *asking,
    struct reason *why)
{
	const struct pledge_params *params = x->params;
	const char *type = voucher_media_type(params->format);
	struct http_body body = {
	    .type =
		params->misbehave == MISBEHAVE_WRONG_TYPE ? "text/plain" : type,
	    .accept = params->accept != NULL ? params->accept : type,
	};
	int err = 0;

	if (x->link.session == NULL)
		err = open_link(x, asking, why);
	if (err == 0 &&
	    (asking->request.len == 0 || params->misbehave == MISBEHAVE_REPEAT))
		err = make_request(x, asking, why);
	body.content = blob_bytes(&asking->request);
	return err != 0
		   ? err
		   : est_post(out, x->link.session, REQUEST_PATH, &body, why);
}

static void
note_pending(struct asking *asking, struct http_reply *reply)
{
	char said[HTTP_SAID_MAX];

	http_reply_said(said, reply);
	reason_set(&asking->pending, 0,
	    "the voucher request waits (HTTP status 202)%s%s",
	    said[0] != '\0' ? ": " : "", said);
	asking->wait_s = reply->retry_after_s;
	if (asking->wait_s < RETRY_MIN_S)
		asking->wait_s = RETRY_MIN_S;
	if (asking->wait_s > RETRY_MAX_S)
		asking->wait_s = RETRY_MAX_S;
	http_reply_fini(reply);
	log_info("voucher request waits", "retry_after_s=%lld",
	    (long long)asking->wait_s);
}

/* Until the registrar says something else than 202; one that has said so may
 * also go away for a while. [RFC8995 5.6] */
static int
ask_patiently(struct http_reply *out, struct pledge_exchange *x,
    struct asking *asking, struct reason *why)
{
	int64_t end_ms = clock_monotonic_ms() + x->params->patience_s * 1000;

	for (;;) {
		int err = ask(out, x, asking, why);

		if (err == 0 && out->status != 202)
			return 0;
		if (err == 0)
			note_pending(asking, out);
		else if (asking->wait_s == 0 || !pledge_is_unreachable(err))
			return err;
		else
			pledge_link_close(&x->link);
		if (clock_monotonic_ms() + asking->wait_s * 1000 > end_ms)
			return reason_set(
			    why, -ERR_BUSY, "%s", asking->pending.text);
		if (asking->wait_s > KEEP_OPEN_S)
			pledge_link_close(&x->link);
		clock_sleep(asking->wait_s);
	}
}

/* --- judging --- */

static int
check_reply(const struct http_reply *reply, struct reason *why)
{
	bool refused =
	    reply->status >= 400 && reply->status < 500 && reply->status != 429;
	char said[HTTP_SAID_MAX];

	if (reply->status == 200)
		return 0;
	http_reply_said(said, reply);
	return reason_set(why, refused ? -ERR_REFUSED : -ERR_UNREACHABLE,
	    "requestvoucher %s (HTTP status %ld)%s%s",
	    refused ? "refused" : "failed", reply->status,
	    said[0] != '\0' ? ": " : "", said);
}

/* The voucher, then by it the connection that it came over. */
static int
judge_voucher(struct pledge_exchange *x, const struct asking *asking,
    const struct http_reply *reply, struct reason *why)
{
	const struct pledge_expectation expectation = {
	    .format = x->format,
	    .anchors = x->params->anchors,
	    .identity = x->params->identity,
	    .nonce = &asking->nonce,
	    .accept_nonceless = x->params->accept_nonceless,
	    .now = clock_now(),
	};
	struct voucher_opened *opened CLEANUP(freep) =
	    calloc(1, sizeof(*opened));
	const struct bytes artifact = {
	    (const uint8_t *)reply->body.data, reply->body.len};
	int err;

	if (opened == NULL)
		return -ERR_NOMEM;
	err = pledge_voucher_open(opened, artifact, &expectation, why);
	if (err != 0)
		return err;
	err = pledge_judge_registrar(blob_bytes(&opened->v.pinned_domain_cert),
	    &x->link.chain, expectation.now, why);
	if (err == 0)
		err = blob_copy(
		    &x->pinned, blob_bytes(&opened->v.pinned_domain_cert));
	voucher_opened_fini(opened);
	return err;
}

static int
take_voucher(struct pledge_exchange *x, const struct asking *asking,
    const struct http_reply *reply, struct reason *why)
{
	int err = check_reply(reply, why);

	if (err != 0)
		return err;
	x->format = x->params->format;
	if (voucher_format_of(&x->format, reply->type) != 0)
		err = reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.6: the reply's type is no voucher's: %.60s",
		    reply->type);
	if (err == 0)
		err = judge_voucher(x, asking, reply, why);
	if (err != 0 && why->text[0] == '\0')
		reason_set(why, err, "voucher: %s", err_text(err));
	pledge_report(x->link.session, "voucher_status",
	    x->format == VOUCHER_COSE_CBOR, err == 0 ? NULL : why);
	return err;
}

int
pledge_exchange_run(struct pledge_exchange *exchange, struct reason *why)
{
	struct asking *asking CLEANUP(freep) = calloc(1, sizeof(*asking));
	struct http_reply reply = {0};
	int err;

	if (asking == NULL)
		return -ERR_NOMEM;
	err = ask_patiently(&reply, exchange, asking, why);
	if (err == 0)
		err = take_voucher(exchange, asking, &reply, why);
	http_reply_fini(&reply);
	asking_fini(asking);
	if (err != 0)
		pledge_link_close(&exchange->link);
	return err;
}
