#include "mdns/name.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/domain.h"
#include "base/str.h"

/* Length of the UTF-8 sequence at text, 0 if it is malformed, overlong, a
 * surrogate, past U+10FFFF, or a control character (RFC 3629 4). */
static size_t
utf8_printable_len(const unsigned char *text)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c = text[0];
	size_t len;

	if (c < 0x80)
		return c >= 0x20 && c != 0x7f;
	if (c < 0xc0 || c > 0xf7)
		return 0;
	len = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	c &= 0x7fu >> len;
	for (size_t i = 1; i < len; i++) {
		/* A NUL is no continuation byte, so this stops at the end. */
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < smallest[len] || c > 0x10ffff || c < 0xa0 ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return len;
}

bool
mdns_name_is_valid(const char *name)
{
	const unsigned char *p = (const unsigned char *)name;
	size_t len = strnlen(name, MDNS_NAME_MAX + 1);

	if (len == 0 || len > MDNS_NAME_MAX)
		return false;
	while (*p != '\0') {
		size_t n = utf8_printable_len(p);

		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

bool
mdns_host_is_valid(const char *label)
{
	return strlen(label) <= MDNS_NAME_MAX && strchr(label, '.') == NULL &&
	       domain_is_valid(label);
}

bool
mdns_type_is_valid(const char *type)
{
	size_t len = strcspn(type, ".");
	char label[MDNS_NAME_MAX + 1];

	return type[0] == '_' &&
	       str_format(
		   label, sizeof(label), "%.*s", (int)len - 1, type + 1) == 0 &&
	       service_label_is_valid(label) &&
	       (strcmp(type + len, "._tcp") == 0 ||
		   strcmp(type + len, "._udp") == 0);
}
