/* Base64 (RFC 4648): section 4 with padding, section 5 without. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Appends the encoding of in; wrap is the line length in characters, each line
 * ended by LF, or 0 for one line without an end. */
int base64_encode(struct buf *out, struct bytes in, size_t wrap) NODISCARD;

/* Decodes text, ignoring CR, LF, space and TAB anywhere (RFC 8951 section 3).
 * Refuses every other stray character, wrong padding, and non-zero spare bits
 * with -ERR_INVALID; an empty text decodes to no bytes. */
int base64_decode(struct blob *out, const char *text, size_t len) NODISCARD;

/* RFC 4648 section 5, unpadded. */
int base64url_encode(struct buf *out, struct bytes in) NODISCARD;
int base64url_decode(struct blob *out, const char *text, size_t len) NODISCARD;

#endif
