/* From an IDevID to a network: voucher (RFC 8995 5), trust anchor, LDevID
 * (RFC 8995 5.9), and the DNS servers' certificates. */
#ifndef CLIENT_PLEDGE_ONBOARD_H
#define CLIENT_PLEDGE_ONBOARD_H

#include "client/network_state.h"
#include "client/pledge_request.h"
#include "mdns/browse.h"

#define REGISTRAR_SERVICE "_brski-registrar._tcp" /* RFC 8995 8.6 */
#define PLEDGE_NETWORK "domain" /* a device is in one network: its name */
#define PLEDGE_PATIENCE_S 120

struct pledge_params {
	const struct pledge_identity *identity;
	const struct pledge_identity *other; /* MISBEHAVE_OTHER_IDEVID */
	const struct cert_list *anchors;     /* whose vouchers count */
	const char *registrar;               /* HOST:PORT, NULL: discover */
	struct mdns_config interfaces;
	enum voucher_format format;
	const char *accept; /* NULL: the request's media type */
	bool accept_nonceless;
	int64_t patience_s; /* for a registrar that says 202 */
	enum pledge_misbehaviour misbehave;
};

/* Nothing is written; *out is a whole state. -ERR_REFUSED (and other errors of
 * what was sent) for a failed check, named in why; -ERR_UNREACHABLE,
 * -ERR_TIMEOUT, -ERR_CLOSED, -ERR_NOT_FOUND, -ERR_BUSY when there is no
 * registrar, or it is not decided yet. */
int pledge_onboard(struct network_state *out,
    const struct pledge_params *params, struct reason *why) NODISCARD;

/* A candidate_wanted_fn: whether the instance's TXT says that it takes vouchers
 * of the format that arg points to. Without any variation it is RFC 8995's own.
 * [draft-ietf-anima-brski-discovery] */
bool pledge_wants_instance(
    const void *arg, const struct mdns_instance *instance);

#endif
