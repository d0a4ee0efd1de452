#include "ca/csr_openssl.h"

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "ca/openssl_util.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
/* FIPS 186-5 A.1.1: 2^16 < e < 2^256 */
#define RSA_EXPONENT_BITS_MIN 17
#define RSA_EXPONENT_BITS_MAX 256
#define POINT_UNCOMPRESSED 0x04

static int
check_ec(int param_type, const void *param, const uint8_t *point, int len,
    struct reason *why)
{
	char text[80];
	const char *name;

	/* [RFC5480 2.1.1] implicitCurve and specifiedCurve MUST NOT be used */
	if (param_type != V_ASN1_OBJECT)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 5480 2.1.1: EC key without a named curve");
	name = oid_text(text, sizeof(text), param);
	switch (OBJ_obj2nid(param)) {
	case NID_X9_62_prime256v1:
	case NID_secp384r1:
		break;
	default:
		return reason_set(why, -ERR_REFUSED,
		    "EC key on curve %s: only P-256 and P-384 are accepted",
		    name);
	}
	/* TLS 1.3 peers know no other form (RFC 8446 4.2.8.2). */
	if (len < 1 || point[0] != POINT_UNCOMPRESSED)
		return reason_set(
		    why, -ERR_REFUSED, "EC key is not an uncompressed point");
	return 0;
}

static int
check_rsa(EVP_PKEY *pkey, struct reason *why)
{
	int bits = EVP_PKEY_get_bits(pkey), e_bits;
	BIGNUM *e = NULL;
	bool odd;

	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return reason_set(why, -ERR_REFUSED,
		    "RSA key of %d bits: only %d to %d are accepted", bits,
		    RSA_BITS_MIN, RSA_BITS_MAX);
	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) != 1)
		return crypto_failed(why, "read RSA exponent");
	e_bits = BN_num_bits(e);
	odd = BN_is_odd(e) == 1;
	BN_free(e);
	if (!odd || e_bits < RSA_EXPONENT_BITS_MIN ||
	    e_bits > RSA_EXPONENT_BITS_MAX)
		return reason_set(why, -ERR_REFUSED,
		    "RSA public exponent is weak: it must be odd, above 65536 "
		    "and below 2^%d",
		    RSA_EXPONENT_BITS_MAX);
	return 0;
}

static int
check_algorithm(X509_PUBKEY *key, bool *is_rsa, struct reason *why)
{
	ASN1_OBJECT *oid;
	X509_ALGOR *algorithm;
	const uint8_t *bits;
	const void *param;
	int len, param_type;
	char text[80];

	if (X509_PUBKEY_get0_param(&oid, &bits, &len, &algorithm, key) != 1)
		return crypto_failed(why, "read public key");
	X509_ALGOR_get0(NULL, &param_type, &param, algorithm);
	*is_rsa = false;
	switch (OBJ_obj2nid(oid)) {
	case NID_X9_62_id_ecPublicKey:
		return check_ec(param_type, param, bits, len, why);
	case NID_ED25519:
		if (param_type != V_ASN1_UNDEF)
			break;
		return 0;
	case NID_rsaEncryption:
		if (param_type != V_ASN1_NULL)
			break;
		*is_rsa = true;
		return 0;
	default:
		return reason_set(why, -ERR_REFUSED,
		    "%s key: only EC, Ed25519 and RSA keys are accepted",
		    oid_text(text, sizeof(text), oid));
	}
	return reason_set(why, -ERR_INVALID, "%s key with odd parameters",
	    oid_text(text, sizeof(text), oid));
}

int
csr_key_check(X509_PUBKEY *key, struct reason *why)
{
	bool is_rsa;
	EVP_PKEY *pkey;
	int err = check_algorithm(key, &is_rsa, why);

	if (err != 0)
		return err;
	pkey = X509_PUBKEY_get0(key);
	if (pkey == NULL) {
		ERR_clear_error();
		return reason_set(why, -ERR_INVALID, "public key is malformed");
	}
	return is_rsa ? check_rsa(pkey, why) : 0;
}
