/* One registrar asked for a voucher over a provisional connection, and judged
 * by what came (RFC 8995 5.1 to 5.7). */
#ifndef CLIENT_PLEDGE_EXCHANGE_H
#define CLIENT_PLEDGE_EXCHANGE_H

#include "client/pledge_link.h"
#include "client/pledge_onboard.h"

struct pledge_exchange {
	const struct pledge_params *params;
	struct sockaddr_storage address;
	struct pledge_link link;
	struct blob pinned;         /* the pinned-domain-cert, DER */
	enum voucher_format format; /* of the voucher */
};

/* 0: the voucher is good, and so is the registrar at the end of link, which is
 * connected. -ERR_REFUSED and the like for a failed check, which the registrar
 * was told, or when it refuses; -ERR_BUSY: not decided yet. */
int pledge_exchange_run(
    struct pledge_exchange *exchange, struct reason *why) NODISCARD;
void pledge_exchange_fini(struct pledge_exchange *exchange);

/* Tells the registrar: /.well-known/brski/NAME, in CBOR where the voucher is.
 * What it says to that is ignored. [RFC8995 5.7] [RFC8995 5.9.4] */
void pledge_report(struct est_session *session, const char *name, bool cbor,
    const struct reason *failure);

/* True for the errors of a peer that is not there, or not now. */
bool pledge_is_unreachable(int err);

#endif
