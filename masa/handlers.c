#include "masa/handlers.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "masa/app.h"
#include "masa/issue.h"

#define BRSKI "/.well-known/brski"
#define AUDIT_LOG_TYPE "application/json"
#define MS_A_SECOND 1000

enum {
	STATUS_OK = 200,
	STATUS_NOT_ACCEPTABLE = 406,
	STATUS_UNSUPPORTED_TYPE = 415,
};

/* --- refusals --- */

/* [RFC8995 5.6] The reason is text/plain in UTF-8. */
static void
refuse(struct request *request, unsigned int status, const char *reason)
{
	char path[128], quoted[600];

	log_warn("request refused",
	    "request=%s peer=%s path=%s status=%u reason=%s", request->id,
	    request->peer->text, log_quote(path, sizeof(path), request->path),
	    status, log_quote(quoted, sizeof(quoted), reason));
	reply_text(request, status, "%s", reason);
}

static void
refuse_error(struct request *request, int err, const struct reason *why)
{
	refuse(request, status_of(err),
	    why->text[0] != '\0' ? why->text : err_text(err));
}

/* --- answers, maybe late or wrong --- */

struct answer {
	struct pending pending;
	struct delay_item late;
	struct store_job job; /* of a voucher: that it is remembered */
	struct app *app;
	enum masa_fault fault;
	struct masa_record record;
	struct blob body;
	const char *media_type;
};

static void
answer_free(struct pending *pending)
{
	struct answer *answer = CONTAINER_OF(pending, struct answer, pending);

	blob_fini(&answer->body);
	free(answer);
}

/* FAULT_BIG_BYTES of zeros, of the right type. */
static void
reply_big(struct request *request, const char *media_type)
{
	AUTOFREE uint8_t *zeros = calloc(1, FAULT_BIG_BYTES);
	struct reason why = {""};

	if (zeros == NULL)
		refuse_error(request, -ERR_NOMEM, &why);
	else
		reply_bytes(request, STATUS_OK, media_type,
		    (struct bytes){zeros, FAULT_BIG_BYTES});
}

static void
answer_now(struct request *request, struct pending *pending)
{
	struct answer *answer = CONTAINER_OF(pending, struct answer, pending);
	struct reason why = {""};

	if (answer->job.result < 0)
		refuse_error(request, answer->job.result, &why);
	else if (answer->fault == FAULT_RESET)
		conn_reset(request->conn);
	else if (answer->fault == FAULT_BIG)
		reply_big(request, answer->media_type);
	else
		reply_bytes(request, STATUS_OK, answer->media_type,
		    blob_bytes(&answer->body));
}

static void
answer_late(struct delay_item *item)
{
	pending_complete(&CONTAINER_OF(item, struct answer, late)->pending);
}

static void
answer_is_ready(struct answer *answer)
{
	const struct masa_options *options = answer->app->options;

	delay_add(answer->app->delay, &answer->late,
	    answer->fault == FAULT_STALL ? DELAY_FOREVER
					 : options->delay_s * MS_A_SECOND);
}

static int
answer_remember(struct store_job *job, struct store_txn *txn)
{
	struct answer *answer = CONTAINER_OF(job, struct answer, job);

	return masa_voucher_add(txn, &answer->record.voucher);
}

/* On the store's thread. */
static void
answer_remembered(struct store_job *job)
{
	answer_is_ready(CONTAINER_OF(job, struct answer, job));
}

static int
answer_new(struct answer **out, struct request *request, enum masa_fault fault)
{
	struct answer *answer = calloc(1, sizeof(*answer));

	if (answer == NULL)
		return -ERR_NOMEM;
	answer->pending.answer = answer_now;
	answer->pending.free = answer_free;
	answer->late.run = answer_late;
	answer->job.run = answer_remember;
	answer->job.done = answer_remembered;
	answer->app = request->app;
	answer->fault = fault;
	*out = answer;
	return 0;
}

/* --- requests --- */

/* [RFC8995 5.6] As the registrar accepts it, else as its request; a COSE
 * request has its own name back. Replies and returns false otherwise. */
static bool
find_formats(struct request *request, enum voucher_format *asked,
    enum voucher_format *wanted, const char **media_type)
{
	const char *type = request_header(request, "Content-Type");
	const char *accept = request_header(request, "Accept");

	if (type == NULL || voucher_format_of(asked, type) != 0) {
		refuse(request, STATUS_UNSUPPORTED_TYPE,
		    "RFC 8995 5.5: the Content-Type is none of "
		    "application/voucher-cms+json, "
		    "application/voucher-jws+json, application/voucher+cose");
		return false;
	}
	if (voucher_format_accept(wanted, media_type,
		accept != NULL ? accept : type, *asked) == 0)
		return true;
	refuse(request, STATUS_NOT_ACCEPTABLE,
	    "RFC 8995 5.6: a voucher cannot be had in any accepted form");
	return false;
}

static int
judge(struct masa_case *out, struct request *request,
    enum voucher_format format, struct reason *why)
{
	struct app *app = request->app;
	struct blob client CLEANUP(blob_fini) = {0};
	struct masa_ask ask = {.format = format,
	    .body = {(const uint8_t *)request->body.data, request->body.len},
	    .now = clock_now(),
	    .reader = request->reader,
	    .customers = app->customers,
	    .owned_only = app->options->owned_only};
	int err;

	/* Only a connection that dies while its request is handled is without
	 * TLS. */
	if (request->conn->tls == NULL)
		return -ERR_CLOSED;
	err = tls_conn_peer_cert(&client, request->conn->tls);
	ask.tls_client = blob_bytes(&client);
	return err != 0 ? err : masa_judge(out, &ask, why);
}

static int
build_voucher(struct answer *answer, const struct masa_case *c,
    enum voucher_format format)
{
	const struct masa_options *options = answer->app->options;
	const struct masa_issue issue = {.signer = answer->app->signer,
	    .format = format,
	    .now = clock_now(),
	    .nonceless_s = options->nonceless_s,
	    .fault = answer->fault,
	    .stranger = blob_bytes(&answer->app->ca)};
	int err = masa_record_of(&answer->record, c, issue.now);

	return err != 0 ? err : masa_issue(&answer->body, c, &issue);
}

static void
request_voucher(struct request *request)
{
	struct masa_case c;
	enum voucher_format asked, wanted;
	const char *media_type;
	struct answer *answer = NULL;
	struct reason why = {""};
	int err;

	if (!find_formats(request, &asked, &wanted, &media_type))
		return;
	err = judge(&c, request, asked, &why);
	if (err != 0) {
		refuse_error(request, err, &why);
		return;
	}
	err = answer_new(&answer, request, request->app->options->fault);
	if (err == 0)
		err = build_voucher(answer, &c, wanted);
	if (err == 0) {
		log_info("voucher", "request=%s peer=%s serial=%s assertion=%s",
		    request->id, request->peer->text, c.request.v.serial_number,
		    answer->record.voucher.assertion);
		answer->media_type = media_type;
		request_prepare(request, &answer->pending);
		err = store_submit(request->app->store, &answer->job);
	}
	masa_case_fini(&c);
	if (err == 0) {
		request_wait(request, &answer->pending);
		return;
	}
	if (answer != NULL)
		answer_free(&answer->pending);
	refuse_error(request, err, &why);
}

/* [RFC8995 5.8] The same request: whoever may have a voucher may know who had
 * one before. */
static void
request_audit_log(struct request *request)
{
	struct masa_case c;
	enum voucher_format asked;
	const char *type = request_header(request, "Content-Type");
	struct answer *answer = NULL;
	struct reason why = {""};
	int err;

	if (type == NULL || voucher_format_of(&asked, type) != 0) {
		refuse(request, STATUS_UNSUPPORTED_TYPE,
		    "RFC 8995 5.8: the Content-Type is that of no voucher "
		    "request");
		return;
	}
	err = judge(&c, request, asked, &why);
	if (err != 0) {
		refuse_error(request, err, &why);
		return;
	}
	err = answer_new(&answer, request, request->app->options->audit_fault);
	if (err == 0)
		err =
		    masa_audit_log(&answer->body, request->reader, c.device.id);
	masa_case_fini(&c);
	if (err != 0) {
		if (answer != NULL)
			answer_free(&answer->pending);
		refuse_error(request, err, &why);
		return;
	}
	fault_spoil_signed(&answer->body, VOUCHER_JWS_JSON, answer->fault);
	answer->media_type = AUDIT_LOG_TYPE;
	request_prepare(request, &answer->pending);
	answer_is_ready(answer);
	request_wait(request, &answer->pending);
}

static const struct route routes[] = {
    {"POST", BRSKI "/requestvoucher", ACCESS_HANDLER, VOUCHER_MAX_BYTES,
	request_voucher},
    {"POST", BRSKI "/requestauditlog", ACCESS_HANDLER, VOUCHER_MAX_BYTES,
	request_audit_log},
};

static const struct route *
routes_of(enum listener_kind kind, size_t *n)
{
	(void)kind;
	*n = ARRAY_LEN(routes);
	return routes;
}

/* Who asks is judged by what was signed. */
static bool
authorize(struct request *request)
{
	(void)request;
	return true;
}

const struct engine_program masa_program = {
    .routes = routes_of, .authorize = authorize, .refuse = refuse};
