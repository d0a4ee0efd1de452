/* What the client's unit tests share. */
#ifndef TESTS_UNIT_CLIENT_SUPPORT_H
#define TESTS_UNIT_CLIENT_SUPPORT_H

#include "ca/cert.h"
#include "ca/trust.h"
#include "client/network_state.h"

#define NOW 1924988400 /* 2031-01-01: within the certificates' validity */

/* The certificates of a PEM text; asserts. */
void certs_of(struct cert_list *out, const char *pem);
struct trust *trust_of(const char *pem);
/* A network with a DoT and a DoH service that share a certificate, and a next
 * certificate for DoT. */
void make_state(struct network_state *out);

#endif
