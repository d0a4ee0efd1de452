#include "server/json_split.h"

#include <string.h>

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
