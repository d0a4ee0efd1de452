/* What the files of this room need around libcbor: safe loading, plain access,
 * and writing into a struct buf. */
#ifndef VOUCHER_CBOR_ITEM_H
#define VOUCHER_CBOR_ITEM_H

#include <cbor.h>

#include "base/buf.h"

static inline void
cbor_item_freep(cbor_item_t **p)
{
	if (*p != NULL)
		cbor_decref(p);
}

#define AUTOCBOR CLEANUP(cbor_item_freep)

/* Exactly one well-formed item (RFC 8949 5.3.1) with definite or indefinite
 * lengths, nested at most 16 deep, text in UTF-8, and no length that is beyond
 * the input: checked before libcbor allocates what the input claims.
 * -ERR_INVALID, also for what libcbor 0.8 does not know: the tags 6 to 20 and
 * unassigned simple values. */
int cbor_item_load(cbor_item_t **out, struct bytes cbor) NODISCARD;

/* False if it is something else; definite lengths alone. Borrowed. */
bool cbor_item_bytes(struct bytes *out, const cbor_item_t *item);
bool cbor_item_text(struct bytes *out, const cbor_item_t *item);
bool cbor_item_uint(uint64_t *out, const cbor_item_t *item);
/* An unsigned or negative integer that an int64_t holds. */
bool cbor_item_int(int64_t *out, const cbor_item_t *item);
bool cbor_item_bool(bool *out, const cbor_item_t *item);
bool cbor_item_is_null(const cbor_item_t *item);
/* The items of a definite or indefinite array, or NULL. */
cbor_item_t **cbor_item_array(size_t *n, const cbor_item_t *item);
struct cbor_pair *cbor_item_map(size_t *n, const cbor_item_t *item);
/* A map of at most CBOR_MAP_MAX pairs, no number or text twice among its keys.
 * [RFC8949 5.6] */
#define CBOR_MAP_MAX 64
bool cbor_map_is_plain(const cbor_item_t *item);

/* Append; failures stick in the buffer. */
void cbor_put_int(struct buf *out, int64_t value);
void cbor_put_bytes(struct buf *out, struct bytes value);
void cbor_put_text(struct buf *out, const char *text, size_t len);
void cbor_put_bool(struct buf *out, bool value);
void cbor_put_array(struct buf *out, size_t n);
void cbor_put_map(struct buf *out, size_t n);
void cbor_put_tag(struct buf *out, uint64_t tag);

#endif
