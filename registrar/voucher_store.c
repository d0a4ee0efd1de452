#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "db/audit.h"
#include "db/device.h"
#include "db/identity.h"
#include "db/voucher_request.h"
#include "registrar/approval.h"
#include "registrar/device.h"
#include "registrar/internal.h"
#include "registrar/voucher_question.h"

#define ACTOR "estuaryd"
#define REFUSED_ACTOR "estuaryd (audit log)"

/* --- an identity for the device --- */

struct known {
	struct question *q;
	int64_t identity_id;
};

static int
look_at_device(void *arg, const struct device *device)
{
	struct known *known = arg;
	char text[256];

	known->identity_id = device->identity_id;
	if (strcmp(device->state, "refused") != 0)
		return 0;
	/* The administrator was faster. */
	snprintf(text, sizeof(text), "the device is refused: %.200s",
	    device->verdict);
	known->q->outcome = 0;
	question_decide(known->q, VOUCHER_FORBIDDEN, text);
	return 0;
}

/* An administrator may have given that name to somebody else. */
static int
take_id(void *arg, const struct identity *identity)
{
	if (strcmp(identity->kind, "device") != 0)
		return -ERR_EXISTS;
	*(int64_t *)arg = identity->id;
	return 0;
}

static int
find_identity(
    struct store_txn *txn, int64_t *id, int64_t known_id, const char *wire_name)
{
	struct store_reader *reader = store_txn_reader(txn);
	int err = known_id != 0 ? identity_get(reader, known_id, take_id, id)
				: -ERR_NOT_FOUND;

	return err == -ERR_NOT_FOUND
		   ? identity_get_by_wire_name(reader, wire_name, take_id, id)
		   : err;
}

/* One approval is good for one voucher. */
static int
take_approval(const struct question *q, struct store_txn *txn)
{
	int err = approval_take(txn, APPROVAL_VOUCHER, q->idevid_sha256);

	return err == -ERR_NOT_FOUND ? 0 : err;
}

/* The voucher is for this one. */
static int
put_idevid(const struct question *q, struct store_txn *txn)
{
	struct device device = {.idevid = blob_bytes(&q->idevid),
	    .masa_url = q->masa_url,
	    .mud_url = q->mud_url};

	memcpy(device.idevid_sha256, q->idevid_sha256,
	    sizeof(device.idevid_sha256));
	return device_set_idevid(txn, q->device_id, &device);
}

static int
admit(struct question *q, struct store_txn *txn, int64_t known_id)
{
	char hex[17], wire_name[32], name[256];
	const struct identity identity = {.wire_name = wire_name,
	    .name = name,
	    .kind = "device",
	    .profile = "device",
	    .allow_names = q->maker->row.allow_names,
	    .approval = strcmp(q->maker->row.enrollment, "ask") == 0,
	    .created_at = clock_now(),
	    .expires_at = IDENTITY_NEVER,
	    .uses_left = IDENTITY_UNLIMITED};
	int64_t id = 0;
	int err;

	hex_encode(hex, (struct bytes){q->idevid_sha256, 8});
	snprintf(wire_name, sizeof(wire_name), "device-%s", hex);
	snprintf(name, sizeof(name), "%.100s %s", q->maker->row.name,
	    q->serial_number);
	err = find_identity(txn, &id, known_id, wire_name);
	if (err == -ERR_NOT_FOUND) {
		err = identity_add(txn, &identity, NULL, ACTOR);
		if (err == 0)
			err = find_identity(txn, &id, 0, wire_name);
	}
	if (err == 0)
		err = device_set_identity(txn, q->device_id, id);
	if (err == 0)
		err = put_idevid(q, txn);
	if (err == 0)
		err = take_approval(q, txn);
	if (err == 0)
		err = device_set_state(
		    txn, q->device_id, "vouchered", "", clock_now(), ACTOR);
	return err;
}

/* --- what is kept --- */

static int
put_request(struct question *q, struct store_txn *txn)
{
	bool given = q->outcome == VOUCHER_GIVEN;
	struct voucher_request row = {.device_id = q->device_id,
	    .state = given ? "answered" : "failed",
	    .outcome = given ? 0 : (int64_t)q->outcome,
	    .reason = given ? "" : q->why.text,
	    .media_type = voucher_media_type(q->reply_format)};

	if (given)
		row.voucher = blob_bytes(&q->voucher);
	memcpy(row.request_sha256, q->sha256, sizeof(row.request_sha256));
	return voucher_request_put(txn, &row, clock_now());
}

static int
add_event(struct question *q, struct store_txn *txn, const char *kind,
    bool good, const char *detail)
{
	const struct device_event event = {
	    .at = clock_now(), .kind = kind, .good = good, .detail = detail};

	return device_add_event(txn, q->device_id, &event);
}

static int
add_audit(struct question *q, struct store_txn *txn)
{
	bool given = q->outcome == VOUCHER_GIVEN;
	char source[IP_TEXT_MAX], subject[256];
	const struct audit_row row = {
	    .event = given ? "voucher.issued" : "voucher.refused",
	    .actor = ACTOR,
	    .subject = subject,
	    .source = source,
	    .detail = given ? q->note : q->why.text};

	ip_format(source, &q->source);
	snprintf(subject, sizeof(subject), "%.100s %s", q->maker->row.name,
	    q->serial_number);
	return given ? audit_add(txn, clock_now(), &row)
		     : audit_add_refusal(txn, clock_now(), 1, &row);
}

static int
put_events(struct question *q, struct store_txn *txn)
{
	bool given = q->outcome == VOUCHER_GIVEN;
	char signer[65], detail[256];
	int err = 0;

	hex_encode(signer, (struct bytes){q->judged.signer_sha256, 32});
	snprintf(detail, sizeof(detail), "%s, %s, signed by %.64s",
	    voucher_assertion_text(q->judged.assertion),
	    q->judged.nonceless ? "without a nonce" : "with the nonce", signer);
	if (given && q->note[0] != '\0')
		err = add_event(q, txn, "audit-log", true, q->note);
	else if (q->verdict.text[0] != '\0')
		err = add_event(q, txn, "audit-log", false, q->verdict.text);
	if (err == 0)
		err = add_event(
		    q, txn, "voucher", given, given ? detail : q->why.text);
	return err;
}

/* --- a voucher that was fetched ahead --- */

static int
take_stock(void *arg, const struct stock_voucher *v)
{
	struct question *q = arg;
	int err = blob_copy(&q->voucher, v->voucher);

	if (err == 0) {
		q->outcome = 0;
		q->judged.nonceless = true;
		question_decide(q, VOUCHER_GIVEN, "");
		snprintf(q->note, sizeof(q->note),
		    "not asked for: the MASA cannot be reached, the voucher "
		    "was fetched ahead");
	}
	return err;
}

static int
try_stock(struct question *q, struct store_txn *txn)
{
	int err = stock_voucher_find(store_txn_reader(txn), q->maker->row.id,
	    q->serial_number, voucher_media_type(q->reply_format), clock_now(),
	    take_stock, q);

	return err == -ERR_NOT_FOUND ? 0 : err;
}

/* --- all at once --- */

static int
store_run(struct store_job *job, struct store_txn *txn)
{
	struct question *q = CONTAINER_OF(job, struct question, job);
	struct known known = {.q = q};
	int err = 0;

	if (q->outcome == VOUCHER_MASA_SILENT)
		err = try_stock(q, txn);
	if (err == 0)
		err = device_get(store_txn_reader(txn), q->device_id,
		    look_at_device, &known);
	if (err == 0 && q->verdict.text[0] != '\0')
		err = device_refuse(txn, q->device_id, q->verdict.text,
		    clock_now(), REFUSED_ACTOR);
	if (err == 0 && q->outcome == VOUCHER_GIVEN)
		err = admit(q, txn, known.identity_id);
	if (err == 0)
		err = put_request(q, txn);
	if (err == 0)
		err = put_events(q, txn);
	if (err == 0)
		err = add_audit(q, txn);
	return err;
}

static void
store_done(struct store_job *job)
{
	struct question *q = CONTAINER_OF(job, struct question, job);

	if (job->result != 0) {
		q->outcome = 0;
		question_fail(q, job->result);
	} else if (q->outcome == VOUCHER_GIVEN) {
		log_info("voucher issued", "manufacturer=%s device=%lld",
		    q->maker->row.name, (long long)q->device_id);
	}
	questions_end(q->registrar->questions, q);
}

/* What was given up, or not even tried, is asked again when the device comes
 * back: nothing is kept of it, but a verdict. */
void
question_store(struct question *q)
{
	struct questions *questions = q->registrar->questions;
	int err;

	if (q->outcome == VOUCHER_BUSY ||
	    (q->verdict.text[0] == '\0' &&
		questions_is_superseded(questions, q))) {
		questions_end(questions, q);
		return;
	}
	q->job = (struct store_job){.run = store_run, .done = store_done};
	err = store_submit(q->registrar->config.store, &q->job);
	if (err != 0) {
		q->outcome = 0;
		question_fail(q, err);
		questions_end(questions, q);
	}
}
