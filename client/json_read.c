#include "client/json_read.h"

#include <string.h>

#include "base/str.h"

int
json_read_object(
    json_t **out, struct bytes text, size_t max_bytes, struct reason *why)
{
	json_error_t error;
	json_t *root;

	if (text.len > max_bytes)
		return reason_set(why, -ERR_TOO_LARGE,
		    "JSON text of %zu bytes, more than %zu", text.len,
		    max_bytes);
	root = json_loadb(
	    (const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL)
		return reason_set(why, -ERR_INVALID, "not JSON: line %d: %s",
		    error.line, error.text);
	if (!json_is_object(root)) {
		json_decref(root);
		return reason_set(
		    why, -ERR_INVALID, "the JSON text is not an object");
	}
	*out = root;
	return 0;
}

static bool
is_absent(const json_t *member)
{
	return member == NULL || json_is_null(member);
}

int
json_read_text(char *out, size_t size, const json_t *object, const char *key,
    bool optional, struct reason *why)
{
	const json_t *member = json_object_get(object, key);
	const char *text = "";

	if (!is_absent(member)) {
		text = json_string_value(member);
		if (text == NULL)
			return reason_set(
			    why, -ERR_INVALID, "\"%s\" is not a string", key);
		if (strlen(text) != json_string_length(member) ||
		    !str_is_printable(text))
			return reason_set(why, -ERR_INVALID,
			    "\"%s\" holds characters it must not have", key);
	} else if (!optional) {
		return reason_set(why, -ERR_INVALID, "\"%s\" is missing", key);
	}
	if (str_format(out, size, "%s", text) != 0)
		return reason_set(why, -ERR_INVALID, "\"%s\" is too long", key);
	return 0;
}

int
json_read_integer(int64_t *out, const json_t *object, const char *key,
    int64_t min, int64_t max, int64_t fallback, struct reason *why)
{
	const json_t *member = json_object_get(object, key);
	int64_t value = fallback;

	if (is_absent(member) && fallback < 0)
		return reason_set(why, -ERR_INVALID, "\"%s\" is missing", key);
	if (!is_absent(member)) {
		if (!json_is_integer(member))
			return reason_set(
			    why, -ERR_INVALID, "\"%s\" is not an integer", key);
		value = json_integer_value(member);
		if (value < min || value > max)
			return reason_set(
			    why, -ERR_INVALID, "\"%s\" is out of range", key);
	}
	*out = value;
	return 0;
}

int
json_read_array(const json_t **out, const json_t *object, const char *key,
    size_t max, bool optional, struct reason *why)
{
	const json_t *member = json_object_get(object, key);

	if (is_absent(member) && optional) {
		*out = NULL;
		return 0;
	}
	if (!json_is_array(member))
		return reason_set(
		    why, -ERR_INVALID, "\"%s\" is not an array", key);
	if (json_array_size(member) > max)
		return reason_set(why, -ERR_INVALID,
		    "\"%s\" has more than %zu members", key, max);
	*out = member;
	return 0;
}
