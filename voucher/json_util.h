/* What the files of this room need around jansson. */
#ifndef VOUCHER_JSON_UTIL_H
#define VOUCHER_JSON_UTIL_H

#include <jansson.h>

#include "base/buf.h"

#define AUTOJSON CLEANUP(json_decrefp)
#define AUTOBUF CLEANUP(buf_fini)
#define AUTOBLOB CLEANUP(blob_fini)

/* Strict: no member twice, nothing behind the value. NULL if it is malformed;
 * error may be NULL. */
static inline json_t *
json_parse(struct bytes text, json_error_t *error)
{
	return json_loadb(
	    (const char *)text.data, text.len, JSON_REJECT_DUPLICATES, error);
}

/* A number from 0 to max, or a text of its digits as the RFC's own examples
 * have it; absent or null is fallback unless that is negative. */
int json_count(int64_t *out, const json_t *object, const char *key, int64_t max,
    int64_t fallback) NODISCARD;

/* Compact, as bytes. */
int json_to_blob(struct blob *out, const json_t *value) NODISCARD;

#endif
