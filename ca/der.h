/* DER (X.690): a strict check of the structure, and the little reading and
 * writing that CMS needs. */
#ifndef CA_DER_H
#define CA_DER_H

#include "base/buf.h"

enum der_tag {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OID = 0x06,
	DER_UTF8_STRING = 0x0c,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_CONTEXT_0 = 0xa0, /* constructed */
	DER_CONTEXT_1 = 0xa1,
};

#define DER_DEPTH_MAX 32

/* One element and nothing behind it: definite and shortest lengths, nesting at
 * most DER_DEPTH_MAX, universal types in their only DER form. The order within
 * a SET OF, and defaults written out, are not judged. */
int der_check(struct bytes der) NODISCARD;

/* Takes one element with this tag off the front of in. -ERR_INVALID if the
 * next one is another, or malformed. content may be in: to descend. */
int der_read(struct bytes *content, struct bytes *in, uint8_t tag) NODISCARD;
/* Takes one element of any tag, header included. */
int der_read_element(struct bytes *element, struct bytes *in) NODISCARD;
/* Takes just these octets, if they are next. */
bool der_take(struct bytes *in, const uint8_t *expected, size_t len);
/* True if the next element has this tag. */
bool der_next_is(struct bytes in, uint8_t tag);

/* Appends the header of an element whose content has len bytes. */
int der_add_header(struct buf *out, uint8_t tag, size_t len);
/* The bytes of such a header. */
size_t der_header_len(size_t len);

#endif
