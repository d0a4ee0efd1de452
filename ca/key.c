#include "ca/key.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "ca/key_openssl.h"
#include "ca/names_openssl.h"
#include "ca/openssl_util.h"

#define KEY_CURVE "P-256"
#define COMMON_NAME_BYTES_MAX 256

struct key {
	EVP_PKEY *pkey;
};

static int
key_wrap(struct key **out, EVP_PKEY *pkey)
{
	struct key *key = malloc(sizeof(*key));

	if (key == NULL)
		return -ERR_NOMEM;
	key->pkey = pkey;
	*out = key;
	return 0;
}

int
key_generate(struct key **out)
{
	EVP_PKEY *pkey CLEANUP(pkey_freep) =
	    EVP_PKEY_Q_keygen(NULL, NULL, "EC", KEY_CURVE);
	int err;

	if (pkey == NULL)
		return crypto_failed(NULL, "generate key");
	err = key_wrap(out, pkey);
	if (err == 0)
		pkey = NULL;
	return err;
}

int
key_to_pem(struct blob *out, const struct key *key)
{
	BIO *bio CLEANUP(bio_freep) = BIO_new(BIO_s_secmem());
	char *text;
	long len;

	if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(
			       bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1)
		return crypto_failed(NULL, "encode private key");
	len = BIO_get_mem_data(bio, &text);
	if (len <= 0)
		return crypto_failed(NULL, "encode private key");
	return blob_copy(
	    out, (struct bytes){(const uint8_t *)text, (size_t)len});
}

void
key_pem_fini(struct blob *pem)
{
	blob_wipe(pem);
}

static bool
is_sound_p256(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx;
	char group[32];
	bool sound;

	if (EVP_PKEY_is_a(pkey, "EC") != 1 ||
	    EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) != 1 ||
	    OBJ_sn2nid(group) != NID_X9_62_prime256v1)
		return false;
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL);
	sound = ctx != NULL && EVP_PKEY_check(ctx) == 1;
	EVP_PKEY_CTX_free(ctx);
	return sound;
}

int
key_from_pem(struct key **out, struct bytes pem)
{
	EVP_PKEY *pkey CLEANUP(pkey_freep) = NULL;
	int err = pkey_from_pem(&pkey, pem);

	if (err != 0)
		return err;
	if (!is_sound_p256(pkey)) {
		ERR_clear_error();
		return -ERR_INVALID;
	}
	err = key_wrap(out, pkey);
	if (err == 0)
		pkey = NULL;
	return err;
}

void
key_free(struct key *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}

EVP_PKEY *
key_pkey(const struct key *key)
{
	return key->pkey;
}

static int
request_add_subject(X509_REQ *req, const char *common_name)
{
	if (common_name[0] == '\0')
		return 0;
	if (X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(req),
		NID_commonName, MBSTRING_UTF8, (const uint8_t *)common_name, -1,
		-1, 0) != 1) {
		ERR_clear_error();
		return -ERR_INVALID;
	}
	return 0;
}

static void
extensions_freep(STACK_OF(X509_EXTENSION) * *exts)
{
	sk_X509_EXTENSION_pop_free(*exts, X509_EXTENSION_free);
}

static int
request_add_names(X509_REQ *req, const struct names *names, bool critical)
{
	GENERAL_NAMES *general CLEANUP(general_names_freep) = NULL;
	STACK_OF(X509_EXTENSION) * exts CLEANUP(extensions_freep) = NULL;
	int err;

	if (names == NULL || names->n == 0)
		return 0;
	err = names_to_general(&general, names);
	if (err != 0)
		return err;
	if (X509V3_add1_i2d(&exts, NID_subject_alt_name, general, critical,
		X509V3_ADD_DEFAULT) != 1 ||
	    X509_REQ_add_extensions(req, exts) != 1)
		return crypto_failed(NULL, "encode request");
	return 0;
}

static int
request_start(X509_REQ **out, const struct key *key)
{
	X509_REQ *req CLEANUP(req_freep) = X509_REQ_new();

	if (req == NULL || X509_REQ_set_version(req, X509_REQ_VERSION_1) != 1 ||
	    X509_REQ_set_pubkey(req, key->pkey) != 1)
		return crypto_failed(NULL, "make request");
	*out = STEAL(req);
	return 0;
}

static int
request_sign(struct blob *csr_der, X509_REQ *req, const struct key *key)
{
	uint8_t *der = NULL;
	int err, len;

	if (X509_REQ_sign(req, key->pkey, EVP_sha256()) <= 0)
		return crypto_failed(NULL, "sign request");
	len = i2d_X509_REQ(req, &der);
	if (len <= 0)
		return crypto_failed(NULL, "encode request");
	err = blob_copy(csr_der, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	return err;
}

/* PrintableString wherever possible: base64 is. */
static int
request_add_challenge(X509_REQ *req, const char *challenge)
{
	if (challenge[0] != '\0' &&
	    X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword,
		V_ASN1_PRINTABLESTRING, (const uint8_t *)challenge,
		(int)strlen(challenge)) != 1)
		return crypto_failed(NULL, "encode request");
	return 0;
}

/* Each part as far as it is there. */
static int
make_request(struct blob *csr_der, const struct key *key,
    const char *common_name, const struct names *names, const char *challenge)
{
	X509_REQ *req CLEANUP(req_freep) = NULL;
	int err;

	if (strlen(common_name) >= COMMON_NAME_BYTES_MAX)
		return -ERR_TOO_LARGE;
	err = request_start(&req, key);
	if (err == 0)
		err = request_add_subject(req, common_name);
	if (err == 0 && names != NULL)
		err = request_add_names(req, names, common_name[0] == '\0');
	if (err == 0 && challenge != NULL)
		err = request_add_challenge(req, challenge);
	return err != 0 ? err : request_sign(csr_der, req, key);
}

int
key_make_csr(struct blob *csr_der, const struct key *key,
    const char *common_name, const struct names *names)
{
	return make_request(csr_der, key, common_name, names, NULL);
}

int
key_make_est_csr(struct blob *csr_der, const struct key *key,
    const char *common_name, const char *challenge)
{
	return make_request(csr_der, key, common_name, NULL, challenge);
}

static int
request_copy_names(X509_REQ *req, const X509 *cert)
{
	STACK_OF(X509_EXTENSION) * exts CLEANUP(extensions_freep) = NULL;
	int at = x509_find_ext(cert, NID_subject_alt_name);

	if (X509_REQ_set_subject_name(req, X509_get_subject_name(cert)) != 1)
		return crypto_failed(NULL, "copy subject");
	if (at < 0)
		return 0;
	if (X509v3_add_ext(&exts, X509_get_ext(cert, at), -1) == NULL ||
	    X509_REQ_add_extensions(req, exts) != 1)
		return crypto_failed(NULL, "copy names");
	return 0;
}

int
key_make_renewal_csr(struct blob *csr_der, const struct key *key,
    struct bytes cert_der, const char *challenge)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	X509_REQ *req CLEANUP(req_freep) = NULL;
	int err = x509_parse(&cert, cert_der, NULL);

	if (err == 0)
		err = request_start(&req, key);
	if (err == 0)
		err = request_copy_names(req, cert);
	if (err == 0)
		err = request_add_challenge(req, challenge);
	return err != 0 ? err : request_sign(csr_der, req, key);
}

bool
key_is_of_cert(const struct key *key, struct bytes cert_der)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	bool is_of;

	if (x509_parse(&cert, cert_der, NULL) != 0)
		return false;
	is_of = X509_check_private_key(cert, key->pkey) == 1;
	ERR_clear_error();
	return is_of;
}
