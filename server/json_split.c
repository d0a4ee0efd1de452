#include "server/json_split.h"

#include <string.h>

#include "base/str.h"

json_t *
json_split(const char *text, char separator)
{
	const char reject[] = {separator, '\0'};
	json_t *list = json_array();

	while (*text != '\0') {
		size_t len = strcspn(text, reject);

		json_array_append_new(list, json_stringn(text, len));
		text += len + (text[len] == separator ? 1 : 0);
	}
	return list;
}

int
json_join_lines(
    struct buf *out, const json_t *list, const char *key, struct reason *why)
{
	size_t i;
	const json_t *item;

	if (!json_is_array(list))
		return reason_set(
		    why, -ERR_INVALID, "%s: is not an array", key);
	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);

		if (text == NULL || *text == '\0' || !str_is_printable(text))
			return reason_set(why, -ERR_INVALID,
			    "%s: an item is not printable text", key);
		if (i != 0)
			buf_adds(out, "\n");
		if (buf_adds(out, text) != 0)
			return reason_set(
			    why, -ERR_TOO_LARGE, "%s: too long", key);
	}
	return 0;
}
