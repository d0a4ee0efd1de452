#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "db/audit.h"
#include "registrar/audit_policy.h"
#include "registrar/internal.h"
#include "registrar/voucher_question.h"

#define HTTP_OK 200
#define HTTP_FORBIDDEN 403
#define HTTP_NOT_FOUND 404
#define HTTP_NOT_ACCEPTABLE 406
#define HTTP_BAD_TYPE 415
#define JSON_TYPE "application/json"

/* --- failures --- */

static enum voucher_outcome
outcome_of(enum masa_result result)
{
	switch (result) {
	case MASA_UNREACHABLE:
	case MASA_TIMED_OUT:
		return VOUCHER_MASA_SILENT;
	case MASA_ADDRESS_REFUSED:
		return VOUCHER_FORBIDDEN;
	case MASA_FAILED:
		return VOUCHER_FAILED;
	case MASA_STOPPED:
		return VOUCHER_BUSY;
	default:
		return VOUCHER_MASA_LIED;
	}
}

static void
fail(struct question *q, enum voucher_outcome outcome, const char *why)
{
	char quoted[300];

	log_warn("no voucher of the MASA",
	    "manufacturer=%s device=%lld host=%s reason=%s", q->maker->row.name,
	    (long long)q->device_id, q->call.url.host,
	    log_quote(quoted, sizeof(quoted), why));
	question_decide(q, outcome, why);
	question_store(q);
}

/* [RFC8995 5.6] What the MASA says, in its own words as far as they are
 * printable. */
static void
fail_status(struct question *q, const char *what)
{
	enum voucher_outcome outcome = VOUCHER_MASA_LIED;
	struct reason why = {""};

	if (q->call.status == HTTP_FORBIDDEN)
		outcome = VOUCHER_FORBIDDEN;
	else if (q->call.status == HTTP_NOT_FOUND)
		outcome = VOUCHER_NOT_LISTED;
	else if (q->call.status == HTTP_NOT_ACCEPTABLE ||
		 q->call.status == HTTP_BAD_TYPE)
		outcome = VOUCHER_NOT_ACCEPTABLE;
	reason_set(&why, 0, "the MASA %.80s answered %s with status %ld: %.*s",
	    q->call.url.host, what, q->call.status,
	    (int)strcspn(buf_text(&q->call.answer), "\r\n"),
	    buf_text(&q->call.answer));
	fail(q, outcome, why.text);
}

/* --- the audit log --- */

static int
judge_log(struct question *q, struct reason *why)
{
	const struct audit_policy policy = {.domain = q->domain,
	    .known_domains = q->maker->row.known_domains,
	    .nonceless = q->maker->row.nonceless};
	struct audit_log log = {.version = 0};
	struct bytes json = {
	    (const uint8_t *)q->call.answer.data, q->call.answer.len};
	int err = audit_log_parse(&log, json, why);

	if (err != 0)
		return err;
	err = audit_policy_judge(&log, &policy, why);
	if (err == 0)
		snprintf(q->note, sizeof(q->note),
		    "%zu events, all of known domains%s", log.n_events,
		    log.arbitrary != 0 ? "; older ones were cut off" : "");
	audit_log_fini(&log);
	return err;
}

static void
give(struct question *q)
{
	int err = blob_copy(&q->voucher, blob_bytes(&q->judged.voucher));

	if (err == 0)
		question_decide(q, VOUCHER_GIVEN, "");
	else
		question_decide(q, VOUCHER_FAILED, err_text(err));
	question_store(q);
}

static void
log_done(struct masa_call *call)
{
	struct question *q = CONTAINER_OF(call, struct question, call);
	struct reason why = {""};
	int err;

	if (call->result != MASA_ANSWERED) {
		fail(q, outcome_of(call->result), call->why.text);
		return;
	}
	/* [RFC8995 5.8.1] It keeps none: that is for the device's record. */
	if (call->status == HTTP_NOT_FOUND) {
		snprintf(q->note, sizeof(q->note), "the MASA has none");
		give(q);
		return;
	}
	if (call->status != HTTP_OK) {
		reason_set(&why, 0,
		    "the MASA %.80s gives no audit log: status %ld",
		    call->url.host, call->status);
		fail(q, VOUCHER_MASA_LIED, why.text);
		return;
	}
	err = judge_log(q, &why);
	if (err == 0) {
		give(q);
	} else if (err == -ERR_REFUSED) {
		q->verdict = why;
		fail(q, VOUCHER_NOT_ACCEPTABLE, why.text);
	} else {
		fail(q, VOUCHER_MASA_LIED, why.text);
	}
}

/* --- the voucher --- */

static const char *
type_towards_masa(const struct question *q, enum voucher_format format)
{
	return format == VOUCHER_COSE_CBOR ? q->maker->row.cose_type
					   : voucher_media_type(format);
}

static void
submit(struct question *q, const char *resource,
    void (*done)(struct masa_call *call))
{
	const struct manufacturer *row = &q->maker->row;
	struct masa_call *call = &q->call;
	int err;

	buf_fini(&call->answer);
	call->resource = resource;
	call->content_type = type_towards_masa(q, q->format);
	call->body = blob_bytes(&q->rvr);
	call->tls_anchors = row->masa_tls_anchors;
	call->credential = row->masa_credential;
	call->base64 = row->base64_bodies;
	call->private = row->masa_private;
	call->done = done;
	err = masa_submit(q->registrar->masa, call);
	if (err != 0)
		fail(q, VOUCHER_BUSY, err_text(err));
}

/* [RFC8995 5.8] The same request again. */
static void
ask_log(struct question *q)
{
	q->call.accept = JSON_TYPE;
	q->call.may_be_created = true;
	submit(q, "requestauditlog", log_done);
}

/* RFC 8995 5.6: of the format that was accepted. */
static int
check_type(const struct question *q, struct reason *why)
{
	enum voucher_format format;

	if (voucher_format_of(&format, q->call.type) == 0 &&
	    format == q->reply_format)
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "RFC 8995 5.6: the MASA's answer is of the type '%.60s', which was "
	    "not asked for",
	    q->call.type);
}

static void
voucher_done(struct masa_call *call)
{
	struct question *q = CONTAINER_OF(call, struct question, call);
	const struct voucher_terms terms = {.format = q->reply_format,
	    .serial_number = q->serial_number,
	    .nonce = &q->pvr.nonce,
	    .allow_nonceless = strcmp(q->maker->row.nonceless, "allow") == 0,
	    .anchors = &q->maker->voucher_anchors,
	    .domain = q->domain,
	    .now = clock_now(),
	    .skew_s = q->registrar->config.clock_skew_s};
	struct bytes artifact;
	struct reason why = {""};
	int err;

	if (call->result != MASA_ANSWERED) {
		fail(q, outcome_of(call->result), call->why.text);
		return;
	}
	if (call->status != HTTP_OK) {
		fail_status(q, "the voucher request");
		return;
	}
	artifact = (struct bytes){
	    (const uint8_t *)call->answer.data, call->answer.len};
	err = check_type(q, &why);
	if (err == 0)
		err = voucher_judge(&q->judged, artifact, &terms, &why);
	if (err == 0)
		ask_log(q);
	else
		fail(q, VOUCHER_MASA_LIED,
		    why.text[0] != '\0' ? why.text : err_text(err));
}

/* [RFC8995 2.3.2] The URL in an IDevID is taken where its manufacturer's entry
 * allows its host. */
static int
find_masa(struct question *q, struct reason *why)
{
	const struct manufacturer *row = &q->maker->row;
	bool ours = row->masa_url[0] != '\0';
	const char *text = ours ? row->masa_url : q->masa_url;
	int err;

	if (text[0] == '\0')
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 2.3.2: neither the IDevID nor the entry of its "
		    "manufacturer %.60s says where the MASA is",
		    row->name);
	err = masa_url_parse(&q->call.url, text, why);
	if (err == 0 && !ours &&
	    !masa_host_allowed(q->call.url.host, row->masa_hosts))
		err = reason_set(why, -ERR_REFUSED,
		    "the MASA's host in the IDevID, %.100s, is not among those "
		    "that the entry of its manufacturer allows",
		    q->call.url.host);
	return err;
}

void
question_ask_masa(struct question *q)
{
	struct reason why = {""};

	if (find_masa(q, &why) != 0) {
		fail(q, VOUCHER_FORBIDDEN, why.text);
		return;
	}
	q->call.accept = type_towards_masa(q, q->reply_format);
	q->call.may_be_created = false;
	submit(q, "requestvoucher", voucher_done);
}
