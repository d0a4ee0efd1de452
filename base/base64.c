#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

static const char alphabet_std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Groups are put together here before they go to the buffer. */
#define CHUNK_GROUPS 64

static void
encode_group(char out[4], const char *alphabet, const uint8_t *in, size_t n)
{
	uint32_t v = (uint32_t)in[0] << 16;

	if (n > 1)
		v |= (uint32_t)in[1] << 8;
	if (n > 2)
		v |= in[2];
	out[0] = alphabet[v >> 18];
	out[1] = alphabet[v >> 12 & 63];
	out[2] = n > 1 ? alphabet[v >> 6 & 63] : '=';
	out[3] = n > 2 ? alphabet[v & 63] : '=';
}

static void
encode(struct buf *out, const char *alphabet, bool padded, struct bytes in)
{
	while (in.len > 0) {
		char chunk[4 * CHUNK_GROUPS];
		size_t n = in.len < sizeof(chunk) / 4 * 3
			       ? in.len
			       : sizeof(chunk) / 4 * 3;
		size_t len = 0;

		for (size_t i = 0; i < n; i += 3, len += 4)
			encode_group(chunk + len, alphabet, in.data + i, n - i);
		if (!padded && n % 3 != 0)
			len -= 3 - n % 3;
		buf_add(out, chunk, len);
		in.data += n;
		in.len -= n;
	}
}

int
base64_encode(struct buf *out, struct bytes in, size_t wrap)
{
	/* Whole groups, so that only the last line is padded. */
	size_t line = wrap == 0 ? in.len : (wrap + 3) / 4 * 3;

	while (in.len > 0) {
		size_t n = in.len < line ? in.len : line;

		encode(out, alphabet_std, true, (struct bytes){in.data, n});
		if (wrap != 0)
			buf_adds(out, "\n");
		in.data += n;
		in.len -= n;
	}
	return buf_status(out);
}

int
base64url_encode(struct buf *out, struct bytes in)
{
	encode(out, alphabet_url, false, in);
	return buf_status(out);
}

#define NO_DIGIT 0xff

/* What each character counts, NO_DIGIT for most. */
static void
fill_values(uint8_t values[256], const char *alphabet)
{
	memset(values, NO_DIGIT, 256);
	for (uint8_t i = 0; i < 64; i++)
		values[(uint8_t)alphabet[i]] = i;
}

/* The digits behind the last whole group. */
static int
decode_rest(uint8_t *bytes, size_t *n, uint32_t acc, size_t digits)
{
	switch (digits % 4) {
	case 0:
		return 0;
	case 2:
		if ((acc & 15) != 0)
			return -ERR_INVALID;
		bytes[(*n)++] = (uint8_t)(acc >> 4);
		return 0;
	case 3:
		if ((acc & 3) != 0)
			return -ERR_INVALID;
		bytes[(*n)++] = (uint8_t)(acc >> 10);
		bytes[(*n)++] = (uint8_t)(acc >> 2);
		return 0;
	default:
		return -ERR_INVALID;
	}
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int
decode(struct blob *out, const char *alphabet, bool padded, const char *text,
    size_t len)
{
	AUTOFREE uint8_t *bytes = malloc(len / 4 * 3 + 4);
	uint8_t values[256];
	uint32_t acc = 0;
	size_t n = 0, digits = 0, pads = 0;

	if (bytes == NULL)
		return -ERR_NOMEM;
	fill_values(values, alphabet);
	for (size_t i = 0; i < len; i++) {
		uint8_t v = values[(uint8_t)text[i]];

		if (v != NO_DIGIT && pads == 0) {
			acc = acc << 6 | v;
			if (++digits % 4 != 0)
				continue;
			bytes[n++] = (uint8_t)(acc >> 16);
			bytes[n++] = (uint8_t)(acc >> 8);
			bytes[n++] = (uint8_t)acc;
			acc = 0;
		} else if (padded && text[i] == '=' && pads < 2) {
			pads++;
		} else if (!padded || !is_space(text[i])) {
			return -ERR_INVALID;
		}
	}
	if (padded && pads != (4 - digits % 4) % 4)
		return -ERR_INVALID;
	if (decode_rest(bytes, &n, acc, digits) != 0)
		return -ERR_INVALID;
	out->data = STEAL(bytes);
	out->len = n;
	return 0;
}

int
base64_decode(struct blob *out, const char *text, size_t len)
{
	return decode(out, alphabet_std, true, text, len);
}

int
base64url_decode(struct blob *out, const char *text, size_t len)
{
	return decode(out, alphabet_url, false, text, len);
}
