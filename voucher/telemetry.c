#include "voucher/telemetry.h"

#include <stdio.h>
#include <string.h>

#include "voucher/cbor_item.h"
#include "voucher/json_util.h"

#define VERSION_MAX 1000

/* [RFC8995 5.7] */
static int
malformed(struct reason *why, const char *what)
{
	return reason_set(why, -ERR_INVALID, "RFC 8995 5.7: %s", what);
}

/* For people: what is not printable ASCII becomes a question mark. */
static void
copy_text(char out[TELEMETRY_REASON_MAX], const char *text, size_t len)
{
	size_t n = len < TELEMETRY_REASON_MAX ? len : TELEMETRY_REASON_MAX - 1;

	for (size_t i = 0; i < n; i++)
		out[i] = text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?';
	out[n] = '\0';
}

/* --- JSON --- */

static int
read_json_texts(
    struct telemetry *out, const json_t *document, struct reason *why)
{
	const json_t *reason = json_object_get(document, "reason");
	const json_t *context = json_object_get(document, "reason-context");
	struct blob text AUTOBLOB = {0};
	int err;

	if (json_is_string(reason))
		copy_text(out->reason, json_string_value(reason),
		    json_string_length(reason));
	else if (reason != NULL && !json_is_null(reason))
		return malformed(why, "reason is not a text");
	if (context == NULL || json_is_null(context))
		return 0;
	err = json_to_blob(&text, context);
	if (err == 0)
		copy_text(out->context, (const char *)text.data, text.len);
	return err;
}

static int
parse_json(struct telemetry *out, struct bytes body, struct reason *why)
{
	json_t *document AUTOJSON = json_parse(body, NULL);
	const json_t *status;

	if (!json_is_object(document))
		return malformed(why, "the status is not a JSON object");
	status = json_object_get(document, "status");
	if (json_count(&out->version, document, "version", VERSION_MAX, -1) !=
	    0)
		return malformed(why, "version is missing or not a number");
	if (!json_is_boolean(status))
		return malformed(why, "status is missing or neither true nor "
				      "false");
	out->status = json_is_true(status);
	return read_json_texts(out, document, why);
}

/* --- CBOR --- */

static const cbor_item_t *
find_member(const cbor_item_t *map, const char *name)
{
	size_t n = 0;
	struct cbor_pair *pairs = cbor_item_map(&n, map);
	struct bytes key;

	for (size_t i = 0; i < n; i++)
		if (cbor_item_text(&key, pairs[i].key) &&
		    key.len == strlen(name) &&
		    memcmp(key.data, name, key.len) == 0)
			return pairs[i].value;
	return NULL;
}

static int
parse_cbor(struct telemetry *out, struct bytes body, struct reason *why)
{
	cbor_item_t *document AUTOCBOR = NULL;
	const cbor_item_t *version, *status, *reason, *context;
	struct bytes text;

	if (cbor_item_load(&document, body) != 0 ||
	    !cbor_map_is_plain(document))
		return malformed(why, "the status is not a CBOR map, or has a "
				      "member twice");
	version = find_member(document, "version");
	status = find_member(document, "status");
	reason = find_member(document, "reason");
	context = find_member(document, "reason-context");
	if (!cbor_item_int(&out->version, version) || out->version < 0 ||
	    out->version > VERSION_MAX)
		return malformed(why, "version is missing or not a number");
	if (!cbor_item_bool(&out->status, status))
		return malformed(why, "status is missing or neither true nor "
				      "false");
	if (cbor_item_text(&text, reason))
		copy_text(out->reason, (const char *)text.data, text.len);
	else if (reason != NULL && !cbor_item_is_null(reason))
		return malformed(why, "reason is not a text");
	if (context != NULL && !cbor_item_is_null(context))
		snprintf(out->context, sizeof(out->context), "(given in CBOR)");
	return 0;
}

int
telemetry_parse(
    struct telemetry *out, bool cbor, struct bytes body, struct reason *why)
{
	struct telemetry t = {.version = 0};
	int err;

	if (body.len > TELEMETRY_MAX_BYTES)
		return reason_set(
		    why, -ERR_TOO_LARGE, "the status is too large");
	err = cbor ? parse_cbor(&t, body, why) : parse_json(&t, body, why);
	if (err == 0)
		*out = t;
	return err;
}

/* --- out --- */

static int
encode_cbor(struct blob *out, const struct telemetry *t)
{
	struct buf cbor AUTOBUF = {0};
	int err;

	cbor_put_map(&cbor, t->reason[0] != '\0' ? 3 : 2);
	cbor_put_text(&cbor, "version", 7);
	cbor_put_int(&cbor, t->version);
	cbor_put_text(&cbor, "status", 6);
	cbor_put_bool(&cbor, t->status);
	if (t->reason[0] != '\0') {
		cbor_put_text(&cbor, "reason", 6);
		cbor_put_text(&cbor, t->reason, strlen(t->reason));
	}
	err = buf_status(&cbor);
	return err == 0
		   ? blob_copy(out,
			 (struct bytes){(const uint8_t *)cbor.data, cbor.len})
		   : err;
}

int
telemetry_encode(struct blob *out, bool cbor, const struct telemetry *t)
{
	json_t *json AUTOJSON = NULL;

	if (cbor)
		return encode_cbor(out, t);
	json = json_pack("{s:I, s:b}", "version", (json_int_t)t->version,
	    "status", t->status);
	if (json == NULL ||
	    (t->reason[0] != '\0' && json_object_set_new(json, "reason",
					 json_string(t->reason)) != 0))
		return -ERR_NOMEM;
	return json_to_blob(out, json);
}
