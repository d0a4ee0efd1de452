#include "base/seal.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "base/crypto_error.h"
#include "base/random.h"

#define VERSION 1
#define NONCE_LEN 12
#define TAG_LEN 16
#define HEAD_LEN (1 + NONCE_LEN)

struct seal {
	EVP_CIPHER *cipher;
	uint8_t key[SEAL_KEY_LEN];
};

static void
ctx_freep(EVP_CIPHER_CTX **ctx)
{
	EVP_CIPHER_CTX_free(*ctx);
}

static int
derive(uint8_t out[SEAL_KEY_LEN], const uint8_t key[SEAL_KEY_LEN],
    const char *purpose)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	char digest[] = "SHA256";
	uint8_t secret[SEAL_KEY_LEN], info[64];
	size_t len = strlen(purpose);
	OSSL_PARAM params[4];
	int ok = 0;

	EVP_KDF_free(kdf);
	if (ctx != NULL && len <= sizeof(info)) {
		memcpy(secret, key, sizeof(secret));
		memcpy(info, purpose, len);
		params[0] = OSSL_PARAM_construct_utf8_string(
		    OSSL_KDF_PARAM_DIGEST, digest, 0);
		params[1] = OSSL_PARAM_construct_octet_string(
		    OSSL_KDF_PARAM_KEY, secret, sizeof(secret));
		params[2] = OSSL_PARAM_construct_octet_string(
		    OSSL_KDF_PARAM_INFO, info, len);
		params[3] = OSSL_PARAM_construct_end();
		ok = EVP_KDF_derive(ctx, out, SEAL_KEY_LEN, params);
	}
	EVP_KDF_CTX_free(ctx);
	explicit_bzero(secret, sizeof(secret));
	return ok == 1 ? 0 : crypto_error("derive a key");
}

int
seal_new(
    struct seal **out, const uint8_t key[SEAL_KEY_LEN], const char *purpose)
{
	struct seal *seal = calloc(1, sizeof(*seal));
	int err = seal != NULL ? derive(seal->key, key, purpose) : -ERR_NOMEM;

	if (err == 0) {
		seal->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
		if (seal->cipher == NULL)
			err = crypto_error("find AES-256-GCM");
	}
	if (err != 0) {
		seal_free(seal);
		return err;
	}
	*out = seal;
	return 0;
}

void
seal_free(struct seal *seal)
{
	if (seal == NULL)
		return;
	EVP_CIPHER_free(seal->cipher);
	explicit_bzero(seal, sizeof(*seal));
	free(seal);
}

/* Lengths are within SEAL_PLAIN_MAX, and so fit an int. */
static int
encrypt(uint8_t *sealed, const struct seal *seal, struct bytes context,
    struct bytes plain)
{
	EVP_CIPHER_CTX *ctx CLEANUP(ctx_freep) = EVP_CIPHER_CTX_new();
	uint8_t *text = sealed + HEAD_LEN;
	int n = 0;

	if (ctx == NULL ||
	    EVP_EncryptInit_ex2(
		ctx, seal->cipher, seal->key, sealed + 1, NULL) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &n, context.data, (int)context.len) !=
		1 ||
	    EVP_EncryptUpdate(ctx, text, &n, plain.data, (int)plain.len) != 1 ||
	    EVP_EncryptFinal_ex(ctx, text + n, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(
		ctx, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, text + plain.len) != 1)
		return crypto_error("seal");
	return 0;
}

int
seal_close(struct blob *sealed, const struct seal *seal, struct bytes context,
    struct bytes plain)
{
	AUTOFREE uint8_t *out = NULL;
	int err;

	if (plain.len == 0 || plain.len > SEAL_PLAIN_MAX || context.len == 0 ||
	    context.len > SEAL_PLAIN_MAX)
		return -ERR_TOO_LARGE;
	out = malloc(plain.len + SEAL_OVERHEAD);
	if (out == NULL)
		return -ERR_NOMEM;
	out[0] = VERSION;
	random_bytes(out + 1, NONCE_LEN);
	err = encrypt(out, seal, context, plain);
	if (err == 0)
		*sealed = (struct blob){STEAL(out), plain.len + SEAL_OVERHEAD};
	return err;
}

static int
decrypt(uint8_t *plain, size_t len, const struct seal *seal,
    struct bytes context, const uint8_t *sealed)
{
	EVP_CIPHER_CTX *ctx CLEANUP(ctx_freep) = EVP_CIPHER_CTX_new();
	uint8_t tag[TAG_LEN];
	int n = 0;

	memcpy(tag, sealed + HEAD_LEN + len, sizeof(tag));
	if (ctx == NULL ||
	    EVP_DecryptInit_ex2(
		ctx, seal->cipher, seal->key, sealed + 1, NULL) != 1 ||
	    EVP_DecryptUpdate(ctx, NULL, &n, context.data, (int)context.len) !=
		1 ||
	    EVP_DecryptUpdate(ctx, plain, &n, sealed + HEAD_LEN, (int)len) !=
		1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) != 1)
		return crypto_error("open what was sealed");
	return EVP_DecryptFinal_ex(ctx, plain + n, &n) == 1 ? 0 : -ERR_CORRUPT;
}

int
seal_open(uint8_t *plain, size_t len, const struct seal *seal,
    struct bytes context, struct bytes sealed)
{
	int err = -ERR_CORRUPT;

	if (len == 0 || len > SEAL_PLAIN_MAX || context.len == 0 ||
	    context.len > SEAL_PLAIN_MAX)
		return -ERR_TOO_LARGE;
	if (sealed.len == len + SEAL_OVERHEAD && sealed.data[0] == VERSION)
		err = decrypt(plain, len, seal, context, sealed.data);
	if (err != 0)
		explicit_bzero(plain, len);
	return err;
}
