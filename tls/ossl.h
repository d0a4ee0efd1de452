/* Cleanup attributes for OpenSSL's objects, and its error queue as text. */
#ifndef TLS_OSSL_H
#define TLS_OSSL_H

#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/buf.h"

/* For OpenSSL's interfaces that take or give back a pointer with the wrong
 * const: nothing is written through it. */
static inline void *
without_const(const void *p)
{
	void *q;

	memcpy(&q, &p, sizeof(q));
	return q;
}

/* The first error of this thread's queue (the cause, the others are its
 * callers' complaints), which is emptied; returns out. */
const char *ossl_error_text(char *out, size_t size);
/* -ERR_CRYPTO with "what: first error" as the reason. */
int ossl_failed(struct reason *why, const char *what);

/* The first private key of a PEM text, or NULL with the reason in the queue; an
 * encrypted one is not read, since nobody is there to be asked. */
EVP_PKEY *ossl_read_key(struct bytes pem, OSSL_LIB_CTX *libctx);

#define DEFINE_CLEANUP(type, fn)                                               \
	static inline void fn##_p(type **p)                                    \
	{                                                                      \
		fn(*p);                                                        \
	}

DEFINE_CLEANUP(BIGNUM, BN_clear_free)
DEFINE_CLEANUP(BN_CTX, BN_CTX_free)
DEFINE_CLEANUP(EC_POINT, EC_POINT_clear_free)
DEFINE_CLEANUP(EVP_KDF_CTX, EVP_KDF_CTX_free)
DEFINE_CLEANUP(EVP_MD_CTX, EVP_MD_CTX_free)
DEFINE_CLEANUP(EVP_PKEY, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
DEFINE_CLEANUP(EVP_KEYMGMT, EVP_KEYMGMT_free)
DEFINE_CLEANUP(BIO, BIO_free_all)
DEFINE_CLEANUP(X509, X509_free)
DEFINE_CLEANUP(SSL, SSL_free)
DEFINE_CLEANUP(SSL_CTX, SSL_CTX_free)

#endif
