#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "registrar/device_note.h"
#include "server/app.h"
#include "server/brski.h"
#include "server/est.h"
#include "server/principal.h"
#include "voucher/telemetry.h"

#define TELEMETRY_VERSION 1

struct note_pending {
	struct pending pending;
	struct device_note note;
};

static void
note_free(struct pending *pending)
{
	free(CONTAINER_OF(pending, struct note_pending, pending));
}

/* [RFC8995 5.7] 200 whatever was made of it: the device has nothing to do about
 * it. */
static void
reply_noted(struct request *request)
{
	reply_text(request, MHD_HTTP_OK, "noted");
}

static void
note_answer(struct request *request, struct pending *pending)
{
	const struct device_note *note =
	    &CONTAINER_OF(pending, struct note_pending, pending)->note;

	if (note->result == 0 || note->result == -ERR_NOT_FOUND)
		reply_noted(request);
	else
		est_reply_failure(request, "status not noted", note->result);
}

static void
note_done(struct device_note *note)
{
	pending_complete(
	    &CONTAINER_OF(note, struct note_pending, note)->pending);
}

/* --- whose it is --- */

/* An identity by its LDevID, or a device by its IDevID; false for nobody, whose
 * word is worth no place in a record. [RFC8995 5.9.4] */
static bool
find_device(struct device_note *note, const char **by, struct request *request)
{
	const struct pledge *pledge = NULL;
	struct requester who = {.identity = ""};
	struct reason why = {""};

	if (principal_cert(&who, request, &why) == 0) {
		note->identity_id = who.identity_id;
		*by = "its LDevID";
		return true;
	}
	if (principal_pledge(&pledge, request) != 0 || pledge->result != 0)
		return false;
	note->maker_id = pledge->maker->row.id;
	memcpy(note->serial_number, pledge->serial_number,
	    sizeof(note->serial_number));
	memcpy(note->idevid_sha256, pledge->idevid.sha256,
	    sizeof(note->idevid_sha256));
	*by = "its IDevID";
	return true;
}

static void
note_telemetry(
    struct request *request, const char *kind, const struct telemetry *t)
{
	struct note_pending *p = calloc(1, sizeof(*p));
	const char *by = "no certificate of a device";
	char quoted[300];
	bool known;
	int err = -ERR_NOMEM;

	if (p == NULL) {
		est_reply_failure(request, "status not noted", err);
		return;
	}
	p->pending.answer = note_answer;
	p->pending.free = note_free;
	p->note.registrar = request->app->registrar;
	p->note.kind = kind;
	p->note.good = t->status;
	p->note.done = note_done;
	known = find_device(&p->note, &by, request);
	snprintf(p->note.detail, sizeof(p->note.detail),
	    "over TLS with %s%s%s%s%s", by, t->reason[0] != '\0' ? ": " : "",
	    t->reason, t->context[0] != '\0' ? " " : "", t->context);
	log_info("device's status", "kind=%s good=%s source=%s detail=%s", kind,
	    t->status ? "yes" : "no", request->peer->text,
	    log_quote(quoted, sizeof(quoted), p->note.detail));
	if (t->version > TELEMETRY_VERSION)
		log_warn("device's status is of a newer version",
		    "kind=%s version=%lld", kind, (long long)t->version);
	if (!known) {
		free(p);
		reply_noted(request);
		return;
	}
	request_prepare(request, &p->pending);
	err = device_note_start(&p->note);
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	free(p);
	reply_text(request, status_of(err), "%s", err_text(err));
}

/* --- what it says --- */

static bool
is_type(const struct request *request, const char *wanted)
{
	const char *type =
	    request_header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
	char media_type[64];

	return type != NULL &&
	       str_format(media_type, sizeof(media_type), "%.*s",
		   (int)strcspn(type, "; \t"), type) == 0 &&
	       ascii_equal_nocase(media_type, wanted);
}

static void
take_telemetry(struct request *request, const char *kind)
{
	const struct buf *body = &request->body;
	bool cbor = is_type(request, "application/cbor");
	struct telemetry t;
	struct reason why = {""};
	int err;

	if (!request->app->brski_enabled) {
		reply_text(
		    request, MHD_HTTP_NOT_FOUND, "BRSKI is switched off here");
		return;
	}
	if (!cbor && !is_type(request, "application/json")) {
		reply_text(request, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
		    "RFC 8995 5.7: the status is application/json or "
		    "application/cbor");
		return;
	}
	err = telemetry_parse(&t, cbor,
	    (struct bytes){(const uint8_t *)body->data, body->len}, &why);
	if (err != 0)
		reply_text(request, status_of(err), "%s",
		    why.text[0] != '\0' ? why.text : err_text(err));
	else
		note_telemetry(request, kind, &t);
}

void
brski_voucher_status(struct request *request)
{
	take_telemetry(request, "voucher-status");
}

void
brski_enrollstatus(struct request *request)
{
	take_telemetry(request, "enroll-status");
}
