#include "base/domain.h"

#include <string.h>

#include "base/str.h"

#define LABEL_MAX 63
#define SERVICE_LABEL_MAX 15

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter_digit(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || is_digit(c);
}

/* One label of len characters: letters, digits, inner hyphens. */
static bool
label_is_valid(const char *label, size_t len)
{
	if (len == 0 || len > LABEL_MAX || label[0] == '-' ||
	    label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_letter_digit(label[i]) && label[i] != '-')
			return false;
	return true;
}

bool
domain_is_valid(const char *name)
{
	const char *label = name;
	bool numeric = true;

	if (strlen(name) > DOMAIN_MAX)
		return false;
	for (;;) {
		size_t len = strcspn(label, ".");

		if (!label_is_valid(label, len))
			return false;
		numeric = true;
		for (size_t i = 0; i < len; i++)
			numeric = numeric && is_digit(label[i]);
		if (label[len] == '\0')
			return !numeric;
		label += len + 1;
	}
}

int
domain_normalize(char *out, const char *name)
{
	char copy[DOMAIN_MAX + 1];
	size_t len = strlen(name);

	if (len > 1 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > DOMAIN_MAX)
		return -ERR_INVALID;
	for (size_t i = 0; i < len; i++)
		copy[i] = ascii_lower(name[i]);
	copy[len] = '\0';
	if (!domain_is_valid(copy))
		return -ERR_INVALID;
	memcpy(out, copy, len + 1);
	return 0;
}

bool
domain_within(const char *name, const char *base)
{
	size_t name_len = strlen(name), base_len = strlen(base);

	if (name_len < base_len ||
	    !ascii_equal_nocase(name + name_len - base_len, base))
		return false;
	return name_len == base_len || name[name_len - base_len - 1] == '.';
}

bool
service_label_is_valid(const char *label)
{
	size_t len = strlen(label);

	return len <= SERVICE_LABEL_MAX && label_is_valid(label, len);
}
