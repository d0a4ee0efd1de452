/* PEM text (RFC 7468): block by block, without OpenSSL's reader, which asks a
 * terminal for pass phrases and dislikes long lines. */
#ifndef CA_PEM_H
#define CA_PEM_H

#include "base/buf.h"

#define PEM_LABEL_MAX 64 /* with NUL */

struct pem_block {
	char label[PEM_LABEL_MAX];
	struct bytes body; /* base64, within the text */
};

/* Takes the next block off the front of text; other text around blocks is
 * skipped. 1: there is none. -ERR_INVALID: a block without its end. */
int pem_next(struct pem_block *out, struct bytes *text) NODISCARD;
int pem_decode(struct blob *der, const struct pem_block *block) NODISCARD;

/* Appends a block. */
int pem_add(struct buf *out, const char *label, struct bytes der) NODISCARD;

#endif
