/* One certificate: values in, DER out. Nothing else is touched, so that any
 * thread or process that holds the authority may call it. */
#ifndef CA_AUTHORITY_SIGN_H
#define CA_AUTHORITY_SIGN_H

#include "ca/authority_load.h"
#include "ca/signer.h"

/* Checks everything that signer_submit() promises, trusting nothing that the
 * request says, and signs. Reads the question half of request only. */
int authority_sign(struct blob *cert_der, const struct authority *authority,
    const struct signer_request *request, struct reason *why) NODISCARD;

#endif
