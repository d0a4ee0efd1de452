/* Lists that the store keeps as one text. */
#ifndef SERVER_JSON_SPLIT_H
#define SERVER_JSON_SPLIT_H

#include <jansson.h>

/* An array of the pieces between separators; empty for "". */
json_t *json_split(const char *text, char separator);

#endif
