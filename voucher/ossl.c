#include "voucher/ossl.h"

#include <openssl/err.h>

#include "base/log.h"

#define SECURITY_BITS_MIN 112
#define RSA_BITS_MAX 8192

int
voucher_crypto_failed(struct reason *why, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	char text[256] = "no detail", quoted[288];

	if (code != 0)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	log_error("crypto library failure", "what=%s detail=%s", what,
	    log_quote(quoted, sizeof(quoted), text));
	return reason_set(why, -ERR_CRYPTO, "internal failure: %s", what);
}

int
voucher_x509_parse(X509 **out, struct bytes der)
{
	X509 *cert CLEANUP(X509_free_p) = NULL;
	const uint8_t *p = der.data;

	if (der.len > VOUCHER_MAX_BYTES)
		return -ERR_TOO_LARGE;
	cert = d2i_X509(NULL, &p, (long)der.len);
	if (cert == NULL || p != der.data + der.len) {
		ERR_clear_error();
		return -ERR_INVALID;
	}
	*out = STEAL(cert);
	return 0;
}

int
voucher_x509_check(struct bytes der)
{
	X509 *cert CLEANUP(X509_free_p) = NULL;

	return voucher_x509_parse(&cert, der);
}

bool
voucher_key_is_usable(EVP_PKEY *key)
{
	char group[64];

	if (EVP_PKEY_get_security_bits(key) < SECURITY_BITS_MIN)
		return false;
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_EC:
		return EVP_PKEY_get_group_name(
			   key, group, sizeof(group), NULL) == 1;
	case EVP_PKEY_RSA:
		return EVP_PKEY_get_bits(key) <= RSA_BITS_MAX;
	case EVP_PKEY_ED25519:
		return true;
	}
	return false;
}

int
voucher_x509_to_der(struct blob *out, const X509 *cert)
{
	uint8_t *data = NULL;
	int len = i2d_X509(cert, &data);
	int err;

	if (len <= 0)
		return voucher_crypto_failed(NULL, "encode certificate");
	err = blob_copy(out, (struct bytes){data, (size_t)len});
	OPENSSL_free(data);
	return err;
}
