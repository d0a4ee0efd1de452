#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

static const char alphabet_std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char alphabet_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

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

int
base64_encode(struct buf *out, struct bytes in, size_t wrap)
{
	size_t column = 0;

	for (size_t i = 0; i < in.len; i += 3) {
		char group[4];

		encode_group(group, alphabet_std, in.data + i, in.len - i);
		buf_add(out, group, 4);
		column += 4;
		if (wrap != 0 && (column >= wrap || i + 3 >= in.len)) {
			buf_adds(out, "\n");
			column = 0;
		}
	}
	return buf_status(out);
}

int
base64url_encode(struct buf *out, struct bytes in)
{
	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		char group[4];

		encode_group(group, alphabet_url, in.data + i, left);
		buf_add(out, group, left >= 3 ? 4 : left + 1);
	}
	return buf_status(out);
}

static int
value_of(const char *alphabet, char c)
{
	const char *p = c != '\0' ? strchr(alphabet, c) : NULL;

	return p != NULL ? (int)(p - alphabet) : -1;
}

static int
decode(struct blob *out, const char *alphabet, bool padded, const char *text,
    size_t len)
{
	AUTOFREE uint8_t *bytes = malloc(len / 4 * 3 + 4);
	uint32_t acc = 0;
	size_t n = 0, digits = 0, pads = 0;

	if (bytes == NULL)
		return -ERR_NOMEM;
	for (size_t i = 0; i < len; i++) {
		int v;

		if (padded && text[i] != '\0' && strchr(" \t\r\n", text[i]))
			continue;
		if (padded && text[i] == '=') {
			if (++pads > 2)
				return -ERR_INVALID;
			continue;
		}
		v = value_of(alphabet, text[i]);
		if (v < 0 || pads != 0)
			return -ERR_INVALID;
		acc = acc << 6 | (uint32_t)v;
		digits++;
		if (digits % 4 == 0) {
			bytes[n++] = (uint8_t)(acc >> 16);
			bytes[n++] = (uint8_t)(acc >> 8);
			bytes[n++] = (uint8_t)acc;
			acc = 0;
		}
	}
	switch (digits % 4) {
	case 0:
		if (pads != 0)
			return -ERR_INVALID;
		break;
	case 2:
		if ((padded && pads != 2) || (acc & 15) != 0)
			return -ERR_INVALID;
		bytes[n++] = (uint8_t)(acc >> 4);
		break;
	case 3:
		if ((padded && pads != 1) || (acc & 3) != 0)
			return -ERR_INVALID;
		bytes[n++] = (uint8_t)(acc >> 10);
		bytes[n++] = (uint8_t)(acc >> 2);
		break;
	default:
		return -ERR_INVALID;
	}
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
