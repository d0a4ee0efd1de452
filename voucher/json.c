#include "voucher/json.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "voucher/fields.h"
#include "voucher/json_util.h"

/* --- out --- */

static json_t *
binary_value(struct bytes value)
{
	struct buf text = {0};
	json_t *json = NULL;

	if (base64_encode(&text, value, 0) == 0)
		json = json_stringn(text.data, text.len);
	buf_fini(&text);
	return json;
}

static json_t *
nonce_value(const struct voucher_nonce *nonce)
{
	if (nonce->is_text)
		return json_stringn((const char *)nonce->data, nonce->len);
	return binary_value((struct bytes){nonce->data, nonce->len});
}

static json_t *
time_value(int64_t time)
{
	char text[RFC3339_LEN];

	rfc3339_format(text, time);
	return json_string(text);
}

static json_t *
field_value(const struct voucher *v, const struct voucher_field *field)
{
	const void *p = (const char *)v + field->offset;

	switch (field->type) {
	case FIELD_ASSERTION:
		return json_string(
		    voucher_assertion_text(*(const enum voucher_assertion *)p));
	case FIELD_BINARY:
		return binary_value(blob_bytes(p));
	case FIELD_BOOL:
		return json_boolean(*(const int *)p);
	case FIELD_NONCE:
		return nonce_value(p);
	case FIELD_TEXT:
		return json_string(p);
	case FIELD_TIME:
		return time_value(*(const int64_t *)p);
	}
	return NULL;
}

int
voucher_json_encode(struct blob *out, const struct voucher *v, bool plain_root)
{
	json_t *root AUTOJSON = json_object();
	json_t *leaves = json_object();
	const char *name =
	    voucher_root_name(plain_root ? VOUCHER_VOUCHER : v->kind);

	if (root == NULL || json_object_set_new(root, name, leaves) != 0)
		return -ERR_NOMEM;
	for (size_t i = 0; i < n_voucher_fields; i++) {
		const struct voucher_field *field = &voucher_fields[i];

		if (!voucher_field_is_set(v, field))
			continue;
		if (json_object_set_new(
			leaves, field->name, field_value(v, field)) != 0)
			return -ERR_NOMEM;
	}
	return json_to_blob(out, root);
}

/* --- in --- */

static int
set_binary(struct voucher *v, const struct voucher_field *field,
    const json_t *value, struct reason *why)
{
	struct blob bytes = {0};
	int err = base64_decode(
	    &bytes, json_string_value(value), json_string_length(value));

	if (err == 0)
		err =
		    voucher_field_set_binary(v, field, blob_bytes(&bytes), why);
	else
		reason_set(
		    why, err, "RFC 8366 5.3: %s is not base64", field->name);
	blob_fini(&bytes);
	return err;
}

static int
set_field(struct voucher *v, const struct voucher_field *field,
    const json_t *value, struct reason *why)
{
	if (field->type == FIELD_BOOL && json_is_boolean(value)) {
		v->domain_cert_revocation_checks = json_is_true(value);
		return 0;
	}
	if (!json_is_string(value))
		return reason_set(why, -ERR_INVALID,
		    "RFC 8366 5.3: %s has the wrong type", field->name);
	if (field->type == FIELD_BINARY)
		return set_binary(v, field, value, why);
	return voucher_field_set_text(
	    v, field, json_string_value(value), json_string_length(value), why);
}

static int
read_leaves(struct voucher *out, json_t *leaves, struct reason *why)
{
	const char *key;
	json_t *value;

	json_object_foreach(leaves, key, value)
	{
		const struct voucher_field *field =
		    voucher_field_by_name(out->kind, key, strlen(key));
		int err = field != NULL ? set_field(out, field, value, why) : 0;

		if (err != 0)
			return err;
	}
	return 0;
}

/* A document is either a request or a voucher. */
static json_t *
find_root(const json_t *document, enum voucher_kind kind, bool plain_root)
{
	json_t *leaves = json_object_get(document, voucher_root_name(kind));

	if (json_object_size(document) != 1)
		return NULL;
	if (leaves == NULL && plain_root)
		leaves = json_object_get(
		    document, voucher_root_name(VOUCHER_VOUCHER));
	return leaves;
}

int
voucher_json_decode(struct voucher *out, struct bytes json,
    enum voucher_kind kind, bool plain_root, struct reason *why)
{
	json_t *document AUTOJSON = NULL;
	json_error_t error;
	json_t *leaves;

	voucher_init(out, kind);
	if (json.len > VOUCHER_MAX_BYTES)
		return reason_set(
		    why, -ERR_TOO_LARGE, "the voucher is too large");
	document = json_parse(json, &error);
	if (document == NULL)
		return reason_set(why, -ERR_INVALID,
		    "RFC 8366 5: the content is not JSON: %.100s", error.text);
	leaves = find_root(document, kind, plain_root);
	if (!json_is_object(leaves))
		return reason_set(why, -ERR_INVALID,
		    "RFC 8366 5.3: the content is not an object of one %s",
		    voucher_root_name(kind));
	return read_leaves(out, leaves, why);
}
