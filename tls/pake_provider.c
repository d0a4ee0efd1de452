#include "tls/pake_provider.h"

#include <string.h>
#include <strings.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include "tls/ossl.h"
#include "tls/pake_group.h"

/* The key exchange happens deep inside libssl, which hands nothing of the
 * connection down to a provider: a thread-local is the only way in. */
static _Thread_local struct {
	bool armed;
	bool *used;
	uint8_t key[SPAKE2P_KEY_LEN];
} injection;

void
pake_arm(const uint8_t key[SPAKE2P_KEY_LEN], bool *used)
{
	memcpy(injection.key, key, SPAKE2P_KEY_LEN);
	injection.used = used;
	injection.armed = true;
}

void
pake_disarm(void)
{
	OPENSSL_cleanse(&injection, sizeof(injection));
}

/* Takes the armed key, once. */
static bool
injection_take(unsigned char out[SPAKE2P_KEY_LEN])
{
	if (!injection.armed)
		return false;
	memcpy(out, injection.key, SPAKE2P_KEY_LEN);
	*injection.used = true;
	pake_disarm();
	return true;
}

/* The provider's own library context: the real algorithms, which our names do
 * not shadow there. */
struct provider {
	OSSL_LIB_CTX *inner;
};

struct wrapped_key {
	const struct pake_group *group;
	OSSL_LIB_CTX *inner;
	EVP_PKEY *pkey; /* in the inner context; NULL: parameters only */
};

/* Key management: new, free, has, parameters, generation. */

static struct wrapped_key *
key_new(void *provctx, const struct pake_group *group)
{
	const struct provider *p = provctx;
	struct wrapped_key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return NULL;
	key->inner = p->inner;
	key->group = group;
	return key;
}

static void
key_free(void *vkey)
{
	struct wrapped_key *key = vkey;

	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

static int
key_has(const void *vkey, int selection)
{
	const struct wrapped_key *key = vkey;

	return (selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0 ||
	       key->pkey != NULL;
}

static int
key_get_encoded(const struct wrapped_key *key, OSSL_PARAM *p)
{
	unsigned char encoded[PAKE_GROUP_PUBLIC_MAX];
	size_t len;

	return key->pkey != NULL &&
	       pake_group_encode(encoded, &len, key->pkey) &&
	       OSSL_PARAM_set_octet_string(p, encoded, len) == 1;
}

static int
key_get_params(void *vkey, OSSL_PARAM params[])
{
	const struct wrapped_key *key = vkey;
	OSSL_PARAM *p;

	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_BITS);
	if (p != NULL &&
	    OSSL_PARAM_set_size_t(p, 8 * key->group->secret_len) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_SECURITY_BITS);
	if (p != NULL && OSSL_PARAM_set_uint(p, key->group->security_bits) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_MAX_SIZE);
	if (p != NULL &&
	    OSSL_PARAM_set_size_t(p, key->group->ciphertext_len) != 1)
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY);
	return p == NULL || key_get_encoded(key, p);
}

static const OSSL_PARAM *
key_gettable_params(void *provctx)
{
	static const OSSL_PARAM table[] = {
	    OSSL_PARAM_size_t(OSSL_PKEY_PARAM_BITS, NULL),
	    OSSL_PARAM_uint(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
	    OSSL_PARAM_size_t(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
	    OSSL_PARAM_octet_string(
		OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
	    OSSL_PARAM_END};

	(void)provctx;
	return table;
}

static int
key_set_params(void *vkey, const OSSL_PARAM params[])
{
	struct wrapped_key *key = vkey;
	const OSSL_PARAM *p =
	    OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY);
	const void *data;
	EVP_PKEY *pkey;
	size_t len;

	if (p == NULL)
		return 1;
	if (OSSL_PARAM_get_octet_string_ptr(p, &data, &len) != 1)
		return 0;
	pkey = pake_group_decode(key->group, key->inner, data, len);
	if (pkey == NULL)
		return 0;
	EVP_PKEY_free(key->pkey);
	key->pkey = pkey;
	return 1;
}

static const OSSL_PARAM *
key_settable_params(void *provctx)
{
	static const OSSL_PARAM table[] = {
	    OSSL_PARAM_octet_string(
		OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
	    OSSL_PARAM_END};

	(void)provctx;
	return table;
}

/* A generation is a key of which only the selection is not known yet. */
struct generation {
	void *provctx;
	const struct pake_group *group;
	int selection;
};

static void *
generation_new(void *provctx, int selection, const struct pake_group *group)
{
	struct generation *gen = malloc(sizeof(*gen));

	if (gen != NULL)
		*gen = (struct generation){provctx, group, selection};
	return gen;
}

static void *
generation_run(void *vgen, OSSL_CALLBACK *progress, void *arg)
{
	const struct generation *gen = vgen;
	struct wrapped_key *key = key_new(gen->provctx, gen->group);

	(void)progress;
	(void)arg;
	if (key == NULL || (gen->selection & OSSL_KEYMGMT_SELECT_KEYPAIR) == 0)
		return key;
	key->pkey = pake_group_generate(key->group, key->inner);
	if (key->pkey == NULL) {
		key_free(key);
		return NULL;
	}
	return key;
}

/* libssl names the group, which the algorithm implies here. */
static int
generation_set_params(void *gen, const OSSL_PARAM params[])
{
	(void)gen;
	(void)params;
	return 1;
}

static const OSSL_PARAM *
generation_settable_params(void *gen, void *provctx)
{
	static const OSSL_PARAM table[] = {
	    OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
	    OSSL_PARAM_END};

	(void)gen;
	(void)provctx;
	return table;
}

static void
generation_free(void *gen)
{
	free(gen);
}

/* Key encapsulation. */

struct kem {
	const struct wrapped_key *key;
};

static void *
kem_new(void *provctx)
{
	(void)provctx;
	return calloc(1, sizeof(struct kem));
}

static void
kem_free(void *vkem)
{
	free(vkem);
}

static int
kem_init(void *vkem, void *vkey, const OSSL_PARAM params[])
{
	struct kem *kem = vkem;

	(void)params;
	kem->key = vkey;
	return kem->key->pkey != NULL;
}

static int
kem_encapsulate(void *vkem, unsigned char *ciphertext, size_t *ciphertext_len,
    unsigned char *secret, size_t *secret_len)
{
	const struct wrapped_key *key = ((struct kem *)vkem)->key;
	size_t need_ciphertext = key->group->ciphertext_len;
	size_t need_secret = SPAKE2P_KEY_LEN + key->group->secret_len;
	bool ok;

	if (ciphertext != NULL &&
	    (*ciphertext_len < need_ciphertext || *secret_len < need_secret))
		return 0;
	*ciphertext_len = need_ciphertext;
	*secret_len = need_secret;
	if (ciphertext == NULL)
		return 1;
	if (!injection_take(secret))
		return 0;
	ok = pake_group_encapsulate(key->group, key->inner, key->pkey,
	    ciphertext, secret + SPAKE2P_KEY_LEN);
	if (!ok)
		OPENSSL_cleanse(secret, need_secret);
	return ok;
}

static int
kem_decapsulate(void *vkem, unsigned char *secret, size_t *secret_len,
    const unsigned char *ciphertext, size_t ciphertext_len)
{
	const struct wrapped_key *key = ((struct kem *)vkem)->key;
	size_t need = SPAKE2P_KEY_LEN + key->group->secret_len;
	bool ok;

	if (secret != NULL && *secret_len < need)
		return 0;
	*secret_len = need;
	if (secret == NULL)
		return 1;
	if (ciphertext_len != key->group->ciphertext_len ||
	    !injection_take(secret))
		return 0;
	ok = pake_group_decapsulate(key->group, key->inner, key->pkey,
	    secret + SPAKE2P_KEY_LEN, ciphertext);
	if (!ok)
		OPENSSL_cleanse(secret, need);
	return ok;
}

/* What libcrypto is told. The functions that make a key are all that differs
 * between the groups, since they get no hint which one is meant. */

#define FN(f) ((void (*)(void))(f))

#define DEFINE_GROUP(name, index)                                              \
	static void *name##_new(void *provctx)                                 \
	{                                                                      \
		return key_new(provctx, &pake_groups[index]);                  \
	}                                                                      \
	static void *name##_generation(                                        \
	    void *provctx, int selection, const OSSL_PARAM params[])           \
	{                                                                      \
		(void)params;                                                  \
		return generation_new(                                         \
		    provctx, selection, &pake_groups[index]);                  \
	}                                                                      \
	static const OSSL_DISPATCH name##_keymgmt[] = {                        \
	    {OSSL_FUNC_KEYMGMT_NEW, FN(name##_new)},                           \
	    {OSSL_FUNC_KEYMGMT_FREE, FN(key_free)},                            \
	    {OSSL_FUNC_KEYMGMT_HAS, FN(key_has)},                              \
	    {OSSL_FUNC_KEYMGMT_GET_PARAMS, FN(key_get_params)},                \
	    {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, FN(key_gettable_params)},      \
	    {OSSL_FUNC_KEYMGMT_SET_PARAMS, FN(key_set_params)},                \
	    {OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, FN(key_settable_params)},      \
	    {OSSL_FUNC_KEYMGMT_GEN_INIT, FN(name##_generation)},               \
	    {OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, FN(generation_set_params)},     \
	    {OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS,                            \
		FN(generation_settable_params)},                               \
	    {OSSL_FUNC_KEYMGMT_GEN, FN(generation_run)},                       \
	    {OSSL_FUNC_KEYMGMT_GEN_CLEANUP, FN(generation_free)}, {0, NULL}}

DEFINE_GROUP(x25519, PAKE_GROUP_X25519);
DEFINE_GROUP(p256, PAKE_GROUP_P256);
DEFINE_GROUP(x25519mlkem768, PAKE_GROUP_X25519MLKEM768);

static const OSSL_DISPATCH kem_functions[] = {
    {OSSL_FUNC_KEM_NEWCTX, FN(kem_new)}, {OSSL_FUNC_KEM_FREECTX, FN(kem_free)},
    {OSSL_FUNC_KEM_ENCAPSULATE_INIT, FN(kem_init)},
    {OSSL_FUNC_KEM_ENCAPSULATE, FN(kem_encapsulate)},
    {OSSL_FUNC_KEM_DECAPSULATE_INIT, FN(kem_init)},
    {OSSL_FUNC_KEM_DECAPSULATE, FN(kem_decapsulate)}, {0, NULL}};

#define PROPERTIES "provider=" PAKE_PROVIDER_NAME

static const OSSL_ALGORITHM keymgmt_algorithms[] = {
    {PAKE_ALGORITHM_X25519, PROPERTIES, x25519_keymgmt, NULL},
    {PAKE_ALGORITHM_P256, PROPERTIES, p256_keymgmt, NULL},
    {PAKE_ALGORITHM_X25519MLKEM768, PROPERTIES, x25519mlkem768_keymgmt, NULL},
    {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM kem_algorithms[] = {
    {PAKE_ALGORITHM_X25519, PROPERTIES, kem_functions, NULL},
    {PAKE_ALGORITHM_P256, PROPERTIES, kem_functions, NULL},
    {PAKE_ALGORITHM_X25519MLKEM768, PROPERTIES, kem_functions, NULL},
    {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM *
provider_query(void *provctx, int operation, int *no_cache)
{
	(void)provctx;
	*no_cache = 0;
	switch (operation) {
	case OSSL_OP_KEYMGMT:
		return keymgmt_algorithms;
	case OSSL_OP_KEM:
		return kem_algorithms;
	default:
		return NULL;
	}
}

static int
group_announce(const struct pake_group *group, OSSL_CALLBACK *cb, void *arg)
{
	unsigned int id = group->id, bits = group->security_bits, is_kem = 1;
	int min_tls = TLS1_3_VERSION, max_tls = 0, no_dtls = -1;
	char name[32] = "", algorithm[32] = "";
	OSSL_PARAM params[11];
	OSSL_PARAM *p = params;

	strncpy(name, group->tls_name, sizeof(name) - 1);
	strncpy(algorithm, group->algorithm, sizeof(algorithm) - 1);
	*p++ = OSSL_PARAM_construct_utf8_string(
	    OSSL_CAPABILITY_TLS_GROUP_NAME, name, 0);
	*p++ = OSSL_PARAM_construct_utf8_string(
	    OSSL_CAPABILITY_TLS_GROUP_NAME_INTERNAL, name, 0);
	*p++ = OSSL_PARAM_construct_utf8_string(
	    OSSL_CAPABILITY_TLS_GROUP_ALG, algorithm, 0);
	*p++ = OSSL_PARAM_construct_uint(OSSL_CAPABILITY_TLS_GROUP_ID, &id);
	*p++ = OSSL_PARAM_construct_uint(
	    OSSL_CAPABILITY_TLS_GROUP_SECURITY_BITS, &bits);
	*p++ = OSSL_PARAM_construct_uint(
	    OSSL_CAPABILITY_TLS_GROUP_IS_KEM, &is_kem);
	*p++ = OSSL_PARAM_construct_int(
	    OSSL_CAPABILITY_TLS_GROUP_MIN_TLS, &min_tls);
	*p++ = OSSL_PARAM_construct_int(
	    OSSL_CAPABILITY_TLS_GROUP_MAX_TLS, &max_tls);
	*p++ = OSSL_PARAM_construct_int(
	    OSSL_CAPABILITY_TLS_GROUP_MIN_DTLS, &no_dtls);
	*p++ = OSSL_PARAM_construct_int(
	    OSSL_CAPABILITY_TLS_GROUP_MAX_DTLS, &no_dtls);
	*p = OSSL_PARAM_construct_end();
	return cb(params, arg);
}

static int
provider_capabilities(
    void *provctx, const char *capability, OSSL_CALLBACK *cb, void *arg)
{
	const struct provider *p = provctx;

	if (strcasecmp(capability, "TLS-GROUP") != 0)
		return 0;
	for (size_t i = 0; i < N_PAKE_GROUPS; i++)
		if (pake_group_is_available(&pake_groups[i], p->inner) &&
		    !group_announce(&pake_groups[i], cb, arg))
			return 0;
	return 1;
}

static void
provider_teardown(void *provctx)
{
	struct provider *p = provctx;

	OSSL_LIB_CTX_free(p->inner);
	free(p);
}

int
pake_provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **provctx)
{
	static const OSSL_DISPATCH functions[] = {
	    {OSSL_FUNC_PROVIDER_QUERY_OPERATION, FN(provider_query)},
	    {OSSL_FUNC_PROVIDER_GET_CAPABILITIES, FN(provider_capabilities)},
	    {OSSL_FUNC_PROVIDER_TEARDOWN, FN(provider_teardown)}, {0, NULL}};
	struct provider *p = calloc(1, sizeof(*p));

	(void)handle;
	(void)in;
	if (p == NULL)
		return 0;
	p->inner = OSSL_LIB_CTX_new();
	if (p->inner == NULL) {
		free(p);
		return 0;
	}
	*provctx = p;
	*out = functions;
	return 1;
}
