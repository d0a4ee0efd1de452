/* Byte strings: borrowed (struct bytes), owned (struct blob), and a growable
 * buffer with a cap (struct buf). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct bytes {
	const uint8_t *data;
	size_t len;
};

struct blob {
	uint8_t *data;
	size_t len;
};

static inline struct bytes
blob_bytes(const struct blob *b)
{
	return (struct bytes){b->data, b->len};
}

bool bytes_equal(struct bytes a, struct bytes b);

/* out becomes a copy of in. */
int blob_copy(struct blob *out, struct bytes in) NODISCARD;
void blob_fini(struct blob *b);
/* The same for a secret, which is overwritten first. */
void blob_wipe(struct blob *b);

/* A growable buffer. data always has a NUL after len bytes once something was
 * added, so text can be used as a C string. */
struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max; /* 0: BUF_MAX_BYTES */
	int err;    /* the first failure */
};

#define BUF_MAX_BYTES ((size_t)64 * 1024 * 1024)

/* Each returns 0, -ERR_NOMEM, or -ERR_TOO_LARGE; the failure sticks, so that a
 * series of additions may be checked once, by buf_status(). */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_adds(struct buf *b, const char *text);
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
int buf_status(const struct buf *b) NODISCARD;
/* "" for an empty buffer. */
const char *buf_text(const struct buf *b);
void buf_fini(struct buf *b);
/* The same for a secret, which is overwritten first. */
void buf_wipe(struct buf *b);

#endif
