/* Path validation to certificates that are trusted because somebody handed them
 * out, whether they are self-signed or not: a manufacturer's CAs, or the one
 * that a voucher pins. */
#ifndef CA_ANCHORED_H
#define CA_ANCHORED_H

#include <stdint.h>

#include "ca/cert.h"

/* Path validation (RFC 5280 6) of leaf to one of anchors, which the leaf itself
 * may be; chain (may be NULL) completes the path, and what cannot be read of it
 * is left out. As a TLS server's (server), or with any extended key usage.
 * -ERR_REFUSED. */
int anchored_verify(struct bytes leaf, const struct cert_list *chain,
    const struct cert_list *anchors, bool server, int64_t now,
    struct reason *why) NODISCARD;

#endif
