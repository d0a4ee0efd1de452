/*
 * Who asks, for the paths that have to know. What counts, in this order:
 *
 *	1. the identity of a PAKE-authenticated connection;
 *	2. a client certificate of this CA;
 *	3. the IDevID of a device that was given a voucher;
 *	4. HTTP Basic, by an identity that may use it.
 *
 * The first that is there decides: an Authorization header on a connection that
 * is authenticated otherwise is not looked at. A client certificate of another
 * CA, or one out of date, counts like none. [RFC7030 3.2.3] [RFC7030 3.3.2]
 */
#ifndef SERVER_PRINCIPAL_H
#define SERVER_PRINCIPAL_H

#include "registrar/pledge.h"
#include "registrar/requester.h"
#include "server/request.h"

/* who is valid for the call alone. */
typedef void (*principal_fn)(
    struct request *request, const struct requester *who);

enum principal_need {
	PRINCIPAL_WANTED,   /* who is NULL for those who are nobody */
	PRINCIPAL_REQUIRED, /* nobody is answered with 401 and a challenge */
};

/* Calls then at once, or later when a password has to be judged; or replies:
 * 401 for credentials that are missing (if required) or wrong, 403 for those
 * that are known and earn nothing any more, 429 and 503 when it is too busy. */
void principal_find(
    struct request *request, enum principal_need need, principal_fn then);

enum { PRINCIPAL_NO_CERT = 1 };

/* By the client certificate alone: 0, PRINCIPAL_NO_CERT, or an error as of
 * requester_from_cert(). request->conn->client_cert is what was judged. */
int principal_cert(struct requester *who, struct request *request,
    struct reason *why) NODISCARD;

/* What the client certificate says when it is taken for a device's IDevID:
 * judged once for a connection, and the connection's. 0 also when what it says
 * is a refusal (pledge->result), or PRINCIPAL_NO_CERT. */
int principal_pledge(
    const struct pledge **out, struct request *request) NODISCARD;

/* 0, or -ERR_REFUSED with the verdict when the client certificate is that of a
 * device which is refused. */
int principal_check_device(
    struct request *request, struct reason *why) NODISCARD;

#endif
