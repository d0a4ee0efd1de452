#include "base/sha256.h"

#include <pthread.h>

#include <openssl/evp.h>

#include "base/crypto_error.h"

/* Fetched once: to find it again takes as long as a short text's digest. Never
 * changed, never freed. */
static EVP_MD *digest;
static pthread_once_t digest_once = PTHREAD_ONCE_INIT;

static void
fetch(void)
{
	digest = EVP_MD_fetch(NULL, "SHA256", NULL);
}

int
sha256(uint8_t out[SHA256_LEN], struct bytes in)
{
	unsigned int len = 0;

	if (pthread_once(&digest_once, fetch) != 0 || digest == NULL ||
	    EVP_Digest(in.data, in.len, out, &len, digest, NULL) != 1 ||
	    len != SHA256_LEN)
		return crypto_error("SHA-256");
	return 0;
}
