/* Putting a certificate together, RFC 5280 4. */
#ifndef CA_BUILD_H
#define CA_BUILD_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/x509v3.h>

#include "base/buf.h"
#include "ca/names.h"
#include "ca/serial.h"

#define EXT_CRITICAL true
#define EXT_PLAIN false

/* Version 3, a new serial (ca/serial.h), the validity. */
int build_start(X509 **out, int64_t not_before, int64_t not_after) NODISCARD;
/* Makes the next one of it: a new serial, the validity, no subject, and of the
 * extensions the first n. The key stays until build_public_key(). */
int build_next(X509 *cert, int n_extensions, int64_t not_before,
    int64_t not_after) NODISCARD;

/* A copy of the public key as it stands, without decoding it: the slow part of
 * X509_set_pubkey(). */
int build_public_key(X509 *cert, X509_PUBKEY *key) NODISCARD;

/* value as the extension's type wants it; stays the caller's. */
int build_ext(X509 *cert, int nid, void *value, bool critical) NODISCARD;
/* pathlen -1: not a CA. */
int build_basic_constraints(X509 *cert, int pathlen) NODISCARD;
/* bits: OpenSSL's KU_*, first octet only. */
int build_key_usage(X509 *cert, unsigned int bits) NODISCARD;
int build_ext_key_usage(X509 *cert, const int *nids, size_t n) NODISCARD;
/* Critical if the subject is empty. */
int build_alt_names(X509 *cert, const struct names *names) NODISCARD;
/* Subject key identifier, and the issuer's as authority key identifier (NULL:
 * self-signed, none). The public key must be set. */
int build_key_ids(X509 *cert, X509 *issuer) NODISCARD;
int build_subject_key_id(X509 *cert) NODISCARD;
int build_authority_key_id(X509 *cert, X509 *issuer) NODISCARD;

/* ECDSA with SHA-256; out is the DER. */
int build_sign(struct blob *out, X509 *cert, EVP_PKEY *key) NODISCARD;
/* The same for what build_sign() has signed before, with the same key, which
 * ready has from build_sign_ready() (EVP_MD_CTX_free()). Encodes it once, not
 * twice. The X509 itself keeps the old signature. */
int build_sign_again(
    struct blob *out, X509 *cert, const EVP_MD_CTX *ready) NODISCARD;
int build_sign_ready(EVP_MD_CTX **out, EVP_PKEY *key) NODISCARD;

#endif
