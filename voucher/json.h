/* Vouchers as JSON: the payload of the CMS and JWS forms. [RFC8366 5] */
#ifndef VOUCHER_JSON_H
#define VOUCHER_JSON_H

#include "voucher/voucher.h"

/* Compact. plain_root: a request's root is named like a voucher's. */
int voucher_json_encode(
    struct blob *out, const struct voucher *v, bool plain_root) NODISCARD;
/* What is read is set in out, which the caller frees also after a failure. */
int voucher_json_decode(struct voucher *out, struct bytes json,
    enum voucher_kind kind, bool plain_root, struct reason *why) NODISCARD;

#endif
