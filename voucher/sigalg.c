#include "voucher/sigalg.h"

#include <string.h>

#include <openssl/err.h>

#define COORDINATE_MAX 66 /* P-521 */

static const struct sigalg sigalgs[] = {
    {"ES256", -7, EVP_PKEY_EC, NID_X9_62_prime256v1, "SHA256"},
    {"ES384", -35, EVP_PKEY_EC, NID_secp384r1, "SHA384"},
    {"ES512", -36, EVP_PKEY_EC, NID_secp521r1, "SHA512"},
    {"EdDSA", -8, EVP_PKEY_ED25519, 0, NULL},
    {"RS256", -257, EVP_PKEY_RSA, 0, "SHA256"},
};

const struct sigalg *
sigalg_by_jose(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(sigalgs); i++)
		if (strcmp(sigalgs[i].jose, name) == 0)
			return &sigalgs[i];
	return NULL;
}

const struct sigalg *
sigalg_by_cose(int64_t id)
{
	for (size_t i = 0; i < ARRAY_LEN(sigalgs); i++)
		if (sigalgs[i].cose == id)
			return &sigalgs[i];
	return NULL;
}

static int
curve_of(EVP_PKEY *key)
{
	char name[64];

	if (EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) != 1)
		return NID_undef;
	return OBJ_txt2nid(name);
}

static bool
fits(const struct sigalg *alg, EVP_PKEY *key)
{
	return EVP_PKEY_get_base_id(key) == alg->key_type &&
	       voucher_key_is_usable(key) &&
	       (alg->curve == 0 || curve_of(key) == alg->curve);
}

const struct sigalg *
sigalg_of_key(EVP_PKEY *key)
{
	for (size_t i = 0; i < ARRAY_LEN(sigalgs); i++)
		if (fits(&sigalgs[i], key))
			return &sigalgs[i];
	return NULL;
}

static size_t
coordinate_len(const EVP_PKEY *key)
{
	return ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
}

/* --- out --- */

static int
der_to_raw(struct blob *out, struct bytes der, size_t len)
{
	ECDSA_SIG *sig CLEANUP(ECDSA_SIG_free_p) = NULL;
	const uint8_t *p = der.data;
	uint8_t raw[2 * COORDINATE_MAX];

	sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
	if (sig == NULL || len > COORDINATE_MAX ||
	    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, (int)len) < 0 ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + len, (int)len) < 0)
		return voucher_crypto_failed(NULL, "ECDSA signature");
	return blob_copy(out, (struct bytes){raw, 2 * len});
}

int
sigalg_sign(struct blob *out, const struct sigalg *alg, EVP_PKEY *key,
    struct bytes data)
{
	EVP_MD_CTX *ctx CLEANUP(EVP_MD_CTX_free_p) = EVP_MD_CTX_new();
	AUTOFREE uint8_t *sig = NULL;
	size_t len = 0;

	if (ctx == NULL ||
	    EVP_DigestSignInit_ex(
		ctx, NULL, alg->digest, NULL, NULL, key, NULL) != 1 ||
	    EVP_DigestSign(ctx, NULL, &len, data.data, data.len) != 1)
		return voucher_crypto_failed(NULL, "sign");
	sig = malloc(len);
	if (sig == NULL)
		return -ERR_NOMEM;
	if (EVP_DigestSign(ctx, sig, &len, data.data, data.len) != 1)
		return voucher_crypto_failed(NULL, "sign");
	if (alg->key_type == EVP_PKEY_EC)
		return der_to_raw(
		    out, (struct bytes){sig, len}, coordinate_len(key));
	return blob_copy(out, (struct bytes){sig, len});
}

/* --- in --- */

/* The caller frees it by OPENSSL_free(). 0 on failure. */
static size_t
raw_to_der(uint8_t **out, struct bytes raw, size_t len)
{
	ECDSA_SIG *sig CLEANUP(ECDSA_SIG_free_p) = ECDSA_SIG_new();
	BIGNUM *r, *s;
	int n;

	if (sig == NULL || raw.len != 2 * len)
		return 0;
	r = BN_bin2bn(raw.data, (int)len, NULL);
	s = BN_bin2bn(raw.data + len, (int)len, NULL);
	if (r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
		return 0;
	}
	n = i2d_ECDSA_SIG(sig, out);
	return n > 0 ? (size_t)n : 0;
}

static bool
verify(const struct sigalg *alg, EVP_PKEY *key, struct bytes data,
    struct bytes signature)
{
	EVP_MD_CTX *ctx CLEANUP(EVP_MD_CTX_free_p) = EVP_MD_CTX_new();

	return ctx != NULL &&
	       EVP_DigestVerifyInit_ex(
		   ctx, NULL, alg->digest, NULL, NULL, key, NULL) == 1 &&
	       EVP_DigestVerify(ctx, signature.data, signature.len, data.data,
		   data.len) == 1;
}

bool
sigalg_verify(const struct sigalg *alg, EVP_PKEY *key, struct bytes data,
    struct bytes signature)
{
	uint8_t *der = NULL;
	bool good;

	if (!fits(alg, key))
		return false;
	if (alg->key_type != EVP_PKEY_EC) {
		good = verify(alg, key, data, signature);
	} else {
		size_t len = raw_to_der(&der, signature, coordinate_len(key));

		good = len != 0 &&
		       verify(alg, key, data, (struct bytes){der, len});
	}
	OPENSSL_free(der);
	ERR_clear_error();
	return good;
}
