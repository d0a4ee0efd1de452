/* How vouchers are encoded and signed, and what that is called on the wire. */
#ifndef VOUCHER_FORMAT_H
#define VOUCHER_FORMAT_H

#include <stddef.h>

#include "base/error.h"

enum voucher_format {
	VOUCHER_CMS_JSON = 1, /* RFC 8366 */
	VOUCHER_JWS_JSON,     /* draft-ietf-anima-jws-voucher */
	VOUCHER_COSE_CBOR,    /* draft-ietf-anima-constrained-voucher */
};

#define VOUCHER_FORMATS_MAX 4

/* "application/voucher-cms+json" */
const char *voucher_media_type(enum voucher_format format);
/* By its media type, parameters ignored, in any case; both names of COSE, and
 * "application/cose". -ERR_NOT_FOUND. */
int voucher_format_of(
    enum voucher_format *out, const char *media_type) NODISCARD;

/* The best format of an Accept header (RFC 9110 12.5.1: for each type the most
 * specific range counts, wildcards too): by quality, then preferred, then in
 * its order; preferred if the header is NULL. *media_type is what to call it:
 * the peer's own name for COSE. -ERR_NOT_FOUND if it accepts none. */
int voucher_format_accept(enum voucher_format *out, const char **media_type,
    const char *accept, enum voucher_format preferred) NODISCARD;

#endif
