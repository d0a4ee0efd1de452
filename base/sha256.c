#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/crypto_error.h"

int
sha256(uint8_t out[SHA256_LEN], struct bytes in)
{
	unsigned int len = 0;

	if (EVP_Digest(in.data, in.len, out, &len, EVP_sha256(), NULL) != 1 ||
	    len != SHA256_LEN)
		return crypto_error("SHA-256");
	return 0;
}
