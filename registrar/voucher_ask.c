#include "registrar/voucher_ask.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/approval.h"
#include "db/device.h"
#include "db/voucher_request.h"
#include "registrar/approval.h"
#include "registrar/internal.h"
#include "registrar/refusal.h"
#include "registrar/voucher_question.h"

/* A failure is told to whoever comes back this soon; later, the MASA is asked
 * again. */
#define FAILURE_KEEP_S 60

/* --- telling --- */

static bool
is_refusal(enum voucher_outcome outcome)
{
	switch (outcome) {
	case VOUCHER_MALFORMED:
	case VOUCHER_NOT_PROXIMATE:
	case VOUCHER_FORBIDDEN:
	case VOUCHER_NOT_LISTED:
		return true;
	default:
		return false;
	}
}

/* detail is a string constant. */
static void
record_refusal(const struct voucher_ask *ask, const char *serial_number)
{
	static const char *const details[] = {
	    [VOUCHER_MALFORMED] = "a voucher request that is malformed",
	    [VOUCHER_NOT_PROXIMATE] =
		"a voucher request made for another registrar's certificate",
	    [VOUCHER_FORBIDDEN] = "a device or voucher request that is not "
				  "allowed",
	    [VOUCHER_NOT_LISTED] = "a serial number that is not on its "
				   "manufacturer's list",
	};
	char address[IP_TEXT_MAX], number[160], quoted[300];
	struct refusal refusal = {.event = "voucher.refused",
	    .identity = serial_number,
	    .source = &ask->source};

	if (!is_refusal(ask->outcome))
		return;
	refusal.detail = details[ask->outcome];
	ip_format(address, &ask->source);
	log_warn("voucher refused", "serial_number=%s source=%s reason=%s",
	    log_quote(number, sizeof(number), serial_number), address,
	    log_quote(quoted, sizeof(quoted), ask->why.text));
	refusal_record(ask->registrar, &refusal);
}

static int
answered(struct voucher_ask *ask, enum voucher_outcome outcome)
{
	/* A serial number that nobody vouches for is anybody's invention, and
	 * each one would be another row of the audit log. */
	const char *number =
	    ask->pledge->maker != NULL ? ask->pledge->idevid.serial_number : "";

	ask->outcome = outcome;
	record_refusal(ask, number);
	return VOUCHER_ASK_ANSWERED;
}

/* --- what the store knows and decides --- */

static int
look_at_device(void *arg, const struct device *device)
{
	struct question *q = arg;
	char text[256];

	if (strcmp(device->state, "refused") != 0)
		return 0;
	snprintf(text, sizeof(text), "the device is refused: %.200s",
	    device->verdict);
	question_decide(q, VOUCHER_FORBIDDEN, text);
	return 0;
}

static int
look_at_request(void *arg, const struct voucher_request *request)
{
	struct question *q = arg;

	if (strcmp(request->state, "answered") == 0) {
		question_decide(q, VOUCHER_GIVEN, "");
		return blob_copy(&q->voucher, request->voucher);
	}
	if (strcmp(request->state, "failed") == 0 &&
	    clock_now() - request->changed_at < FAILURE_KEEP_S)
		question_decide(
		    q, (enum voucher_outcome)request->outcome, request->reason);
	return 0;
}

static int
look_at_approval(void *arg, const struct approval *approval)
{
	struct question *q = arg;
	char text[256];

	if (strcmp(approval->state, "denied") == 0) {
		snprintf(text, sizeof(text),
		    "the administrator denied this device a voucher: %.180s",
		    approval->reason);
		question_decide(q, VOUCHER_FORBIDDEN, text);
	} else if (strcmp(approval->state, "approved") != 0) {
		q->retry_after_s = VOUCHER_RETRY_PERSON_S;
		question_decide(q, VOUCHER_LATER,
		    "the device waits for the administrator's approval; send "
		    "the same request again");
	}
	return 0;
}

/* The approval is of the device, not of its request: one that was restarted
 * while it waited has another request. */
static int
ask_person(struct question *q, struct store_txn *txn)
{
	char source[IP_TEXT_MAX], subject[320];
	const struct approval approval = {.kind = APPROVAL_VOUCHER,
	    .subject = subject,
	    .source = source,
	    .device_id = q->device_id};
	struct approval asked = approval;

	ip_format(source, &q->source);
	snprintf(subject, sizeof(subject), "%.60s device %.130s (%.100s)",
	    q->maker != NULL ? q->maker->row.name : "unknown manufacturer's",
	    q->serial_number, q->subject);
	memcpy(asked.key, q->idevid_sha256, sizeof(asked.key));
	return approval_ask(txn, &asked, clock_now(), look_at_approval, q);
}

static int
note_state(struct question *q, struct store_txn *txn, const char *state)
{
	struct voucher_request row = {.device_id = q->device_id,
	    .state = state,
	    .reason = "",
	    .media_type = voucher_media_type(q->reply_format)};

	memcpy(row.request_sha256, q->sha256, sizeof(row.request_sha256));
	return voucher_request_put(txn, &row, clock_now());
}

static int
note_device(struct question *q, struct store_txn *txn)
{
	struct device device = {.manufacturer_id = q->maker->row.id,
	    .serial_number = q->serial_number,
	    .idevid = blob_bytes(&q->idevid),
	    .masa_url = q->masa_url,
	    .mud_url = q->mud_url};

	memcpy(device.idevid_sha256, q->idevid_sha256,
	    sizeof(device.idevid_sha256));
	return device_seen(txn, &q->device_id, &device, clock_now());
}

static int
take_asked_at(void *arg, const struct approval *approval)
{
	*(int64_t *)arg = approval->created_at;
	return 0;
}

/* A request that is not known yet has to be fresh, but for as long as a person
 * has been thinking about the device: maybe of a manufacturer that is entered
 * only then. */
static int
check_fresh(struct question *q, struct store_reader *reader)
{
	const struct registrar_config *config = &q->registrar->config;
	int64_t now = clock_now(), asked_at = now;
	struct reason why = {""};
	int err = approval_find(reader, APPROVAL_VOUCHER, q->idevid_sha256,
	    take_asked_at, &asked_at);

	if (err != 0 && err != -ERR_NOT_FOUND)
		return err;
	err = pvr_check_age(&q->pvr, now,
	    config->request_age_s + (now > asked_at ? now - asked_at : 0),
	    config->clock_skew_s, &why);
	if (err != 0)
		question_decide(q, VOUCHER_FORBIDDEN, why.text);
	return err;
}

/* What fails here leaves nothing behind: a refused request is no news of the
 * device. */
static int
decide_run(struct store_job *job, struct store_txn *txn)
{
	struct question *q = CONTAINER_OF(job, struct question, job);
	struct store_reader *reader = store_txn_reader(txn);
	int err;

	if (q->maker == NULL) {
		err = check_fresh(q, reader);
		return err == 0 ? ask_person(q, txn) : err;
	}
	err = note_device(q, txn);
	if (err == 0)
		err = device_get(reader, q->device_id, look_at_device, q);
	if (err == 0 && q->outcome != 0)
		return 0;
	if (err == 0) {
		err = voucher_request_find(reader, q->device_id, q->sha256,
		    clock_now(), look_at_request, q);
		if (err == -ERR_NOT_FOUND)
			err = check_fresh(q, reader);
	}
	if (err == 0 && q->outcome == 0 &&
	    strcmp(q->maker->row.policy, "ask") == 0)
		err = ask_person(q, txn);
	if (err == 0 && (q->outcome == 0 || q->outcome == VOUCHER_LATER))
		err =
		    note_state(q, txn, q->outcome == 0 ? "asking" : "waiting");
	return err;
}

static void
decide_done(struct store_job *job)
{
	struct question *q = CONTAINER_OF(job, struct question, job);
	struct registrar *registrar = q->registrar;
	struct voucher_ask *ask = q->asker;
	int err = job->result;

	if (err == -ERR_BUSY)
		question_decide(q, VOUCHER_BUSY,
		    "too many requests wait for the administrator");
	else if (err != 0)
		question_fail(q, err);
	/* Approved, but by whose rules? */
	if (q->outcome == 0 && q->maker == NULL) {
		q->retry_after_s = VOUCHER_RETRY_PERSON_S;
		question_decide(q, VOUCHER_LATER,
		    "the administrator approved the device, but has not "
		    "entered its manufacturer yet");
	}
	if (q->outcome == 0) {
		if (questions_join(registrar->questions, q) == 0)
			question_ask_masa(q);
		return;
	}
	ask->outcome = q->outcome;
	ask->why = q->why;
	record_refusal(ask, q->maker != NULL ? q->serial_number : "");
	question_tell(ask, q);
	question_free(q);
}

/* --- the request --- */

static enum voucher_outcome
outcome_of(int err)
{
	switch (err) {
	case PVR_NOT_PROXIMATE:
		return VOUCHER_NOT_PROXIMATE;
	case -ERR_REFUSED:
		return VOUCHER_FORBIDDEN;
	case -ERR_INVALID:
	case -ERR_TOO_LARGE:
		return VOUCHER_MALFORMED;
	case -ERR_BUSY:
	case -ERR_CLOSED:
		return VOUCHER_BUSY;
	default:
		return VOUCHER_FAILED;
	}
}

/* The same request for another format of the answer is another question. */
static int
hash_request(struct question *q, struct bytes request)
{
	const uint8_t format = (uint8_t)q->reply_format;
	struct buf text = {0};
	int err = buf_add(&text, &format, 1);

	if (err == 0)
		err = buf_add(&text, request.data, request.len);
	if (err == 0)
		cert_sha256(q->sha256,
		    (struct bytes){(const uint8_t *)text.data, text.len});
	buf_fini(&text);
	return err;
}

static int
copy_device(struct question *q, const struct pledge *pledge)
{
	const struct idevid *idevid = &pledge->idevid;

	snprintf(q->serial_number, sizeof(q->serial_number), "%s",
	    q->maker != NULL ? pledge->serial_number : idevid->serial_number);
	snprintf(q->subject, sizeof(q->subject), "%.159s", idevid->subject);
	memcpy(q->masa_url, idevid->masa_url, sizeof(q->masa_url));
	memcpy(q->mud_url, idevid->mud_url, sizeof(q->mud_url));
	memcpy(q->idevid_sha256, idevid->sha256, sizeof(q->idevid_sha256));
	return blob_copy(&q->idevid, blob_bytes(&pledge->der));
}

static int
make_rvr(struct question *q, const struct voucher_ask *ask, struct reason *why)
{
	const struct rvr_parts parts = {.format = q->format,
	    .serial_number = q->serial_number,
	    .idevid_issuer = blob_bytes(&ask->pledge->idevid.issuer),
	    .nonce = &q->pvr.nonce,
	    .pvr = ask->request,
	    .device = blob_bytes(&q->idevid),
	    .device_chain = &ask->pledge->chain,
	    .plain_root = q->maker->row.plain_root,
	    .now = clock_now()};

	return rvr_build(&q->rvr, &parts, q->domain, why);
}

static int
make_question(struct question *q, struct voucher_ask *ask, struct reason *why)
{
	const struct pledge *pledge = ask->pledge;
	const struct pvr_terms terms = {.format = ask->format,
	    .device = blob_bytes(&pledge->der),
	    .serial_number = q->serial_number,
	    .registrar_cert = ask->registrar_cert,
	    .plain_root = q->maker != NULL && q->maker->row.plain_root};
	int err = copy_device(q, pledge);

	q->registrar = ask->registrar;
	q->format = ask->format;
	q->reply_format = ask->reply_format;
	memcpy(q->reply_type, ask->reply_type, sizeof(q->reply_type));
	q->source = ask->source;
	q->domain = registrar_domain_signer(ask->registrar);
	if (err == 0 && q->domain == NULL)
		err = -ERR_CLOSED;
	if (err == 0)
		err = pvr_judge(&q->pvr, ask->request, &terms, why);
	if (err == 0)
		err = hash_request(q, ask->request);
	if (err == 0 && q->maker != NULL)
		err = make_rvr(q, ask, why);
	return err;
}

/* Policy that needs no store. 0: go on. */
static int
check_policy(struct voucher_ask *ask, const struct maker *maker)
{
	const struct pledge *pledge = ask->pledge;
	const char *policy = maker != NULL ? maker->row.policy : "";

	if (maker == NULL && !ask->registrar->config.ask_unknown) {
		reason_set(&ask->why, 0,
		    "RFC 8995 5.5: the device's manufacturer is not known to "
		    "this network: %s",
		    pledge->why.text);
		return answered(ask, VOUCHER_FORBIDDEN);
	}
	if (strcmp(policy, "refuse") == 0) {
		reason_set(&ask->why, 0,
		    "devices of the manufacturer %.80s are refused here",
		    maker->row.name);
		return answered(ask, VOUCHER_FORBIDDEN);
	}
	if (strcmp(policy, "list") == 0 &&
	    !maker_lists(maker, pledge->serial_number)) {
		reason_set(&ask->why, 0,
		    "the serial number is not on the list of %.80s",
		    maker->row.name);
		return answered(ask, VOUCHER_NOT_LISTED);
	}
	return 0;
}

static int
start(struct voucher_ask *ask, struct maker **maker)
{
	struct question *q = calloc(1, sizeof(*q));
	int err = -ERR_NOMEM;

	if (q != NULL) {
		q->maker = STEAL(*maker);
		err = make_question(q, ask, &ask->why);
	}
	if (err == 0) {
		q->asker = ask;
		q->job =
		    (struct store_job){.run = decide_run, .done = decide_done};
		err = store_submit(ask->registrar->config.store, &q->job);
		if (err == 0)
			return 0;
	}
	question_free(q);
	if (ask->why.text[0] == '\0')
		reason_set(&ask->why, 0, "%s", err_text(err));
	return answered(ask, outcome_of(err));
}

int
voucher_ask_start(struct voucher_ask *ask)
{
	const struct pledge *pledge = ask->pledge;
	struct maker *maker = NULL;
	int err = 0;

	ask->voucher = (struct blob){NULL, 0};
	ask->why.text[0] = '\0';
	ask->retry_after_s = 0;
	ask->deadline_ms = clock_monotonic_ms() + ask->wait_ms;
	if (pledge->result != 0 && pledge->result != -ERR_NOT_FOUND) {
		ask->why = pledge->why;
		return answered(ask, VOUCHER_FORBIDDEN);
	}
	/* As it is now, not as it was when the connection began. */
	if (pledge->maker != NULL)
		err =
		    maker_by_id(&maker, ask->registrar, pledge->maker->row.id);
	if (err != 0 && err != -ERR_NOT_FOUND) {
		reason_set(&ask->why, 0, "%s", err_text(err));
		return answered(ask, VOUCHER_FAILED);
	}
	err = check_policy(ask, maker);
	if (err == 0)
		err = start(ask, &maker);
	maker_unref(maker);
	return err;
}
