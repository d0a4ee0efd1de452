/* A client's own certificate on a connection. */
#include <limits.h>

#include "tls/client_internal.h"
#include "tls/ossl.h"

int
client_cert_use(SSL *ssl, const struct tls_client_config *config)
{
	EVP_PKEY *key CLEANUP(EVP_PKEY_free_p) = NULL;
	struct bytes cert = config->client_cert;

	if (cert.len == 0)
		return 0;
	if (cert.len > INT_MAX)
		return -ERR_INVALID;
	key = ossl_read_key(config->client_key, NULL);
	/* The second of the two fails when they do not go together. */
	if (key == NULL ||
	    SSL_use_certificate_ASN1(ssl, cert.data, (int)cert.len) != 1 ||
	    SSL_use_PrivateKey(ssl, key) != 1)
		return -ERR_INVALID;
	return 0;
}
