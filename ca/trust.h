/* Path validation against a trust anchor that came as /cacerts (RFC 7030
 * 4.1.3): what an endpoint does with certificates. */
#ifndef CA_TRUST_H
#define CA_TRUST_H

#include <stdint.h>

#include "ca/cert.h"
#include "ca/constraints.h"

struct trust;

/* The root is the self-signed CA certificate with the latest notAfter; the
 * others must be CA certificates and are used as intermediates; whatever does
 * not chain to the root is refused. */
int trust_from_certs(struct trust **out, const struct cert_list *certs,
    struct reason *why) NODISCARD;
/* [RFC7030 3.6.2] The implicit anchors: those of the system's store, which are
 * OpenSSL's default paths (or SSL_CERT_FILE and SSL_CERT_DIR). Of more, which
 * may be NULL, the CA certificates that chain to them complete paths; none
 * becomes an anchor, and the others are left out. Such a trust has no root, and
 * no constraints of its own. */
int trust_from_system(struct trust **out, const struct cert_list *more,
    struct reason *why) NODISCARD;
void trust_free(struct trust *trust);

/* The intermediates that complete paths; the caller frees them also after a
 * failure. */
int trust_intermediates(
    struct cert_list *out, const struct trust *trust) NODISCARD;

/* No bytes without a root. */
struct bytes trust_root(const struct trust *trust);
void trust_root_sha256(const struct trust *trust, uint8_t out[32]);
/* What the root permits; n_domains == 0 means an unconstrained anchor. */
const struct constraints *trust_constraints(const struct trust *trust);

/* [RFC4210 4.4] 0 if successor's root has the name and key of this trust's, or
 * if certs, the certificates of successor, hold NewWithOld: its name and key in
 * a certificate that is valid at time now under this trust's root.
 * -ERR_REFUSED. */
int trust_check_successor(const struct trust *trust,
    const struct trust *successor, const struct cert_list *certs, int64_t now,
    struct reason *why) NODISCARD;

/* RFC 5280 path validation of leaf as a TLS server (EKU serverAuth) at time
 * now, with untrusted as further intermediates (may be NULL); then SRV-ID
 * domains against the DNS subtrees of every CA in the path. */
int trust_verify_server(const struct trust *trust, struct bytes leaf,
    const struct cert_list *untrusted, int64_t now,
    struct reason *why) NODISCARD;

/* The same as a TLS client (EKU clientAuth): what the CA itself does with its
 * own certificates. */
int trust_verify_client(const struct trust *trust, struct bytes leaf,
    int64_t now, struct reason *why) NODISCARD;

#endif
