/* A client certificate over a connection that is there: the first one
 * (simpleenroll), or another for the one that there is (simplereenroll).
 * RFC 7030 4.2 */
#ifndef CLIENT_ENROLL_H
#define CLIENT_ENROLL_H

#include "ca/csrattrs.h"
#include "ca/trust.h"
#include "client/enrolled.h"
#include "client/est_fetch.h"

/* A server that says 202 is asked again for so long. */
#define ENROLL_WAIT_MAX_S 60
/* Servers end connections that idle for longer. */
#define ENROLL_KEEP_OPEN_S 10

/* Replaces a connection that was left idle for long: *session and *binding
 * become the new one's. */
typedef int (*enroll_reconnect_fn)(void *arg, struct est_session **session,
    const struct tls_binding **binding, struct reason *why);

struct enroll_params {
	/* The subject of the first one: an identity, or else a device. */
	const char *common_name;
	const char *serial_number;
	const struct enrolled *renews;     /* NULL: it is the first one */
	const struct trust *trust;         /* the network's own anchor */
	const struct tls_binding *binding; /* of the session's connection */
	int64_t now;
	int64_t wait_max_s; /* 0: ENROLL_WAIT_MAX_S */
	/* Called after a wait of more than ENROLL_KEEP_OPEN_S; NULL: never. */
	enroll_reconnect_fn reconnect;
	void *reconnect_arg;
};

/* Asks csrattrs, makes a new key, and has it certified. The answer must be one
 * certificate for that key, valid under the anchor as a TLS client's; a renewed
 * one has the subject and names of the one before. -ERR_REFUSED and what the
 * server says; -ERR_BUSY when the request waits for somebody's approval. */
int enroll_certificate(struct enrolled *out, struct est_session *session,
    const struct enroll_params *params, struct reason *why) NODISCARD;

/* The parts that need no connection: */

/* Whether this program can do what csrattrs asks for. -ERR_REFUSED. */
int enroll_check_wish(
    const struct csrattrs_wish *wish, struct reason *why) NODISCARD;
/* Whether certs is what was asked for, with the key of out. */
int enroll_accept(struct enrolled *out, const struct cert_list *certs,
    const struct enroll_params *params, struct reason *why) NODISCARD;

#endif
