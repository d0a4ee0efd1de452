/* What a client is told to put into its certification request: CsrAttrs, RFC
 * 7030 4.5.2 in the form of RFC 8951 and RFC 9908. */
#ifndef CA_CSRATTRS_H
#define CA_CSRATTRS_H

#include "base/buf.h"
#include "ca/names.h"

struct csrattrs {
	bool channel_binding;      /* challengePassword is required */
	const struct names *names; /* the SANs to ask for; NULL: nothing said */
};

/* DER: the key type ecPublicKey with P-256, ecdsa-with-SHA256, and what attrs
 * says. [RFC7030 4.5.2] */
int csrattrs_encode(struct blob *out, const struct csrattrs *attrs) NODISCARD;

#endif
