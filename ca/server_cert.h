/* Certificates of TLS servers that other CAs issued: what of them is refused
 * before anybody is shown one. Whether a path leads to a trust anchor is for
 * those to judge who have the anchor. */
#ifndef CA_SERVER_CERT_H
#define CA_SERVER_CERT_H

#include "ca/cert.h"

/* Whether der may be presented for name at time now: an end-entity certificate
 * in date, for TLS servers, with a key and a signature that this program's own
 * CA would use, and with name itself among its DNS-IDs. A wildcard will not do:
 * the DNS-ID is the reference identifier or the ADN that endpoints keep. */
int server_cert_check(struct cert_info *out, struct bytes der, const char *name,
    int64_t now, struct reason *why) NODISCARD;

/* The certificate of a PEM text that may hold its chain too: the first one,
 * while the others must be CA certificates, counted in *n_more. A private key
 * or another kind of block is refused. */
int server_cert_from_pem(struct blob *der, size_t *n_more, struct bytes pem,
    struct reason *why) NODISCARD;

#endif
