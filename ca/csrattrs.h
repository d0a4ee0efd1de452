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
/* What a client reads of it. */
#define CSRATTRS_MAX_BYTES 8192
#define CSRATTRS_KEY_TYPE_MAX 48

struct csrattrs_wish {
	bool channel_binding;
	bool p256; /* among the key types that are named */
	char other_key[CSRATTRS_KEY_TYPE_MAX]; /* the first other one, or "" */
	bool names; /* dictates subjectAltName's values (RFC 9908 3.2) */
};

/* Strict in form; what it does not know is ignored. [RFC7030 4.5.2] No bytes
 * and an empty list say nothing. -ERR_INVALID, -ERR_TOO_LARGE. */
int csrattrs_decode(
    struct csrattrs_wish *out, struct bytes der, struct reason *why) NODISCARD;

#endif
