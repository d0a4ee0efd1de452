/* This registrar towards MASAs: its certificate with the role cmcRA, the chain
 * to its root, and the key. Immutable and reference-counted, since the
 * certificate is renewed while requests are on their way. */
#ifndef REGISTRAR_DOMAIN_SIGNER_H
#define REGISTRAR_DOMAIN_SIGNER_H

#include "ca/cert.h"
#include "voucher/artifact.h"

struct registrar;

struct domain_signer {
	struct voucher_signer *signer; /* leaf, issuing CA, root */
	struct cert_list chain;        /* the same in DER */
	unsigned int refs;             /* atomic */
};

/* chain_pem is leaf first; root is added behind it, so that a MASA may pin what
 * outlives the leaf. */
int domain_signer_new(struct domain_signer **out, struct bytes chain_pem,
    struct bytes key_pem, struct bytes root, struct reason *why) NODISCARD;
struct domain_signer *domain_signer_ref(struct domain_signer *signer);
void domain_signer_unref(struct domain_signer *signer);

/* True if the certificate is one of the chain. */
bool domain_signer_has_cert(
    const struct domain_signer *signer, struct bytes der);
/* True if a certificate of the chain has the key with this SHA-256 of its
 * SubjectPublicKeyInfo. */
bool domain_signer_has_key(
    const struct domain_signer *signer, const uint8_t spki_sha256[32]);
/* True if a certificate of the chain has this domainID. [RFC8995 5.8.2] */
bool domain_signer_has_id(
    const struct domain_signer *signer, const uint8_t *id, size_t len);

/* The registrar's own, replaced when its certificate is. The second gives a
 * reference, or NULL before there was any. Any thread. */
void registrar_set_domain_signer(
    struct registrar *registrar, struct domain_signer *signer);
struct domain_signer *registrar_domain_signer(struct registrar *registrar);

#endif
