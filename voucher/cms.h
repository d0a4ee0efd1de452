/* The CMS form: SignedData around JSON. [RFC8366 5.4] [RFC5652 5] */
#ifndef VOUCHER_CMS_H
#define VOUCHER_CMS_H

#include "voucher/artifact.h"

int cms_sign_content(struct blob *out, struct bytes content,
    const struct voucher_signer *signer,
    const struct voucher_sign_params *params) NODISCARD;

/* content, signer and the other certificates; the caller frees them also after
 * a failure. */
int cms_open_content(struct blob *content, struct blob *signer,
    struct voucher_certs *certs, struct bytes artifact,
    const struct voucher_certs *candidates, struct reason *why) NODISCARD;

#endif
