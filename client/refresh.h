/* A network that was joined before: is what is known of it still good, and if
 * not, fetching it anew (draft-reddy-add-iot-byod-bootstrap 8). */
#ifndef CLIENT_REFRESH_H
#define CLIENT_REFRESH_H

#include "ca/trust.h"
#include "client/check.h"
#include "client/network_state.h"
#include "mdns/announce.h"

enum refresh_verdict {
	REFRESH_KEEP = 1,
	REFRESH_FETCH, /* why says what speaks against what is stored */
};

/* The facts are the stored certificates, the endpoint's own among them (which
 * is to be renewed in time), the time, and what asking the DNS servers gave
 * (report; NULL when they were not asked). What is stored is kept as long as
 * each certificate validates and no server was refused: a server that cannot be
 * reached, or has no answer, says nothing against its certificate. */
enum refresh_verdict refresh_decide(const struct network_state *state,
    const struct trust *trust, const struct check_report *report, int64_t now,
    struct reason *why);

/* Builds trust from the certificates of a later /cacerts. The root must be the
 * stored one; or one that the stored one vouches for (RFC 4210 4.4) and that
 * permits the same names. -ERR_REFUSED. */
int refresh_trust(struct trust **out, const struct cert_list *cacerts,
    const struct trust *stored, int64_t now, struct reason *why) NODISCARD;

/* The same as a learn_accept_fn: arg is the stored trust, the time is now. */
int refresh_accept(struct trust **out, const struct cert_list *cacerts,
    const void *arg, struct reason *why) NODISCARD;

/* What became of the endpoint's own certificate. */
enum refresh_own {
	REFRESH_OWN_NONE = 1, /* there is none */
	REFRESH_OWN_KEPT,     /* it is not to be renewed yet */
	REFRESH_OWN_RENEWED,
	REFRESH_OWN_FAILED, /* it should have been renewed, and is kept */
	REFRESH_OWN_OVER,   /* it has expired: it was not shown, and is kept */
};

struct refresh_outcome {
	enum refresh_own own;
	struct reason why; /* REFRESH_OWN_FAILED: what the server said */
};

struct refresh_params {
	const char *server; /* "host:port", NULL: discover */
	struct mdns_config interfaces;
	/* Renew the endpoint's own certificate, whatever its age. */
	bool renew;
};

/* Finds the EST server again, verifies it by the stored reference identifier
 * and trust anchor, and fetches everything anew into *out, a whole state of the
 * same network. The endpoint's own certificate is shown to a server that asks,
 * and renewed when it is time: a renewal that fails is no failure here. Nothing
 * is written. Errors as join_network(). */
int refresh_network(struct network_state *out, struct refresh_outcome *outcome,
    const struct network_state *stored, const struct trust *trust,
    const struct refresh_params *params, struct reason *why) NODISCARD;

#endif
