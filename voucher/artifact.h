/*
 * Signed artifacts: fields in, octets out, and back. What comes out of
 * voucher_open() was signed by the key of the certificate that it names;
 * whether that certificate is anybody's is for the caller to judge.
 */
#ifndef VOUCHER_ARTIFACT_H
#define VOUCHER_ARTIFACT_H

#include "voucher/format.h"
#include "voucher/voucher.h"

#define VOUCHER_CERTS_MAX 12

/* Certificates in DER. */
struct voucher_certs {
	struct blob items[VOUCHER_CERTS_MAX];
	size_t n;
};

/* Appends a copy. -ERR_TOO_LARGE. */
int voucher_certs_add(struct voucher_certs *certs, struct bytes der) NODISCARD;
void voucher_certs_fini(struct voucher_certs *certs);

/* A private key and its certificate chain; immutable, used by any thread. */
struct voucher_signer;

/* PEM: the chain leaf first, the key unencrypted. The key fits the leaf. */
int voucher_signer_new(struct voucher_signer **out, struct bytes chain_pem,
    struct bytes key_pem, struct reason *why) NODISCARD;
void voucher_signer_free(struct voucher_signer *signer);

struct voucher_sign_params {
	enum voucher_format format;
	/* How many certificates of the signer's chain go along, leaf first. A
	 * COSE request of a pledge has none. */
	size_t n_chain;
	/* Further certificates for the x5bag of COSE or the certificates of
	 * CMS: the pledge's chain. May be NULL. */
	const struct voucher_certs *extra;
	/* JSON's root member is ietf-voucher:voucher for a request too, as some
	 * MASAs want it. */
	bool plain_root;
};

int voucher_sign(struct blob *out, const struct voucher *v,
    const struct voucher_signer *signer,
    const struct voucher_sign_params *params) NODISCARD;

struct voucher_opened {
	struct voucher v;
	struct blob signer;         /* DER of the certificate that signed */
	struct voucher_certs certs; /* the others that came along */
};

struct voucher_open_params {
	enum voucher_format format;
	enum voucher_kind kind;
	/* Certificates that may have signed, beside those in the artifact: for
	 * COSE, which mostly carries none. May be NULL. */
	const struct voucher_certs *candidates;
	/* A request may have the root member ietf-voucher:voucher. */
	bool plain_root;
};

/* Strict and bounded: octets behind the end, duplicate members, a wrong type of
 * a known member, or deep nesting are -ERR_INVALID, more than VOUCHER_MAX_BYTES
 * are -ERR_TOO_LARGE; unknown members are skipped. Verifies the signature
 * (-ERR_REFUSED) before it reads a field. voucher_check() is the caller's. */
int voucher_open(struct voucher_opened *out, struct bytes artifact,
    const struct voucher_open_params *params, struct reason *why) NODISCARD;
void voucher_opened_fini(struct voucher_opened *opened);

/* COSE without what a registrar has to take out before it forwards a voucher:
 * x5bag and x5chain of the unprotected header. Other formats are copied.
 * [draft-ietf-anima-constrained-voucher 6.6] */
int voucher_strip(struct blob *out, enum voucher_format format,
    struct bytes artifact) NODISCARD;

#endif
