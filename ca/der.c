#include "ca/der.h"

#include <string.h>

#define TAG_CONSTRUCTED 0x20
#define TAG_CLASS 0xc0
#define TAG_NUMBER 0x1f

enum universal {
	U_BOOLEAN = 1,
	U_INTEGER = 2,
	U_BIT_STRING = 3,
	U_NULL = 5,
	U_OID = 6,
	U_ENUMERATED = 10,
	U_SEQUENCE = 16,
	U_SET = 17,
};

struct element {
	uint8_t tag;
	struct bytes content;
	size_t whole; /* header and content */
};

/* X.690 8.1.3, 10.1: the length in its shortest definite form. */
static int
read_length(size_t *len, size_t *header, struct bytes in)
{
	size_t n, value = 0;

	if (in.len < 2)
		return -ERR_INVALID;
	*header = 2;
	*len = in.data[1];
	if (in.data[1] < 0x80)
		return 0;
	n = in.data[1] & 0x7f;
	if (n == 0 || n > 4 || in.len < 2 + n || in.data[2] == 0)
		return -ERR_INVALID;
	for (size_t i = 0; i < n; i++)
		value = value << 8 | in.data[2 + i];
	if (value < 0x80)
		return -ERR_INVALID;
	*header = 2 + n;
	*len = value;
	return 0;
}

static int
read_element(struct element *out, struct bytes in)
{
	size_t len, header;

	if (read_length(&len, &header, in) != 0 || len > in.len - header)
		return -ERR_INVALID;
	if ((in.data[0] & TAG_NUMBER) == TAG_NUMBER)
		return -ERR_INVALID;
	out->tag = in.data[0];
	out->content = (struct bytes){in.data + header, len};
	out->whole = header + len;
	return 0;
}

static bool
integer_is_shortest(struct bytes c)
{
	if (c.len == 0)
		return false;
	if (c.len == 1)
		return true;
	return !(c.data[0] == 0x00 && c.data[1] < 0x80) &&
	       !(c.data[0] == 0xff && c.data[1] >= 0x80);
}

static bool
bit_string_is_valid(struct bytes c)
{
	uint8_t unused;

	if (c.len == 0 || c.data[0] > 7)
		return false;
	unused = c.data[0];
	if (c.len == 1)
		return unused == 0;
	return (c.data[c.len - 1] & ((1u << unused) - 1)) == 0;
}

static bool
oid_is_valid(struct bytes c)
{
	if (c.len == 0 || (c.data[c.len - 1] & 0x80) != 0)
		return false;
	for (size_t i = 0; i < c.len; i++)
		if (c.data[i] == 0x80 &&
		    (i == 0 || (c.data[i - 1] & 0x80) == 0))
			return false;
	return true;
}

static bool
primitive_is_valid(uint8_t number, struct bytes c)
{
	switch (number) {
	case U_BOOLEAN:
		return c.len == 1 && (c.data[0] == 0 || c.data[0] == 0xff);
	case U_INTEGER:
	case U_ENUMERATED:
		return integer_is_shortest(c);
	case U_BIT_STRING:
		return bit_string_is_valid(c);
	case U_NULL:
		return c.len == 0;
	case U_OID:
		return oid_is_valid(c);
	default:
		return number != 0 && number != U_SEQUENCE && number != U_SET;
	}
}

static int
check_elements(struct bytes in, unsigned int depth)
{
	struct element e;

	if (depth > DER_DEPTH_MAX)
		return -ERR_INVALID;
	for (; in.len > 0; in.data += e.whole, in.len -= e.whole) {
		uint8_t number;
		bool universal;

		if (read_element(&e, in) != 0)
			return -ERR_INVALID;
		number = e.tag & TAG_NUMBER;
		universal = (e.tag & TAG_CLASS) == 0;
		if ((e.tag & TAG_CONSTRUCTED) != 0) {
			if (universal && number != U_SEQUENCE &&
			    number != U_SET)
				return -ERR_INVALID;
			if (check_elements(e.content, depth + 1) != 0)
				return -ERR_INVALID;
		} else if (universal && !primitive_is_valid(number, e.content))
			return -ERR_INVALID;
	}
	return 0;
}

int
der_check(struct bytes der)
{
	struct element e;

	if (read_element(&e, der) != 0 || e.whole != der.len)
		return -ERR_INVALID;
	return check_elements(der, 0);
}

int
der_read(struct bytes *content, struct bytes *in, uint8_t tag)
{
	struct element e;

	if (read_element(&e, *in) != 0 || e.tag != tag)
		return -ERR_INVALID;
	in->data += e.whole;
	in->len -= e.whole;
	*content = e.content; /* last: content and in may be the same */
	return 0;
}

int
der_read_element(struct bytes *element, struct bytes *in)
{
	struct element e;

	if (read_element(&e, *in) != 0)
		return -ERR_INVALID;
	*element = (struct bytes){in->data, e.whole};
	in->data += e.whole;
	in->len -= e.whole;
	return 0;
}

bool
der_take(struct bytes *in, const uint8_t *expected, size_t len)
{
	if (in->len < len || memcmp(in->data, expected, len) != 0)
		return false;
	in->data += len;
	in->len -= len;
	return true;
}

bool
der_next_is(struct bytes in, uint8_t tag)
{
	return in.len > 0 && in.data[0] == tag;
}

static size_t
length_octets(size_t len)
{
	size_t n = 0;

	if (len < 0x80)
		return 0;
	for (; len != 0; len >>= 8)
		n++;
	return n;
}

size_t
der_header_len(size_t len)
{
	return 2 + length_octets(len);
}

int
der_add_header(struct buf *out, uint8_t tag, size_t len)
{
	uint8_t header[2 + sizeof(len)] = {tag};
	size_t n = length_octets(len);

	if (n == 0)
		header[1] = (uint8_t)len;
	else
		header[1] = (uint8_t)(0x80 | n);
	for (size_t i = 0; i < n; i++)
		header[2 + i] = (uint8_t)(len >> 8 * (n - 1 - i));
	return buf_add(out, header, 2 + n);
}
