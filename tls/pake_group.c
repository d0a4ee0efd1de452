#include "tls/pake_group.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "tls/ossl.h"

const struct pake_group pake_groups[N_PAKE_GROUPS] = {
    [PAKE_GROUP_X25519] = {"x25519", PAKE_ALGORITHM_X25519, "X25519", NULL,
	0x001d, 128, false, 32, 32, 32},
    [PAKE_GROUP_P256] = {"secp256r1", PAKE_ALGORITHM_P256, "EC", "P-256",
	0x0017, 128, false, 65, 65, 32},
    [PAKE_GROUP_X25519MLKEM768] = {"X25519MLKEM768",
	PAKE_ALGORITHM_X25519MLKEM768, "X25519MLKEM768", NULL, 0x11ec, 192,
	true, PAKE_GROUP_PUBLIC_MAX, 1120, 64},
};

bool
pake_group_is_available(const struct pake_group *g, OSSL_LIB_CTX *inner)
{
	EVP_KEYMGMT *found CLEANUP(EVP_KEYMGMT_free_p) = NULL;

	ERR_set_mark();
	found = EVP_KEYMGMT_fetch(inner, g->inner_type, NULL);
	ERR_pop_to_mark();
	return found != NULL;
}

EVP_PKEY *
pake_group_generate(const struct pake_group *g, OSSL_LIB_CTX *inner)
{
	if (g->inner_group != NULL)
		return EVP_PKEY_Q_keygen(
		    inner, NULL, g->inner_type, g->inner_group);
	return EVP_PKEY_Q_keygen(inner, NULL, g->inner_type);
}

EVP_PKEY *
pake_group_decode(const struct pake_group *g, OSSL_LIB_CTX *inner,
    const void *data, size_t len)
{
	EVP_PKEY_CTX *ctx CLEANUP(EVP_PKEY_CTX_free_p) =
	    EVP_PKEY_CTX_new_from_name(inner, g->inner_type, NULL);
	unsigned char copy[PAKE_GROUP_PUBLIC_MAX];
	char name[16] = "";
	OSSL_PARAM params[3];
	EVP_PKEY *pkey = NULL;
	int n = 0;

	if (ctx == NULL || len != g->public_len)
		return NULL;
	memcpy(copy, data, len);
	if (g->inner_group != NULL) {
		strncpy(name, g->inner_group, sizeof(name) - 1);
		params[n++] = OSSL_PARAM_construct_utf8_string(
		    OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
	}
	params[n++] = OSSL_PARAM_construct_octet_string(
	    OSSL_PKEY_PARAM_PUB_KEY, copy, len);
	params[n] = OSSL_PARAM_construct_end();
	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		return NULL;
	return pkey;
}

bool
pake_group_encode(unsigned char *out, size_t *len, const EVP_PKEY *pkey)
{
	return EVP_PKEY_get_octet_string_param(pkey,
		   OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, out,
		   PAKE_GROUP_PUBLIC_MAX, len) == 1;
}

static bool
agree(const struct pake_group *g, OSSL_LIB_CTX *inner, EVP_PKEY *own,
    EVP_PKEY *peer, unsigned char *secret)
{
	EVP_PKEY_CTX *ctx CLEANUP(EVP_PKEY_CTX_free_p) =
	    EVP_PKEY_CTX_new_from_pkey(inner, own, NULL);
	size_t len = g->secret_len;

	return ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
	       EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
	       EVP_PKEY_derive(ctx, secret, &len) == 1 && len == g->secret_len;
}

static bool
dh_encapsulate(const struct pake_group *g, OSSL_LIB_CTX *inner, EVP_PKEY *peer,
    unsigned char *ciphertext, unsigned char *secret)
{
	EVP_PKEY *own CLEANUP(EVP_PKEY_free_p) = pake_group_generate(g, inner);
	unsigned char encoded[PAKE_GROUP_PUBLIC_MAX];
	size_t len;

	if (own == NULL || !pake_group_encode(encoded, &len, own) ||
	    len != g->ciphertext_len)
		return false;
	memcpy(ciphertext, encoded, len);
	return agree(g, inner, own, peer, secret);
}

static bool
dh_decapsulate(const struct pake_group *g, OSSL_LIB_CTX *inner, EVP_PKEY *own,
    unsigned char *secret, const unsigned char *ciphertext)
{
	EVP_PKEY *peer CLEANUP(EVP_PKEY_free_p) =
	    pake_group_decode(g, inner, ciphertext, g->ciphertext_len);

	return peer != NULL && agree(g, inner, own, peer, secret);
}

static bool
kem_encapsulate(const struct pake_group *g, OSSL_LIB_CTX *inner, EVP_PKEY *peer,
    unsigned char *ciphertext, unsigned char *secret)
{
	EVP_PKEY_CTX *ctx CLEANUP(EVP_PKEY_CTX_free_p) =
	    EVP_PKEY_CTX_new_from_pkey(inner, peer, NULL);
	size_t ciphertext_len = g->ciphertext_len;
	size_t secret_len = g->secret_len;

	return ctx != NULL && EVP_PKEY_encapsulate_init(ctx, NULL) == 1 &&
	       EVP_PKEY_encapsulate(ctx, ciphertext, &ciphertext_len, secret,
		   &secret_len) == 1 &&
	       ciphertext_len == g->ciphertext_len &&
	       secret_len == g->secret_len;
}

static bool
kem_decapsulate(const struct pake_group *g, OSSL_LIB_CTX *inner, EVP_PKEY *own,
    unsigned char *secret, const unsigned char *ciphertext)
{
	EVP_PKEY_CTX *ctx CLEANUP(EVP_PKEY_CTX_free_p) =
	    EVP_PKEY_CTX_new_from_pkey(inner, own, NULL);
	size_t secret_len = g->secret_len;

	return ctx != NULL && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
	       EVP_PKEY_decapsulate(ctx, secret, &secret_len, ciphertext,
		   g->ciphertext_len) == 1 &&
	       secret_len == g->secret_len;
}

bool
pake_group_encapsulate(const struct pake_group *g, OSSL_LIB_CTX *inner,
    EVP_PKEY *peer, unsigned char *ciphertext, unsigned char *secret)
{
	if (g->inner_kem)
		return kem_encapsulate(g, inner, peer, ciphertext, secret);
	return dh_encapsulate(g, inner, peer, ciphertext, secret);
}

bool
pake_group_decapsulate(const struct pake_group *g, OSSL_LIB_CTX *inner,
    EVP_PKEY *own, unsigned char *secret, const unsigned char *ciphertext)
{
	if (g->inner_kem)
		return kem_decapsulate(g, inner, own, secret, ciphertext);
	return dh_decapsulate(g, inner, own, secret, ciphertext);
}
