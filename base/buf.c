#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

int
blob_copy(struct blob *out, struct bytes in)
{
	uint8_t *copy = malloc(in.len != 0 ? in.len : 1);

	if (copy == NULL)
		return -ERR_NOMEM;
	if (in.len != 0)
		memcpy(copy, in.data, in.len);
	out->data = copy;
	out->len = in.len;
	return 0;
}

void
blob_fini(struct blob *b)
{
	free(b->data);
	b->data = NULL;
	b->len = 0;
}

void
blob_wipe(struct blob *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->len);
	blob_fini(b);
}

static int
buf_reserve(struct buf *b, size_t more)
{
	size_t max = b->max != 0 ? b->max : BUF_MAX_BYTES;
	size_t need, cap;
	char *grown;

	if (b->err != 0)
		return b->err;
	if (more > max || b->len > max - more)
		return b->err = -ERR_TOO_LARGE;
	need = b->len + more + 1;
	if (need <= b->cap)
		return 0;
	for (cap = b->cap != 0 ? b->cap : 256; cap < need;)
		cap *= 2;
	grown = realloc(b->data, cap);
	if (grown == NULL)
		return b->err = -ERR_NOMEM;
	b->data = grown;
	b->cap = cap;
	return 0;
}

int
buf_add(struct buf *b, const void *data, size_t len)
{
	int err = buf_reserve(b, len);

	if (err != 0)
		return err;
	if (len != 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int
buf_adds(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

int
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n, err;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	err = n < 0 ? -ERR_INVALID : buf_reserve(b, (size_t)n);
	if (err == 0) {
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	return err;
}

int
buf_status(const struct buf *b)
{
	return b->err;
}

const char *
buf_text(const struct buf *b)
{
	return b->data != NULL ? b->data : "";
}

void
buf_fini(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

void
buf_wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_fini(b);
}
