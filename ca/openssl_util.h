/* What every file of this room needs around OpenSSL: cleanup, failures, strict
 * decoding. */
#ifndef CA_OPENSSL_UTIL_H
#define CA_OPENSSL_UTIL_H

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"

#define DEFINE_CLEANUP(name, type, fn)                                         \
	static inline void name(type **p)                                      \
	{                                                                      \
		fn(*p);                                                        \
	}

DEFINE_CLEANUP(x509_freep, X509, X509_free)
DEFINE_CLEANUP(req_freep, X509_REQ, X509_REQ_free)
DEFINE_CLEANUP(pkey_freep, EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(bio_freep, BIO, BIO_free_all)
DEFINE_CLEANUP(general_names_freep, GENERAL_NAMES, GENERAL_NAMES_free)
DEFINE_CLEANUP(octets_freep, ASN1_OCTET_STRING, ASN1_OCTET_STRING_free)

/* Logs and clears OpenSSL's error queue; what names the operation that failed.
 * Returns -ERR_CRYPTO. */
int crypto_failed(struct reason *why, const char *what);

/* One certificate: DER, no trailing bytes, at most CERT_MAX_BYTES, no
 * extension twice. */
int x509_parse(X509 **out, struct bytes der, struct reason *why) NODISCARD;
int x509_to_der(struct blob *out, const X509 *cert) NODISCARD;

/* The first private key of a PEM text; an encrypted one is not read, since
 * nobody is there to be asked for its pass phrase. -ERR_INVALID. */
int pkey_from_pem(EVP_PKEY **out, struct bytes pem) NODISCARD;

/* The extension's position, -1 if it is absent. */
int x509_find_ext(const X509 *cert, int nid);
/* Decodes an extension's value: DER, no trailing bytes. The caller frees it by
 * its own type. NULL if it is malformed. */
void *ext_decode(X509_EXTENSION *ext, const ASN1_ITEM *type);
/* True if an extension occurs twice, RFC 5280 4.2. */
bool exts_have_duplicates(const STACK_OF(X509_EXTENSION) * exts);

/* The first common name in UTF-8 without control characters, "" if there is
 * none. count gets how many there are. -ERR_INVALID if it is odd,
 * -ERR_TOO_LARGE if it does not fit. */
int name_common_name(
    char *out, size_t size, int *count, const X509_NAME *name) NODISCARD;

/* RFC 4514, cut to fit: for people. */
int name_text(char *out, size_t size, const X509_NAME *name) NODISCARD;

/* Unix seconds. -ERR_INVALID. */
int asn1_unix_time(int64_t *out, const ASN1_TIME *time) NODISCARD;

/* An OID's short name or its dots. */
const char *oid_text(char *out, size_t size, const ASN1_OBJECT *oid);

#endif
