#include "tls/spake2p_protocol.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "base/domain.h"
#include "tls/conn.h"
#include "tls/ossl.h"

#define SCRYPT_N 32768
#define SCRYPT_R 8
#define SCRYPT_P 1
#define SCRYPT_MAX_BYTES ((uint64_t)64 * 1024 * 1024)

/* [RFC9383 3.2] Each half of scrypt's output is 64 bits longer than the order,
 * so that the reduction leaves no bias worth knowing. */
#define HALF_LEN 40

#define INPUT_MAX                                                              \
	(3 * 8 + SPAKE2P_PASSWORD_MAX + PAKE_IDENTITY_MAX + DOMAIN_MAX)

struct input {
	uint8_t data[INPUT_MAX];
	size_t len;
};

/* Each part behind its length, 8 bytes little-endian. */
static void
input_add(struct input *in, const void *data, size_t len)
{
	for (int i = 0; i < 8; i++)
		in->data[in->len++] = (uint8_t)((uint64_t)len >> 8 * i);
	memcpy(in->data + in->len, data, len);
	in->len += len;
}

static bool
reduce(uint8_t out[SPAKE2P_SCALAR_LEN], const uint8_t half[HALF_LEN],
    const BIGNUM *order)
{
	BN_CTX *bn CLEANUP(BN_CTX_free_p) = BN_CTX_secure_new();
	BIGNUM *w CLEANUP(BN_clear_free_p) = BN_secure_new();

	if (bn == NULL || w == NULL || BN_bin2bn(half, HALF_LEN, w) == NULL)
		return false;
	BN_set_flags(w, BN_FLG_CONSTTIME);
	return BN_nnmod(w, w, order, bn) == 1 && !BN_is_zero(w) &&
	       BN_bn2binpad(w, out, SPAKE2P_SCALAR_LEN) == SPAKE2P_SCALAR_LEN;
}

static int
derive_secret(struct spake2p_secret *out, const struct input *in)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	static const uint8_t no_salt[1];
	uint8_t w[2 * HALF_LEN];
	bool ok;

	ok = group != NULL &&
	     EVP_PBE_scrypt((const char *)in->data, in->len, no_salt, 0,
		 SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_MAX_BYTES, w,
		 sizeof(w)) == 1 &&
	     reduce(out->w0, w, EC_GROUP_get0_order(group)) &&
	     reduce(out->w1, w + HALF_LEN, EC_GROUP_get0_order(group));
	EC_GROUP_free(group);
	OPENSSL_cleanse(w, sizeof(w));
	if (ok)
		return 0;
	ERR_clear_error();
	return -ERR_CRYPTO;
}

static int
derive_verifier(struct verifier *out, const struct spake2p_secret *secret)
{
	struct spake2p_suite *suite;
	int err = spake2p_suite_new(&suite);

	if (err != 0)
		return err;
	err = spake2p_verifier_derive(out, suite, secret);
	spake2p_suite_free(suite);
	return err;
}

int
spake2p_register(struct verifier *verifier, struct spake2p_secret *secret,
    struct bytes password, const char *client_identity,
    const char *server_identity)
{
	size_t client_len = strlen(client_identity);
	size_t server_len = strlen(server_identity);
	struct spake2p_secret s;
	struct input in = {.len = 0};
	int err;

	if (password.len == 0)
		return -ERR_INVALID;
	if (password.len > SPAKE2P_PASSWORD_MAX ||
	    client_len > PAKE_IDENTITY_MAX || server_len > DOMAIN_MAX)
		return -ERR_TOO_LARGE;
	input_add(&in, password.data, password.len);
	input_add(&in, client_identity, client_len);
	input_add(&in, server_identity, server_len);
	err = derive_secret(&s, &in);
	if (err == 0 && verifier != NULL)
		err = derive_verifier(verifier, &s);
	if (err == 0 && secret != NULL)
		*secret = s;
	OPENSSL_cleanse(&in, sizeof(in));
	OPENSSL_cleanse(&s, sizeof(s));
	return err;
}
