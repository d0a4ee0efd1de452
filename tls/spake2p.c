#include "tls/spake2p.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include "tls/ossl.h"
#include "tls/spake2p_protocol.h"

/* [RFC9383 4] The points M and N for P-256, compressed. */
static const uint8_t point_m[33] = {0x02, 0x88, 0x6e, 0x2f, 0x97, 0xac, 0xe4,
    0x6e, 0x55, 0xba, 0x9d, 0xd7, 0x24, 0x25, 0x79, 0xf2, 0x99, 0x3b, 0x64,
    0xe1, 0x6e, 0xf3, 0xdc, 0xab, 0x95, 0xaf, 0xd4, 0x97, 0x33, 0x3d, 0x8f,
    0xa1, 0x2f};
static const uint8_t point_n[33] = {0x03, 0xd8, 0xbb, 0xd6, 0xc6, 0x39, 0xc6,
    0x29, 0x37, 0xb0, 0x4d, 0x99, 0x7f, 0x38, 0xc3, 0x77, 0x07, 0x19, 0xc6,
    0x29, 0xd7, 0x01, 0x4d, 0x49, 0xa2, 0x4b, 0x4f, 0x98, 0xba, 0xa1, 0x29,
    0x2b, 0x49};

struct spake2p_suite {
	EC_GROUP *group;
	EC_POINT *m, *n;
	uint8_t m_encoded[SPAKE2P_POINT_LEN], n_encoded[SPAKE2P_POINT_LEN];
	EVP_MD *sha256;
	EVP_KDF *hkdf;
};

static bool
point_encode(uint8_t out[SPAKE2P_POINT_LEN], const struct spake2p_suite *suite,
    const EC_POINT *point, BN_CTX *bn)
{
	return EC_POINT_point2oct(suite->group, point,
		   POINT_CONVERSION_UNCOMPRESSED, out, SPAKE2P_POINT_LEN,
		   bn) == SPAKE2P_POINT_LEN;
}

/* NULL unless in is a valid uncompressed point; the identity has no encoding of
 * this form. */
static EC_POINT *
point_decode(const struct spake2p_suite *suite,
    const uint8_t in[SPAKE2P_POINT_LEN], BN_CTX *bn)
{
	EC_POINT *point CLEANUP(EC_POINT_clear_free_p) =
	    EC_POINT_new(suite->group);

	if (point == NULL || in[0] != POINT_CONVERSION_UNCOMPRESSED ||
	    EC_POINT_oct2point(
		suite->group, point, in, SPAKE2P_POINT_LEN, bn) != 1 ||
	    EC_POINT_is_on_curve(suite->group, point, bn) != 1)
		return NULL;
	return STEAL(point);
}

static BIGNUM *
scalar_decode(const uint8_t in[SPAKE2P_SCALAR_LEN])
{
	BIGNUM *scalar = BN_secure_new();

	if (scalar == NULL ||
	    BN_bin2bn(in, SPAKE2P_SCALAR_LEN, scalar) == NULL) {
		BN_clear_free(scalar);
		return NULL;
	}
	BN_set_flags(scalar, BN_FLG_CONSTTIME);
	return scalar;
}

/* scalar * point, or scalar * generator for NULL. One scalar a call: only that
 * form takes the constant-time path, the two-scalar form may not. */
static EC_POINT *
multiply(const struct spake2p_suite *suite, const EC_POINT *point,
    const BIGNUM *scalar, BN_CTX *bn)
{
	EC_POINT *r = EC_POINT_new(suite->group);
	int ok = 0;

	if (r != NULL && scalar != NULL)
		ok = point == NULL
			 ? EC_POINT_mul(suite->group, r, scalar, NULL, NULL, bn)
			 : EC_POINT_mul(
			       suite->group, r, NULL, point, scalar, bn);
	if (ok == 1)
		return r;
	EC_POINT_clear_free(r);
	return NULL;
}

static bool
multiply_encode(uint8_t out[SPAKE2P_POINT_LEN],
    const struct spake2p_suite *suite, const EC_POINT *point,
    const BIGNUM *scalar, BN_CTX *bn)
{
	EC_POINT *r CLEANUP(EC_POINT_clear_free_p) =
	    multiply(suite, point, scalar, bn);

	return r != NULL && point_encode(out, suite, r, bn);
}

/* point -= mask; false also when nothing but the identity is left. */
static bool
unmask(const struct spake2p_suite *suite, EC_POINT *point, EC_POINT *mask,
    BN_CTX *bn)
{
	return EC_POINT_invert(suite->group, mask, bn) == 1 &&
	       EC_POINT_add(suite->group, point, point, mask, bn) == 1 &&
	       EC_POINT_is_at_infinity(suite->group, point) == 0;
}

/* A failure of the library, whose error queue is of no use to anybody. */
static int
crypto_failed(void)
{
	ERR_clear_error();
	return -ERR_CRYPTO;
}

static int
share_refused(void)
{
	ERR_clear_error();
	return -ERR_REFUSED;
}

int
spake2p_suite_new(struct spake2p_suite **out)
{
	BN_CTX *bn CLEANUP(BN_CTX_free_p) = BN_CTX_new();
	struct spake2p_suite *suite = calloc(1, sizeof(*suite));

	if (suite == NULL || bn == NULL) {
		free(suite);
		return -ERR_NOMEM;
	}
	suite->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	suite->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	suite->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	if (suite->group != NULL) {
		suite->m = EC_POINT_new(suite->group);
		suite->n = EC_POINT_new(suite->group);
	}
	if (suite->m == NULL || suite->n == NULL || suite->sha256 == NULL ||
	    suite->hkdf == NULL ||
	    EC_POINT_oct2point(
		suite->group, suite->m, point_m, sizeof(point_m), bn) != 1 ||
	    EC_POINT_oct2point(
		suite->group, suite->n, point_n, sizeof(point_n), bn) != 1 ||
	    !point_encode(suite->m_encoded, suite, suite->m, bn) ||
	    !point_encode(suite->n_encoded, suite, suite->n, bn)) {
		spake2p_suite_free(suite);
		return crypto_failed();
	}
	*out = suite;
	return 0;
}

void
spake2p_suite_free(struct spake2p_suite *suite)
{
	if (suite == NULL)
		return;
	EC_POINT_free(suite->m);
	EC_POINT_free(suite->n);
	EC_GROUP_free(suite->group);
	EVP_MD_free(suite->sha256);
	EVP_KDF_free(suite->hkdf);
	free(suite);
}

int
spake2p_scalar_random(
    const struct spake2p_suite *suite, uint8_t out[SPAKE2P_SCALAR_LEN])
{
	BIGNUM *r CLEANUP(BN_clear_free_p) = BN_secure_new();

	if (r == NULL)
		return -ERR_NOMEM;
	do {
		if (BN_priv_rand_range(r, EC_GROUP_get0_order(suite->group)) !=
		    1)
			return crypto_failed();
	} while (BN_is_zero(r));
	if (BN_bn2binpad(r, out, SPAKE2P_SCALAR_LEN) != SPAKE2P_SCALAR_LEN)
		return crypto_failed();
	return 0;
}

int
spake2p_verifier_derive(struct verifier *out, const struct spake2p_suite *suite,
    const struct spake2p_secret *secret)
{
	BN_CTX *bn CLEANUP(BN_CTX_free_p) = BN_CTX_secure_new();
	BIGNUM *w0 CLEANUP(BN_clear_free_p) = scalar_decode(secret->w0);
	BIGNUM *w1 CLEANUP(BN_clear_free_p) = scalar_decode(secret->w1);
	struct verifier v;
	int err = 0;

	memcpy(v.w0, secret->w0, sizeof(v.w0));
	if (bn == NULL || !multiply_encode(v.l, suite, NULL, w1, bn) ||
	    !multiply_encode(v.w0m, suite, suite->m, w0, bn) ||
	    !multiply_encode(v.w0n, suite, suite->n, w0, bn))
		err = crypto_failed();
	else
		*out = v;
	OPENSSL_cleanse(&v, sizeof(v));
	return err;
}

int
spake2p_share_check(
    const struct spake2p_suite *suite, const uint8_t share[SPAKE2P_POINT_LEN])
{
	EC_POINT *point CLEANUP(EC_POINT_clear_free_p) =
	    point_decode(suite, share, NULL);

	return point != NULL ? 0 : share_refused();
}

static void
put_len64le(uint8_t out[8], size_t len)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)((uint64_t)len >> 8 * i);
}

static bool
transcript_add(EVP_MD_CTX *md, const void *data, size_t len)
{
	uint8_t prefix[8];

	put_len64le(prefix, len);
	return EVP_DigestUpdate(md, prefix, sizeof(prefix)) == 1 &&
	       EVP_DigestUpdate(md, data, len) == 1;
}

/* The points of one run, in the order of the transcript. */
struct run_points {
	const uint8_t *share_p, *share_v;
	uint8_t z[SPAKE2P_POINT_LEN], v[SPAKE2P_POINT_LEN];
};

/* [RFC9383 3.3] K_main = Hash(TT). */
static bool
main_key(uint8_t out[32], const struct spake2p_suite *suite,
    const struct spake2p_names *names, const struct run_points *points,
    const uint8_t w0[SPAKE2P_SCALAR_LEN])
{
	EVP_MD_CTX *md CLEANUP(EVP_MD_CTX_free_p) = EVP_MD_CTX_new();
	const struct {
		const void *data;
		size_t len;
	} parts[] = {
	    {names->context.data, names->context.len},
	    {names->prover.data, names->prover.len},
	    {names->verifier.data, names->verifier.len},
	    {suite->m_encoded, SPAKE2P_POINT_LEN},
	    {suite->n_encoded, SPAKE2P_POINT_LEN},
	    {points->share_p, SPAKE2P_POINT_LEN},
	    {points->share_v, SPAKE2P_POINT_LEN},
	    {points->z, SPAKE2P_POINT_LEN},
	    {points->v, SPAKE2P_POINT_LEN},
	    {w0, SPAKE2P_SCALAR_LEN},
	};

	if (md == NULL || EVP_DigestInit_ex(md, suite->sha256, NULL) != 1)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (!transcript_add(md, parts[i].data, parts[i].len))
			return false;
	return EVP_DigestFinal_ex(md, out, NULL) == 1;
}

static bool
hkdf(uint8_t *out, size_t len, const struct spake2p_suite *suite,
    uint8_t key[32], const char *info)
{
	EVP_KDF_CTX *kdf CLEANUP(EVP_KDF_CTX_free_p) =
	    EVP_KDF_CTX_new(suite->hkdf);
	char digest[] = "SHA256", label[32];
	size_t label_len = strlen(info);
	OSSL_PARAM params[4];

	memcpy(label, info, label_len);
	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	params[1] =
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key, 32);
	params[2] = OSSL_PARAM_construct_octet_string(
	    OSSL_KDF_PARAM_INFO, label, label_len);
	params[3] = OSSL_PARAM_construct_end();
	return kdf != NULL && EVP_KDF_derive(kdf, out, len, params) == 1;
}

/* [RFC9383 3.4] The key schedule. */
static int
derive_keys(struct spake2p_keys *out, const struct spake2p_suite *suite,
    const struct spake2p_names *names, const struct run_points *points,
    const uint8_t w0[SPAKE2P_SCALAR_LEN])
{
	uint8_t k_main[32], k_confirm[64];
	bool ok;

	ok = main_key(k_main, suite, names, points, w0) &&
	     hkdf(k_confirm, 64, suite, k_main, "ConfirmationKeys") &&
	     hkdf(out->shared, SPAKE2P_KEY_LEN, suite, k_main, "SharedKey") &&
	     HMAC(suite->sha256, k_confirm, 32, points->share_v,
		 SPAKE2P_POINT_LEN, out->confirm_p, NULL) != NULL &&
	     HMAC(suite->sha256, k_confirm + 32, 32, points->share_p,
		 SPAKE2P_POINT_LEN, out->confirm_v, NULL) != NULL;
	OPENSSL_cleanse(k_main, sizeof(k_main));
	OPENSSL_cleanse(k_confirm, sizeof(k_confirm));
	return ok ? 0 : crypto_failed();
}

int
spake2p_prover_share(uint8_t share_p[SPAKE2P_POINT_LEN],
    const struct spake2p_suite *suite, const struct spake2p_secret *secret,
    const uint8_t x[SPAKE2P_SCALAR_LEN])
{
	BN_CTX *bn CLEANUP(BN_CTX_free_p) = BN_CTX_secure_new();
	BIGNUM *w0 CLEANUP(BN_clear_free_p) = scalar_decode(secret->w0);
	BIGNUM *scalar CLEANUP(BN_clear_free_p) = scalar_decode(x);
	EC_POINT *share CLEANUP(EC_POINT_clear_free_p) = NULL;
	EC_POINT *mask CLEANUP(EC_POINT_clear_free_p) = NULL;

	if (bn == NULL)
		return -ERR_NOMEM;
	share = multiply(suite, NULL, scalar, bn);
	mask = multiply(suite, suite->m, w0, bn);
	if (share == NULL || mask == NULL ||
	    EC_POINT_add(suite->group, share, share, mask, bn) != 1 ||
	    !point_encode(share_p, suite, share, bn))
		return crypto_failed();
	return 0;
}

int
spake2p_prover_finish(struct spake2p_keys *out,
    const struct spake2p_suite *suite, const struct spake2p_names *names,
    const struct spake2p_secret *secret, const uint8_t x[SPAKE2P_SCALAR_LEN],
    const uint8_t share_p[SPAKE2P_POINT_LEN],
    const uint8_t share_v[SPAKE2P_POINT_LEN])
{
	BN_CTX *bn CLEANUP(BN_CTX_free_p) = BN_CTX_secure_new();
	BIGNUM *w0 CLEANUP(BN_clear_free_p) = scalar_decode(secret->w0);
	BIGNUM *w1 CLEANUP(BN_clear_free_p) = scalar_decode(secret->w1);
	BIGNUM *scalar CLEANUP(BN_clear_free_p) = scalar_decode(x);
	EC_POINT *share CLEANUP(EC_POINT_clear_free_p) = NULL;
	EC_POINT *mask CLEANUP(EC_POINT_clear_free_p) = NULL;
	struct run_points points = {.share_p = share_p, .share_v = share_v};
	int err;

	if (bn == NULL)
		return -ERR_NOMEM;
	share = point_decode(suite, share_v, bn);
	mask = multiply(suite, suite->n, w0, bn);
	if (mask == NULL)
		return crypto_failed();
	if (share == NULL || !unmask(suite, share, mask, bn))
		return share_refused();
	if (!multiply_encode(points.z, suite, share, scalar, bn) ||
	    !multiply_encode(points.v, suite, share, w1, bn))
		err = crypto_failed();
	else
		err = derive_keys(out, suite, names, &points, secret->w0);
	OPENSSL_cleanse(&points, sizeof(points));
	return err;
}

/* yP + w0N: shareV. */
static bool
verifier_share(uint8_t share_v[SPAKE2P_POINT_LEN],
    const struct spake2p_suite *suite, const EC_POINT *w0n, const BIGNUM *y,
    BN_CTX *bn)
{
	EC_POINT *share CLEANUP(EC_POINT_clear_free_p) =
	    multiply(suite, NULL, y, bn);

	return share != NULL &&
	       EC_POINT_add(suite->group, share, share, w0n, bn) == 1 &&
	       point_encode(share_v, suite, share, bn);
}

int
spake2p_verifier_respond(uint8_t share_v[SPAKE2P_POINT_LEN],
    struct spake2p_keys *out, const struct spake2p_suite *suite,
    const struct spake2p_names *names, const struct verifier *record,
    const uint8_t share_p[SPAKE2P_POINT_LEN],
    const uint8_t y[SPAKE2P_SCALAR_LEN])
{
	BN_CTX *bn CLEANUP(BN_CTX_free_p) = BN_CTX_secure_new();
	BIGNUM *scalar CLEANUP(BN_clear_free_p) = scalar_decode(y);
	EC_POINT *share CLEANUP(EC_POINT_clear_free_p) = NULL;
	EC_POINT *l CLEANUP(EC_POINT_clear_free_p) = NULL;
	EC_POINT *w0m CLEANUP(EC_POINT_clear_free_p) = NULL;
	EC_POINT *w0n CLEANUP(EC_POINT_clear_free_p) = NULL;
	struct run_points points = {.share_p = share_p, .share_v = share_v};
	int err;

	if (bn == NULL)
		return -ERR_NOMEM;
	share = point_decode(suite, share_p, bn);
	l = point_decode(suite, record->l, bn);
	w0m = point_decode(suite, record->w0m, bn);
	w0n = point_decode(suite, record->w0n, bn);
	if (l == NULL || w0m == NULL || w0n == NULL)
		return crypto_failed();
	if (share == NULL || !unmask(suite, share, w0m, bn))
		return share_refused();
	if (!verifier_share(share_v, suite, w0n, scalar, bn) ||
	    !multiply_encode(points.z, suite, share, scalar, bn) ||
	    !multiply_encode(points.v, suite, l, scalar, bn))
		err = crypto_failed();
	else
		err = derive_keys(out, suite, names, &points, record->w0);
	OPENSSL_cleanse(&points, sizeof(points));
	return err;
}
