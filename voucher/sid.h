/* Vouchers as CBOR with YANG SIDs: the payload of the COSE form. [RFC9254]
 * [draft-ietf-anima-constrained-voucher] */
#ifndef VOUCHER_SID_H
#define VOUCHER_SID_H

#include "voucher/voucher.h"

/* {root SID: {delta SID: value}} */
int voucher_cbor_encode(struct blob *out, const struct voucher *v) NODISCARD;
/* Keys may be delta SIDs, absolute SIDs (Tag 47) or names, mixed. What is read
 * is set in out, which the caller frees also after a failure. */
int voucher_cbor_decode(struct voucher *out, struct bytes cbor,
    enum voucher_kind kind, struct reason *why) NODISCARD;

#endif
