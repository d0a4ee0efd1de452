/* A client's own certificate on a connection. */
#include <limits.h>

#include <openssl/pem.h>

#include "tls/client_internal.h"
#include "tls/ossl.h"

/* The keys have no pass phrase, and nobody is to be asked. */
static int
no_pass_phrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

int
client_cert_use(SSL *ssl, const struct tls_client_config *config)
{
	EVP_PKEY *key CLEANUP(EVP_PKEY_free_p) = NULL;
	BIO *bio CLEANUP(BIO_free_all_p) = NULL;
	struct bytes cert = config->client_cert, pem = config->client_key;

	if (cert.len == 0)
		return 0;
	if (cert.len > INT_MAX || pem.len == 0 || pem.len > INT_MAX)
		return -ERR_INVALID;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (bio == NULL)
		return -ERR_NOMEM;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
	/* The second of the two fails when they do not go together. */
	if (key == NULL ||
	    SSL_use_certificate_ASN1(ssl, cert.data, (int)cert.len) != 1 ||
	    SSL_use_PrivateKey(ssl, key) != 1)
		return -ERR_INVALID;
	return 0;
}
