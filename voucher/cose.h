/* The COSE form: COSE_Sign1 around CBOR.
 * [draft-ietf-anima-constrained-voucher] [RFC9052 4.2] */
#ifndef VOUCHER_COSE_H
#define VOUCHER_COSE_H

#include "voucher/artifact.h"

int cose_sign_content(struct blob *out, struct bytes content,
    const struct voucher_signer *signer,
    const struct voucher_sign_params *params) NODISCARD;

/* As cms_open_content(): the certificates of the unprotected x5bag or x5chain
 * and candidates are tried. */
int cose_open_content(struct blob *content, struct blob *signer,
    struct voucher_certs *certs, struct bytes artifact,
    const struct voucher_certs *candidates, struct reason *why) NODISCARD;

/* Without x5bag and x5chain in the unprotected header; byte for byte as it came
 * if it has none. */
int cose_strip(struct blob *out, struct bytes artifact) NODISCARD;

#endif
