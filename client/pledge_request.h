/* The voucher request of a pledge (RFC 8995 5.2), and the wrong ones that
 * registrars are tried with. */
#ifndef CLIENT_PLEDGE_REQUEST_H
#define CLIENT_PLEDGE_REQUEST_H

#include "client/pledge_identity.h"

enum pledge_misbehaviour {
	BEHAVE = 0,
	MISBEHAVE_BAD_SIGNATURE, /* spoiled after it was signed */
	MISBEHAVE_BIG,           /* more than anybody has to take */
	MISBEHAVE_HANG,          /* connects and says nothing */
	MISBEHAVE_NO_NONCE,
	MISBEHAVE_OTHER_IDEVID,    /* another device's request */
	MISBEHAVE_REPEAT,          /* a fresh one each time it is asked again */
	MISBEHAVE_STALE,           /* of yesterday */
	MISBEHAVE_TRUNCATE,        /* its first half */
	MISBEHAVE_WRONG_PROXIMITY, /* of another registrar */
	MISBEHAVE_WRONG_SERIAL,
	MISBEHAVE_WRONG_TYPE, /* text/plain */
};

/* "wrong-serial". -ERR_INVALID. */
int pledge_misbehaviour_parse(
    enum pledge_misbehaviour *out, const char *text) NODISCARD;

struct pledge_request_params {
	const struct pledge_identity *identity;
	enum voucher_format format;
	enum pledge_misbehaviour misbehave;
	struct bytes registrar_cert; /* of this connection, DER */
	int64_t now;
};

/* Signed by the identity; the nonce is new. [RFC8995 5.2] */
int pledge_request_make(struct blob *out, struct voucher_nonce *nonce,
    const struct pledge_request_params *params, struct reason *why) NODISCARD;

#endif
