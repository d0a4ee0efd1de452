/* The JWS form: General JWS JSON Serialization around JSON.
 * [draft-ietf-anima-jws-voucher] [RFC7515 7.2.1] */
#ifndef VOUCHER_JWS_H
#define VOUCHER_JWS_H

#include "voucher/artifact.h"

int jws_sign_content(struct blob *out, struct bytes content,
    const struct voucher_signer *signer,
    const struct voucher_sign_params *params) NODISCARD;

/* As cms_open_content(). Without x5c one of candidates has to have signed. */
int jws_open_content(struct blob *content, struct blob *signer,
    struct voucher_certs *certs, struct bytes artifact,
    const struct voucher_certs *candidates, struct reason *why) NODISCARD;

#endif
