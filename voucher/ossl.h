/* What the files of this room need around OpenSSL. */
#ifndef VOUCHER_OSSL_H
#define VOUCHER_OSSL_H

#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "voucher/artifact.h"

#define DEFINE_CLEANUP(type, fn)                                               \
	static inline void fn##_p(type **p)                                    \
	{                                                                      \
		fn(*p);                                                        \
	}

static inline void
x509_stack_free(STACK_OF(X509) * certs)
{
	sk_X509_pop_free(certs, X509_free);
}

DEFINE_CLEANUP(BIO, BIO_free_all)
DEFINE_CLEANUP(CMS_ContentInfo, CMS_ContentInfo_free)
DEFINE_CLEANUP(ECDSA_SIG, ECDSA_SIG_free)
DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(STACK_OF(X509), x509_stack_free)

/* Logs and clears OpenSSL's error queue. Returns -ERR_CRYPTO. */
int voucher_crypto_failed(struct reason *why, const char *what);

/* One DER certificate without anything behind it. */
int voucher_x509_parse(X509 **out, struct bytes der) NODISCARD;
/* 0 if it is one. */
int voucher_x509_check(struct bytes der) NODISCARD;
/* 112 bits at least, and no more than makes a verification slow: RSA, EC on a
 * named curve, or Ed25519. */
bool voucher_key_is_usable(EVP_PKEY *key);
int voucher_x509_to_der(struct blob *out, const X509 *cert) NODISCARD;

struct voucher_signer {
	EVP_PKEY *key;
	STACK_OF(X509) * chain; /* leaf first */
};

#endif
