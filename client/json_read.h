/* Strict reading of JSON members: wrong types and texts that are too long are
 * refused with the member's name. */
#ifndef CLIENT_JSON_READ_H
#define CLIENT_JSON_READ_H

#include <jansson.h>

#include "base/buf.h"

/* Parses one JSON object of at most max_bytes: no duplicate keys, nothing
 * behind it. The caller decrefs *out. -ERR_INVALID, -ERR_TOO_LARGE. */
int json_read_object(json_t **out, struct bytes text, size_t max_bytes,
    struct reason *why) NODISCARD;

/* A text of printable ASCII that fits into size bytes with its NUL. A member
 * that is absent or null gives "" if it is optional. */
int json_read_text(char *out, size_t size, const json_t *object,
    const char *key, bool optional, struct reason *why) NODISCARD;

/* An integer from min to max; a member that is absent or null gives fallback
 * if that is not negative. */
int json_read_integer(int64_t *out, const json_t *object, const char *key,
    int64_t min, int64_t max, int64_t fallback, struct reason *why) NODISCARD;

/* A borrowed array of at most max members; absent or null gives NULL if it is
 * optional. */
int json_read_array(const json_t **out, const json_t *object, const char *key,
    size_t max, bool optional, struct reason *why) NODISCARD;

#endif
