#include "ca/digest.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

void
digest_sha256(uint8_t out[DIGEST_LEN], struct bytes data)
{
	SHA256(data.data, data.len, out);
}

bool
digest_equal(const uint8_t a[DIGEST_LEN], const uint8_t b[DIGEST_LEN])
{
	return CRYPTO_memcmp(a, b, DIGEST_LEN) == 0;
}
