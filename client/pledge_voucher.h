/* The pledge's judgement of its voucher, and by it of the registrar
 * (RFC 8995 5.6.1, 5.6.2). */
#ifndef CLIENT_PLEDGE_VOUCHER_H
#define CLIENT_PLEDGE_VOUCHER_H

#include "ca/trust.h"
#include "client/pledge_identity.h"

struct pledge_expectation {
	enum voucher_format format;
	const struct cert_list *anchors; /* whose vouchers count */
	const struct pledge_identity *identity;
	const struct voucher_nonce *nonce; /* that was sent; len 0: none */
	bool accept_nonceless;
	int64_t now;
};

/* Of *out every field was checked but the pinned certificate, which is there.
 * -ERR_REFUSED, and -ERR_INVALID or -ERR_TOO_LARGE for what is no voucher.
 * [RFC8995 5.6.1] */
int pledge_voucher_open(struct voucher_opened *out, struct bytes artifact,
    const struct pledge_expectation *expectation, struct reason *why) NODISCARD;

/* Judges a provisional connection by the certificate that the voucher pins:
 * the registrar's own, or a CA's; below a CA the registrar is one by its
 * extended key usage. chain is the server's, leaf first. -ERR_REFUSED.
 * [RFC8995 5.6.2] [RFC7030 3.6.1] */
int pledge_judge_registrar(struct bytes pinned, const struct cert_list *chain,
    int64_t now, struct reason *why) NODISCARD;

/* Builds trust from the certificates of /cacerts, which the pinned one has to
 * be among or below. -ERR_REFUSED. [RFC8995 5.9.1] */
int pledge_trust(struct trust **out, const struct cert_list *cacerts,
    struct bytes pinned, int64_t now, struct reason *why) NODISCARD;

#endif
