/* The leaves of a voucher and of a voucher request: one table that all
 * encodings go by. */
#ifndef VOUCHER_FIELDS_H
#define VOUCHER_FIELDS_H

#include "voucher/voucher.h"

enum voucher_field_type {
	FIELD_ASSERTION = 1, /* JSON: a word, CBOR: its number */
	FIELD_BINARY,        /* struct blob; JSON: base64 */
	FIELD_BOOL,          /* int, -1 when absent */
	FIELD_NONCE,
	FIELD_TEXT, /* char[VOUCHER_SERIAL_MAX] */
	FIELD_TIME, /* int64_t; RFC 3339 */
};

struct voucher_field {
	const char *name;
	enum voucher_field_type type;
	size_t offset; /* in struct voucher */
	/* Absolute YANG SIDs (RFC 9254) in a voucher and in a request; 0: not
	 * in that kind. [draft-ietf-anima-rfc8366bis] */
	uint16_t sid_voucher, sid_request;
};

#define VOUCHER_SID 2451         /* the root of a voucher */
#define VOUCHER_REQUEST_SID 2501 /* of a voucher request */

extern const struct voucher_field voucher_fields[];
extern const size_t n_voucher_fields;

/* "ietf-voucher-request:voucher" */
const char *voucher_root_name(enum voucher_kind kind);
/* NULL if there is none of that name, or SID, in that kind. */
const struct voucher_field *voucher_field_by_name(
    enum voucher_kind kind, const char *name, size_t len);
const struct voucher_field *voucher_field_by_sid(
    enum voucher_kind kind, uint64_t sid);

bool voucher_field_is_set(
    const struct voucher *v, const struct voucher_field *field);

/* Setting one that is not set from what a decoder found; -ERR_INVALID with the
 * field's name for a value that it cannot have: also for times up to 1970. */
int voucher_field_set_text(struct voucher *v, const struct voucher_field *field,
    const char *text, size_t len, struct reason *why) NODISCARD;
int voucher_field_set_binary(struct voucher *v,
    const struct voucher_field *field, struct bytes value,
    struct reason *why) NODISCARD;

#endif
