#include "tls/srp.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/hmac.h>

#include "base/random.h"
#include "base/str.h"
#include "tls/ossl.h"
#include "tls/srp_internal.h"
#include "tls/wire.h"

#define SALT_LABEL "srp salt"
#define SHA1_LEN 20
#define SHA256_LEN 32
#define PASSWORD_MAX 64

int
srp_user_parse(struct bytes *user, struct bytes body)
{
	struct bytes name;

	if (!wire_get_vector8(&name, &body) || body.len != 0 || name.len == 0 ||
	    memchr(name.data, '\0', name.len) != NULL)
		return -ERR_INVALID;
	*user = name;
	return 0;
}

bool
srp_suite_offered(struct bytes suites)
{
	uint16_t suite;

	while (wire_get_u16(&suite, &suites))
		if (suite == SRP_AES_256_CBC_SHA ||
		    suite == SRP_AES_128_CBC_SHA)
			return true;
	return false;
}

int
srp_salt(uint8_t out[SRP_SALT_LEN], const uint8_t seed[SRP_SEED_LEN],
    struct bytes user)
{
	uint8_t text[sizeof(SALT_LABEL) - 1 + SRP_USER_MAX], mac[SHA256_LEN];
	size_t label_len = sizeof(SALT_LABEL) - 1;
	unsigned int len = 0;

	if (user.len > SRP_USER_MAX)
		return -ERR_TOO_LARGE;
	memcpy(text, SALT_LABEL, label_len);
	memcpy(text + label_len, user.data, user.len);
	if (HMAC(EVP_sha256(), seed, SRP_SEED_LEN, text, label_len + user.len,
		mac, &len) == NULL ||
	    len != sizeof(mac))
		return ossl_failed(NULL, "");
	memcpy(out, mac, SRP_SALT_LEN);
	return 0;
}

BIGNUM *
srp_group_modulus(void)
{
	/* [RFC5054 A] The 3072-bit group's is that of RFC 3526. */
	return BN_get_rfc3526_prime_3072(NULL);
}

/* x = SHA1(salt | SHA1(user | ":" | password)) */
static int
private_key(BIGNUM **out, const uint8_t salt[SRP_SALT_LEN], const char *user,
    const char *password)
{
	char text[SRP_USER_MAX + PASSWORD_MAX + 2];
	uint8_t salted[SRP_SALT_LEN + SHA1_LEN], x[SHA1_LEN];
	int err = str_format(text, sizeof(text), "%s:%s", user, password);

	memcpy(salted, salt, SRP_SALT_LEN);
	if (err == 0 && (EVP_Digest(text, strlen(text), salted + SRP_SALT_LEN,
			     NULL, EVP_sha1(), NULL) != 1 ||
			    EVP_Digest(salted, sizeof(salted), x, NULL,
				EVP_sha1(), NULL) != 1 ||
			    (*out = BN_bin2bn(x, sizeof(x), NULL)) == NULL))
		err = ossl_failed(NULL, "");
	OPENSSL_cleanse(text, sizeof(text));
	OPENSSL_cleanse(salted, sizeof(salted));
	OPENSSL_cleanse(x, sizeof(x));
	return err;
}

/* v = g^x mod N */
static int
make_verifier(struct srp_verifier *out, BIGNUM *x)
{
	BIGNUM *n CLEANUP(BN_clear_free_p) = srp_group_modulus();
	BIGNUM *g CLEANUP(BN_clear_free_p) = BN_new();
	BIGNUM *v CLEANUP(BN_clear_free_p) = BN_new();
	BN_CTX *ctx CLEANUP(BN_CTX_free_p) = BN_CTX_new();

	BN_set_flags(x, BN_FLG_CONSTTIME);
	if (n == NULL || g == NULL || v == NULL || ctx == NULL ||
	    BN_set_word(g, SRP_GROUP_GENERATOR) != 1 ||
	    BN_mod_exp(v, g, x, n, ctx) != 1 ||
	    BN_bn2binpad(v, out->v, sizeof(out->v)) != (int)sizeof(out->v))
		return ossl_failed(NULL, "");
	return 0;
}

int
srp_register(struct srp_verifier *out, const uint8_t seed[SRP_SEED_LEN],
    const char *user, const char *password)
{
	const struct bytes name = {(const uint8_t *)user, strlen(user)};
	BIGNUM *x CLEANUP(BN_clear_free_p) = NULL;
	uint8_t salt[SRP_SALT_LEN];
	int err = srp_salt(salt, seed, name);

	if (err == 0)
		err = private_key(&x, salt, user, password);
	return err == 0 ? make_verifier(out, x) : err;
}

int
srp_register_dummy(struct srp_verifier *out, const uint8_t seed[SRP_SEED_LEN])
{
	uint8_t secret[16];
	char password[2 * sizeof(secret) + 1];
	int err;

	random_bytes(secret, sizeof(secret));
	hex_encode(password, (struct bytes){secret, sizeof(secret)});
	err = srp_register(out, seed, "", password);
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(password, sizeof(password));
	return err;
}
