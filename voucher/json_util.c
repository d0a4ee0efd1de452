#include "voucher/json_util.h"

#include <string.h>

#include "base/str.h"

int
json_count(int64_t *out, const json_t *object, const char *key, int64_t max,
    int64_t fallback)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number;

	if (value == NULL || json_is_null(value)) {
		if (fallback < 0)
			return -ERR_INVALID;
		*out = fallback;
		return 0;
	}
	if (json_is_string(value))
		return parse_number(out, json_string_value(value), max);
	number = json_integer_value(value);
	if (!json_is_integer(value) || number < 0 || number > max)
		return -ERR_INVALID;
	*out = number;
	return 0;
}

int
json_to_blob(struct blob *out, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text == NULL)
		return -ERR_NOMEM;
	*out = (struct blob){(uint8_t *)text, strlen(text)};
	return 0;
}
