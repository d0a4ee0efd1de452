#include "masa/issue.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"

/* The signer's certificate, and its CA. */
#define SIGNER_CHAIN 2

/* --- vouchers --- */

/* [RFC8995 5.6] The nonce as it came; one without expires instead. */
static int
fill(struct voucher *v, const struct masa_case *c,
    const struct masa_issue *params)
{
	const struct voucher *request = &c->request.v;

	v->created_on = params->now;
	v->assertion = c->assertion;
	v->nonce = request->nonce;
	if (request->nonce.len == 0)
		v->expires_on = params->now + params->nonceless_s;
	memcpy(
	    v->serial_number, request->serial_number, sizeof(v->serial_number));
	return blob_copy(&v->pinned_domain_cert, masa_case_pin(c));
}

int
masa_issue(struct blob *out, const struct masa_case *c,
    const struct masa_issue *params)
{
	const struct voucher_sign_params sign = {
	    .format = params->format, .n_chain = SIGNER_CHAIN};
	struct voucher v CLEANUP(voucher_fini);
	int err;

	voucher_init(&v, VOUCHER_VOUCHER);
	err = fill(&v, c, params);
	if (err == 0)
		err = fault_spoil(&v, params->fault, params->stranger);
	if (err == 0)
		err = voucher_sign(out, &v, params->signer, &sign);
	if (err == 0)
		fault_spoil_signed(out, params->format, params->fault);
	return err;
}

/* --- what is remembered --- */

static int
nonce_text(char *out, size_t size, const struct voucher_nonce *nonce)
{
	struct buf text CLEANUP(buf_fini) = {0};
	int err;

	if (nonce->len == 0)
		return str_format(out, size, "%s", "");
	err = buf_add(&text, nonce->data, nonce->len);
	if (err != 0)
		return err;
	if (nonce->is_text && strlen(buf_text(&text)) == nonce->len &&
	    str_is_printable(buf_text(&text)))
		return str_format(out, size, "%s", buf_text(&text));
	buf_fini(&text);
	text = (struct buf){0};
	err = base64_encode(&text, (struct bytes){nonce->data, nonce->len}, 0);
	return err != 0 ? err : str_format(out, size, "%s", buf_text(&text));
}

int
masa_record_of(struct masa_record *out, const struct masa_case *c, int64_t now)
{
	size_t len = 0;
	int err = domain_id_of(out->domain_id, &len, masa_case_pin(c));

	if (err == 0)
		err = nonce_text(
		    out->nonce, sizeof(out->nonce), &c->request.v.nonce);
	out->voucher = (struct masa_voucher){.device_id = c->device.id,
	    .issued_at = now,
	    .domain_id = {out->domain_id, len},
	    .nonce = out->nonce,
	    .assertion = voucher_assertion_text(c->assertion)};
	return err;
}

/* --- audit logs --- */

static int
add_event(void *arg, const struct masa_voucher *voucher)
{
	struct audit_log *log = arg;
	struct audit_log_event *event = &log->events[log->n_events];

	if (log->n_events == MASA_LOG_EVENTS_MAX ||
	    voucher->domain_id.len > sizeof(event->domain_id) ||
	    voucher_assertion_parse(&event->assertion, voucher->assertion) != 0)
		return -ERR_CORRUPT;
	event->date = voucher->issued_at;
	event->domain_id_len = voucher->domain_id.len;
	memcpy(
	    event->domain_id, voucher->domain_id.data, voucher->domain_id.len);
	log->n_events++;
	return str_format(
	    event->nonce, sizeof(event->nonce), "%s", voucher->nonce);
}

int
masa_audit_log(struct blob *out, struct store_reader *reader, int64_t device_id)
{
	struct audit_log log CLEANUP(audit_log_fini) = {.version = 1};
	int64_t all = 0;
	int err;

	log.events = calloc(MASA_LOG_EVENTS_MAX, sizeof(*log.events));
	err = log.events != NULL ? masa_voucher_count(&all, reader, device_id)
				 : -ERR_NOMEM;
	if (err == 0)
		err = masa_voucher_list(
		    reader, device_id, MASA_LOG_EVENTS_MAX, add_event, &log);
	if (err != 0)
		return err;
	/* Between the two reads there may be another. */
	log.arbitrary =
	    all > (int64_t)log.n_events ? all - (int64_t)log.n_events : 0;
	return audit_log_encode(out, &log);
}
