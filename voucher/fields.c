#include "voucher/fields.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/str.h"

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

/* --- time --- */

static int
two_digits(const char *p, int max)
{
	int n;

	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return -1;
	n = (p[0] - '0') * 10 + (p[1] - '0');
	return n <= max ? n : -1;
}

/* "Z", "+02:00" or "-04:00"; in seconds. */
static int
parse_offset(int64_t *out, const char *p, size_t len)
{
	int hours, minutes;

	*out = 0;
	if (len == 1 && (p[0] == 'Z' || p[0] == 'z'))
		return 0;
	if (len != 6 || (p[0] != '+' && p[0] != '-') || p[3] != ':')
		return -ERR_INVALID;
	hours = two_digits(p + 1, 23);
	minutes = two_digits(p + 4, 59);
	if (hours < 0 || minutes < 0)
		return -ERR_INVALID;
	*out = (p[0] == '-' ? -60 : 60) * (hours * 60 + minutes);
	return 0;
}

int
voucher_time_parse(int64_t *out, const char *text, size_t len)
{
	char utc[RFC3339_LEN];
	size_t i = RFC3339_LEN - 2; /* behind the seconds */
	int64_t local, offset;
	int err;

	if (len < RFC3339_LEN - 1 || memchr(text, '\0', len) != NULL)
		return -ERR_INVALID;
	snprintf(utc, sizeof(utc), "%.*sZ", RFC3339_LEN - 2, text);
	err = rfc3339_parse(&local, utc);
	if (err != 0)
		return -ERR_INVALID;
	if (text[i] == '.') {
		size_t digits = strspn(text + i + 1, "0123456789");

		if (digits == 0 || digits > 9)
			return -ERR_INVALID;
		i += 1 + digits;
	}
	err = parse_offset(&offset, text + i, len - i);
	if (err == 0)
		*out = local - offset;
	return err;
}

/* --- values --- */

static int
bad_value(const struct voucher_field *field, struct reason *why)
{
	return reason_set(why, -ERR_INVALID,
	    "RFC 8366 5.3: %s has a value that it cannot have", field->name);
}

static int
set_nonce(struct voucher_nonce *nonce, const void *data, size_t len, bool text)
{
	if (len == 0 || len > sizeof(nonce->data))
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

	if (len >= sizeof(word))
		return -ERR_INVALID;
	memcpy(word, text, len);
	word[len] = '\0';
	return voucher_assertion_parse(out, word);
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
		err = voucher_time_parse(member(v, field), text, len);
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
