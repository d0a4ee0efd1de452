#include "tls/password.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

bool
verifier_equal(const struct verifier *a, const struct verifier *b)
{
	int w0 = CRYPTO_memcmp(a->w0, b->w0, sizeof(a->w0));
	int l = CRYPTO_memcmp(a->l, b->l, sizeof(a->l));

	return (w0 | l) == 0;
}

int
password_mac(uint8_t out[PASSWORD_MAC_LEN], const uint8_t key[PASSWORD_MAC_LEN],
    const char *user, const char *password)
{
	size_t user_len = strlen(user), password_len = strlen(password);
	uint8_t text[PASSWORD_MAC_INPUT_MAX];
	unsigned int len = 0;
	bool ok;

	if (user_len + 1 + password_len > sizeof(text))
		return -ERR_TOO_LARGE;
	/* The user with its NUL: no other pair reads the same. */
	memcpy(text, user, user_len + 1);
	memcpy(text + user_len + 1, password, password_len);
	ok = HMAC(EVP_sha256(), key, PASSWORD_MAC_LEN, text,
		 user_len + 1 + password_len, out, &len) != NULL &&
	     len == PASSWORD_MAC_LEN;
	OPENSSL_cleanse(text, sizeof(text));
	if (ok)
		return 0;
	ERR_clear_error();
	return -ERR_CRYPTO;
}

bool
password_mac_equal(
    const uint8_t a[PASSWORD_MAC_LEN], const uint8_t b[PASSWORD_MAC_LEN])
{
	return CRYPTO_memcmp(a, b, PASSWORD_MAC_LEN) == 0;
}
