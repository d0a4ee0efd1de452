/* Lists that the store keeps as one text. */
#ifndef SERVER_JSON_SPLIT_H
#define SERVER_JSON_SPLIT_H

#include <jansson.h>

#include "base/buf.h"

/* An array of the pieces between separators; empty for "". */
json_t *json_split(const char *text, char separator);

/* The reverse for lines: each item is printable ASCII, and not empty. "" for an
 * empty array. key is for why. */
int json_join_lines(struct buf *out, const json_t *list, const char *key,
    struct reason *why) NODISCARD;

#endif
