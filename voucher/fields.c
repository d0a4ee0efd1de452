#include "voucher/fields.h"

#include <string.h>

#include "base/str.h"
#include "voucher/date_time.h"

#define FIELD(name, type, member, sid, sid_in_request)                         \
	{                                                                      \
		name, type, offsetof(struct voucher, member), sid,             \
		    sid_in_request                                             \
	}

const struct voucher_field voucher_fields[] = {
    FIELD("assertion", FIELD_ASSERTION, assertion, 2452, 2502),
    FIELD("created-on", FIELD_TIME, created_on, 2453, 2503),
    FIELD("domain-cert-revocation-checks", FIELD_BOOL,
	domain_cert_revocation_checks, 2454, 2504),
    FIELD("expires-on", FIELD_TIME, expires_on, 2455, 2505),
    FIELD("idevid-issuer", FIELD_BINARY, idevid_issuer, 2456, 2506),
    FIELD("last-renewal-date", FIELD_TIME, last_renewal_date, 2457, 2507),
    FIELD("nonce", FIELD_NONCE, nonce, 2458, 2508),
    FIELD("pinned-domain-cert", FIELD_BINARY, pinned_domain_cert, 2459, 2509),
    FIELD("pinned-domain-pubk", FIELD_BINARY, pinned_domain_pubk, 2460, 2518),
    FIELD("pinned-domain-pubk-sha256", FIELD_BINARY, pinned_domain_pubk_sha256,
	2461, 2519),
    FIELD("serial-number", FIELD_TEXT, serial_number, 2462, 2514),
    FIELD("prior-signed-voucher-request", FIELD_BINARY,
	prior_signed_voucher_request, 0, 2510),
    FIELD("proximity-registrar-cert", FIELD_BINARY, proximity_registrar_cert, 0,
	2511),
    FIELD("proximity-registrar-pubk-sha256", FIELD_BINARY,
	proximity_registrar_pubk_sha256, 0, 2512),
    FIELD("proximity-registrar-pubk", FIELD_BINARY, proximity_registrar_pubk, 0,
	2513),
};
const size_t n_voucher_fields = ARRAY_LEN(voucher_fields);

const char *
voucher_root_name(enum voucher_kind kind)
{
	return kind == VOUCHER_REQUEST ? "ietf-voucher-request:voucher"
				       : "ietf-voucher:voucher";
}

static uint16_t
sid_of(const struct voucher_field *field, enum voucher_kind kind)
{
	return kind == VOUCHER_REQUEST ? field->sid_request
				       : field->sid_voucher;
}

const struct voucher_field *
voucher_field_by_name(enum voucher_kind kind, const char *name, size_t len)
{
	for (size_t i = 0; i < n_voucher_fields; i++)
		if (sid_of(&voucher_fields[i], kind) != 0 &&
		    strlen(voucher_fields[i].name) == len &&
		    memcmp(voucher_fields[i].name, name, len) == 0)
			return &voucher_fields[i];
	return NULL;
}

const struct voucher_field *
voucher_field_by_sid(enum voucher_kind kind, uint64_t sid)
{
	for (size_t i = 0; i < n_voucher_fields; i++)
		if (sid != 0 && sid_of(&voucher_fields[i], kind) == sid)
			return &voucher_fields[i];
	return NULL;
}

static void *
member(struct voucher *v, const struct voucher_field *field)
{
	return (char *)v + field->offset;
}

bool
voucher_field_is_set(const struct voucher *v, const struct voucher_field *field)
{
	const void *p = (const char *)v + field->offset;

	switch (field->type) {
	case FIELD_ASSERTION:
		return *(const enum voucher_assertion *)p !=
		       VOUCHER_ASSERTION_NONE;
	case FIELD_BINARY:
		return ((const struct blob *)p)->len != 0;
	case FIELD_BOOL:
		return *(const int *)p >= 0;
	case FIELD_NONCE:
		return ((const struct voucher_nonce *)p)->len != 0;
	case FIELD_TEXT:
		return *(const char *)p != '\0';
	case FIELD_TIME:
		return *(const int64_t *)p != 0;
	}
	return false;
}

/* --- values --- */

static int
bad_value(const struct voucher_field *field, struct reason *why)
{
	return reason_set(why, -ERR_INVALID,
	    "RFC 8366 5.3: %s has a value that it cannot have", field->name);
}

/* A text that JSON can carry too: without NUL. */
static int
set_nonce(struct voucher_nonce *nonce, const void *data, size_t len, bool text)
{
	if (len == 0 || len > sizeof(nonce->data) ||
	    (text && memchr(data, '\0', len) != NULL))
		return -ERR_INVALID;
	memcpy(nonce->data, data, len);
	nonce->len = len;
	nonce->is_text = text;
	return 0;
}

static int
set_serial(char *out, const char *text, size_t len)
{
	if (len == 0 || len >= VOUCHER_SERIAL_MAX)
		return -ERR_INVALID;
	memcpy(out, text, len);
	out[len] = '\0';
	if (str_is_printable(out) && strlen(out) == len)
		return 0;
	out[0] = '\0';
	return -ERR_INVALID;
}

static int
set_assertion(enum voucher_assertion *out, const char *text, size_t len)
{
	char word[32];

	if (len >= sizeof(word) || memchr(text, '\0', len) != NULL)
		return -ERR_INVALID;
	memcpy(word, text, len);
	word[len] = '\0';
	return voucher_assertion_parse(out, word);
}

/* 0 stands for an absent time: what expired when time began must not be taken
 * for what never expires. */
static int
set_time(int64_t *out, const char *text, size_t len)
{
	int64_t time;
	int err = voucher_time_parse(&time, text, len);

	if (err == 0 && time <= 0)
		err = -ERR_INVALID;
	if (err == 0)
		*out = time;
	return err;
}

int
voucher_field_set_text(struct voucher *v, const struct voucher_field *field,
    const char *text, size_t len, struct reason *why)
{
	int err = -ERR_INVALID;

	switch (field->type) {
	case FIELD_ASSERTION:
		err = set_assertion(member(v, field), text, len);
		break;
	case FIELD_NONCE:
		err = set_nonce(member(v, field), text, len, true);
		break;
	case FIELD_TEXT:
		err = set_serial(member(v, field), text, len);
		break;
	case FIELD_TIME:
		err = set_time(member(v, field), text, len);
		break;
	case FIELD_BINARY:
	case FIELD_BOOL:
		break;
	}
	return err == 0 ? 0 : bad_value(field, why);
}

int
voucher_field_set_binary(struct voucher *v, const struct voucher_field *field,
    struct bytes value, struct reason *why)
{
	if (field->type == FIELD_NONCE)
		return set_nonce(
			   member(v, field), value.data, value.len, false) == 0
			   ? 0
			   : bad_value(field, why);
	if (field->type != FIELD_BINARY || value.len == 0)
		return bad_value(field, why);
	return blob_copy(member(v, field), value);
}
