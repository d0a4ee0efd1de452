/* Implicit trust: the anchors of the system's store in place of the network's
 * own (RFC 7030 3.6, draft-reddy-add-iot-byod-bootstrap 4.1 step 3). */
#ifndef CLIENT_IMPLICIT_H
#define CLIENT_IMPLICIT_H

#include "ca/trust.h"

struct implicit_params {
	const struct cert_list *chain; /* the EST server's, leaf first */
	const uint8_t *root_sha256;    /* that the code names, or NULL */
};

/* A learn_accept_fn; arg is a struct implicit_params. The certificates of
 * /cacerts and of the chain complete paths to the system's anchors, and that is
 * all: none is believed by itself. A root that the code names must be among
 * them all the same. -ERR_REFUSED. */
int implicit_accept(struct trust **out, const struct cert_list *cacerts,
    const void *arg, struct reason *why) NODISCARD;

#endif
