#include "ca/pem.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"

#define PEM_LINE 64 /* RFC 7468 2 */

static const char begin[] = "-----BEGIN ";
static const char dashes[] = "-----";

static const uint8_t *
find(struct bytes in, const char *what)
{
	if (in.len == 0)
		return NULL;
	return memmem(in.data, in.len, what, strlen(what));
}

static void
skip_to(struct bytes *in, const uint8_t *p)
{
	in->len -= (size_t)(p - in->data);
	in->data = p;
}

int
pem_next(struct pem_block *out, struct bytes *text)
{
	struct bytes rest = *text;
	struct pem_block block = {0};
	char tail[PEM_LABEL_MAX + 16];
	const uint8_t *p = find(rest, begin);

	if (p == NULL)
		return 1;
	skip_to(&rest, p + strlen(begin));
	p = find(rest, dashes);
	if (p == NULL || (size_t)(p - rest.data) >= sizeof(block.label))
		return -ERR_INVALID;
	memcpy(block.label, rest.data, (size_t)(p - rest.data));
	if (!str_is_printable(block.label) ||
	    strlen(block.label) != (size_t)(p - rest.data) ||
	    str_format(tail, sizeof(tail), "-----END %s-----", block.label) !=
		0)
		return -ERR_INVALID;
	skip_to(&rest, p + strlen(dashes));
	p = find(rest, tail);
	if (p == NULL)
		return -ERR_INVALID;
	block.body = (struct bytes){rest.data, (size_t)(p - rest.data)};
	skip_to(&rest, p + strlen(tail));
	*text = rest;
	*out = block;
	return 0;
}

int
pem_decode(struct blob *der, const struct pem_block *block)
{
	return base64_decode(
	    der, (const char *)block->body.data, block->body.len);
}

int
pem_add(struct buf *out, const char *label, struct bytes der)
{
	int err;

	buf_printf(out, "-----BEGIN %s-----\n", label);
	err = base64_encode(out, der, PEM_LINE);
	if (err != 0)
		return err;
	buf_printf(out, "-----END %s-----\n", label);
	return buf_status(out);
}
