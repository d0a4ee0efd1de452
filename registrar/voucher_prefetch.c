#include "registrar/voucher_prefetch.h"

#include <string.h>

#include "base/clock.h"
#include "db/voucher_request.h"
#include "registrar/internal.h"
#include "registrar/voucher_judge.h"
#include "registrar/voucher_request.h"
#include "voucher/audit_log.h"

#define HTTP_OK 200
#define KEY_ID_LEN 20

/* --- into the store --- */

static int
store_run(struct store_job *job, struct store_txn *txn)
{
	struct voucher_prefetch *p =
	    CONTAINER_OF(job, struct voucher_prefetch, job);
	int err = 0;

	for (size_t i = 0; i < p->n_items && err == 0; i++) {
		const struct prefetch_item *item = &p->items[i];
		const struct stock_voucher v = {
		    .manufacturer_id = p->maker->row.id,
		    .serial_number = item->serial_number,
		    .media_type = voucher_media_type(p->format),
		    .voucher = blob_bytes(&item->voucher),
		    .expires_on = item->expires_on,
		    .fetched_at = clock_now()};

		if (item->voucher.len != 0)
			err = stock_voucher_put(txn, &v, p->actor);
	}
	return err;
}

static void
store_done(struct store_job *job)
{
	struct voucher_prefetch *p =
	    CONTAINER_OF(job, struct voucher_prefetch, job);

	p->result = job->result;
	p->done(p);
}

static void
item_ended(struct voucher_prefetch *p)
{
	int err;

	if (atomic_fetch_sub(&p->left, 1) != 1)
		return;
	p->job = (struct store_job){.run = store_run, .done = store_done};
	err = store_submit(p->registrar->config.store, &p->job);
	/* Otherwise it may be gone by now. */
	if (err != 0) {
		p->result = err;
		p->done(p);
	}
}

/* --- one --- */

static int
judge(struct prefetch_item *item)
{
	struct voucher_prefetch *p = item->owner;
	const struct voucher_terms terms = {.format = p->format,
	    .serial_number = item->serial_number,
	    .anchors = &p->maker->voucher_anchors,
	    .domain = p->domain,
	    .now = clock_now(),
	    .skew_s = p->registrar->config.clock_skew_s};
	struct bytes artifact = {
	    (const uint8_t *)item->call.answer.data, item->call.answer.len};
	struct voucher_judged judged;
	enum voucher_format format;
	int err;

	if (voucher_format_of(&format, item->call.type) != 0 ||
	    format != p->format)
		return reason_set(&item->why, -ERR_REFUSED,
		    "RFC 8995 5.6: the MASA's answer is of the type '%.60s', "
		    "which was not asked for",
		    item->call.type);
	err = voucher_judge(&judged, artifact, &terms, &item->why);
	if (err != 0)
		return err;
	item->voucher = judged.voucher;
	item->expires_on = judged.expires_on;
	return 0;
}

static void
item_done(struct masa_call *call)
{
	struct prefetch_item *item =
	    CONTAINER_OF(call, struct prefetch_item, call);
	int err = 0;

	if (call->result != MASA_ANSWERED)
		item->why = call->why;
	else if (call->status != HTTP_OK)
		reason_set(&item->why, 0, "the MASA answered with status %ld",
		    call->status);
	else
		err = judge(item);
	if (err != 0 && item->why.text[0] == '\0')
		reason_set(&item->why, 0, "%s", err_text(err));
	buf_fini(&call->answer);
	item_ended(item->owner);
}

/* The extnValue of the authority key identifier that the devices' certificates
 * have by their one issuer. */
static int
make_issuer(
    uint8_t out[6 + KEY_ID_LEN], const struct maker *maker, struct reason *why)
{
	static const uint8_t head[] = {0x04, 0x18, 0x30, 0x16, 0x80, 0x14};
	uint8_t id[DOMAIN_ID_MAX];
	size_t len = 0;

	if (maker->anchors.n != 1 ||
	    domain_id_of(id, &len, blob_bytes(&maker->anchors.items[0])) != 0 ||
	    len != KEY_ID_LEN)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8366 5.3: which key signs this manufacturer's IDevIDs "
		    "is not clear: fetching ahead needs an entry with one "
		    "anchor that has a subject key identifier of 20 octets");
	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), id, KEY_ID_LEN);
	return 0;
}

static int
prepare(
    struct prefetch_item *item, struct voucher_prefetch *p, struct bytes issuer)
{
	const struct manufacturer *row = &p->maker->row;
	const char *type = p->format == VOUCHER_COSE_CBOR
			       ? row->cose_type
			       : voucher_media_type(p->format);
	const struct rvr_parts parts = {.format = p->format,
	    .serial_number = item->serial_number,
	    .idevid_issuer = issuer,
	    .plain_root = row->plain_root,
	    .now = clock_now()};
	int err = rvr_build(&item->rvr, &parts, p->domain, &p->why);

	if (err == 0)
		err = masa_url_parse(&item->call.url, row->masa_url, &p->why);
	item->owner = p;
	item->call.resource = "requestvoucher";
	item->call.content_type = item->call.accept = type;
	item->call.body = blob_bytes(&item->rvr);
	item->call.tls_anchors = row->masa_tls_anchors;
	item->call.credential = row->masa_credential;
	item->call.base64 = row->base64_bodies;
	item->call.private = row->masa_private;
	item->call.done = item_done;
	return err;
}

static int
prepare_all(struct voucher_prefetch *p)
{
	uint8_t issuer[6 + KEY_ID_LEN];
	int err;

	if (p->maker->row.masa_url[0] == '\0')
		return reason_set(&p->why, -ERR_REFUSED,
		    "the entry of %.60s does not say where its MASA is",
		    p->maker->row.name);
	err = make_issuer(issuer, p->maker, &p->why);
	p->domain = registrar_domain_signer(p->registrar);
	if (err == 0 && p->domain == NULL)
		err = -ERR_CLOSED;
	for (size_t i = 0; i < p->n_items && err == 0; i++)
		err = prepare(
		    &p->items[i], p, (struct bytes){issuer, sizeof(issuer)});
	return err;
}

int
voucher_prefetch_start(struct voucher_prefetch *p)
{
	int err = maker_by_name(&p->maker, p->registrar, p->manufacturer);

	if (err == -ERR_NOT_FOUND)
		reason_set(
		    &p->why, err, "no manufacturer '%.60s'", p->manufacturer);
	if (err == 0)
		err = prepare_all(p);
	if (err != 0)
		return err;
	/* One more, so that it cannot end before all have begun. */
	atomic_store(&p->left, p->n_items + 1);
	for (size_t i = 0; i < p->n_items; i++) {
		struct prefetch_item *item = &p->items[i];

		err = masa_submit(p->registrar->masa, &item->call);
		if (err != 0) {
			reason_set(&item->why, 0, "%s", err_text(err));
			item_ended(p);
		}
	}
	item_ended(p);
	return 0;
}

void
voucher_prefetch_fini(struct voucher_prefetch *p)
{
	for (size_t i = 0; i < p->n_items; i++) {
		blob_fini(&p->items[i].rvr);
		blob_fini(&p->items[i].voucher);
	}
	domain_signer_unref(p->domain);
	maker_unref(p->maker);
}
