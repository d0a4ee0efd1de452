#include "voucher/sid.h"

#include <string.h>

#include "base/str.h"
#include "voucher/cbor_item.h"
#include "voucher/fields.h"

#define TAG_ABSOLUTE_SID 47 /* RFC 9254 3.2 */

static uint16_t
root_sid(enum voucher_kind kind)
{
	return kind == VOUCHER_REQUEST ? VOUCHER_REQUEST_SID : VOUCHER_SID;
}

static uint16_t
field_sid(const struct voucher_field *field, enum voucher_kind kind)
{
	return kind == VOUCHER_REQUEST ? field->sid_request
				       : field->sid_voucher;
}

/* --- out --- */

static void
put_time(struct buf *out, int64_t time)
{
	char text[RFC3339_LEN];

	rfc3339_format(text, time);
	cbor_put_text(out, text, strlen(text));
}

static void
put_nonce(struct buf *out, const struct voucher_nonce *nonce)
{
	if (nonce->is_text)
		cbor_put_text(out, (const char *)nonce->data, nonce->len);
	else
		cbor_put_bytes(out, (struct bytes){nonce->data, nonce->len});
}

static void
put_value(
    struct buf *out, const struct voucher *v, const struct voucher_field *field)
{
	const void *p = (const char *)v + field->offset;

	switch (field->type) {
	case FIELD_ASSERTION:
		cbor_put_int(out, *(const enum voucher_assertion *)p);
		break;
	case FIELD_BINARY:
		cbor_put_bytes(out, blob_bytes(p));
		break;
	case FIELD_BOOL:
		cbor_put_bool(out, *(const int *)p != 0);
		break;
	case FIELD_NONCE:
		put_nonce(out, p);
		break;
	case FIELD_TEXT:
		cbor_put_text(out, p, strlen(p));
		break;
	case FIELD_TIME:
		put_time(out, *(const int64_t *)p);
		break;
	}
}

/* Those of the kind that are set, by ascending SID (RFC 8949 4.2.1). */
static size_t
fields_in_order(const struct voucher_field **out, const struct voucher *v)
{
	size_t n = 0;

	for (uint16_t sid = root_sid(v->kind); sid < root_sid(v->kind) + 48;
	     sid++) {
		const struct voucher_field *field =
		    voucher_field_by_sid(v->kind, sid);

		if (field != NULL && voucher_field_is_set(v, field))
			out[n++] = field;
	}
	return n;
}

int
voucher_cbor_encode(struct blob *out, const struct voucher *v)
{
	const struct voucher_field *fields[32];
	struct buf cbor CLEANUP(buf_fini) = {0};
	size_t n = fields_in_order(fields, v);
	int err;

	cbor_put_map(&cbor, 1);
	cbor_put_int(&cbor, root_sid(v->kind));
	cbor_put_map(&cbor, n);
	for (size_t i = 0; i < n; i++) {
		cbor_put_int(
		    &cbor, field_sid(fields[i], v->kind) - root_sid(v->kind));
		put_value(&cbor, v, fields[i]);
	}
	err = buf_status(&cbor);
	if (err != 0)
		return err;
	return blob_copy(
	    out, (struct bytes){(const uint8_t *)cbor.data, cbor.len});
}

/* --- in --- */

static int
not_voucher(struct reason *why, const char *what)
{
	return reason_set(why, -ERR_INVALID, "RFC 9254: %s", what);
}

/* [RFC9254 3.2] An absolute SID, behind Tag 47. */
static bool
absolute_sid(uint64_t *out, const cbor_item_t *key)
{
	cbor_item_t *tagged AUTOCBOR = NULL;

	if (!cbor_isa_tag(key))
		return false;
	tagged = cbor_tag_item(key);
	return cbor_tag_value(key) == TAG_ABSOLUTE_SID &&
	       cbor_item_uint(out, tagged);
}

static bool
is_root(const cbor_item_t *key, enum voucher_kind kind)
{
	const char *name = voucher_root_name(kind);
	struct bytes text;
	uint64_t sid;

	if (cbor_item_text(&text, key))
		return text.len == strlen(name) &&
		       memcmp(text.data, name, text.len) == 0;
	return (absolute_sid(&sid, key) || cbor_item_uint(&sid, key)) &&
	       sid == root_sid(kind);
}

/* [RFC9254 3.3] By its name, too. NULL for a key that is not known. */
static const struct voucher_field *
field_of(const cbor_item_t *key, enum voucher_kind kind)
{
	struct bytes text;
	int64_t delta;
	uint64_t sid;

	if (cbor_item_text(&text, key))
		return voucher_field_by_name(
		    kind, (const char *)text.data, text.len);
	if (absolute_sid(&sid, key))
		return voucher_field_by_sid(kind, sid);
	if (cbor_item_int(&delta, key) && delta > 0 && delta < UINT16_MAX)
		return voucher_field_by_sid(
		    kind, root_sid(kind) + (uint64_t)delta);
	return NULL;
}

static int
set_number(struct voucher *v, const struct voucher_field *field, int64_t value)
{
	if (field->type != FIELD_ASSERTION ||
	    (value < 0 || value > VOUCHER_AGENT_PROXIMITY))
		return -ERR_INVALID;
	v->assertion = (enum voucher_assertion)value;
	return 0;
}

static int
set_field(struct voucher *v, const struct voucher_field *field,
    const cbor_item_t *value, struct reason *why)
{
	struct bytes bytes;
	int64_t number;
	bool flag;

	if (cbor_item_bytes(&bytes, value))
		return voucher_field_set_binary(v, field, bytes, why);
	if (cbor_item_text(&bytes, value))
		return voucher_field_set_text(
		    v, field, (const char *)bytes.data, bytes.len, why);
	if (cbor_item_int(&number, value) && set_number(v, field, number) == 0)
		return 0;
	if (field->type == FIELD_BOOL && cbor_item_bool(&flag, value)) {
		v->domain_cert_revocation_checks = flag;
		return 0;
	}
	return reason_set(
	    why, -ERR_INVALID, "RFC 9254: %s has the wrong type", field->name);
}

static int
read_leaves(struct voucher *out, const cbor_item_t *leaves, struct reason *why)
{
	size_t n = 0;
	struct cbor_pair *pairs = cbor_item_map(&n, leaves);

	if (!cbor_map_is_plain(leaves))
		return not_voucher(why, "the voucher is not a map, is too long "
					"a one, or has a member twice");
	for (size_t i = 0; i < n; i++) {
		const struct voucher_field *field =
		    field_of(pairs[i].key, out->kind);
		int err;

		if (field == NULL)
			continue;
		if (voucher_field_is_set(out, field))
			return reason_set(why, -ERR_INVALID,
			    "RFC 8949 5.6: %s is there twice", field->name);
		err = set_field(out, field, pairs[i].value, why);
		if (err != 0)
			return err;
	}
	return 0;
}

int
voucher_cbor_decode(struct voucher *out, struct bytes cbor,
    enum voucher_kind kind, struct reason *why)
{
	cbor_item_t *document AUTOCBOR = NULL;
	struct cbor_pair *pairs;
	size_t n = 0;

	voucher_init(out, kind);
	if (cbor_item_load(&document, cbor) != 0)
		return not_voucher(why, "the content is not CBOR");
	pairs = cbor_item_map(&n, document);
	if (pairs == NULL || n != 1 || !is_root(pairs[0].key, kind))
		return reason_set(why, -ERR_INVALID,
		    "RFC 9254: the content is not a map of one %s",
		    voucher_root_name(kind));
	return read_leaves(out, pairs[0].value, why);
}
