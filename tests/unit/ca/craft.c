#include "tests/unit/ca/craft.h"

#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include "base/clock.h"
#include "ca/authority.h"
#include "ca/issue_log.h"

EVP_PKEY *
craft_key(const char *group)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", group);

	assert_non_null(key);
	return key;
}

EVP_PKEY *
craft_rsa_public(int bits, unsigned long exponent)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new(), *e = BN_new();
	OSSL_PARAM *params;
	EVP_PKEY *key = NULL;

	assert_int_equal(
	    1, BN_rand(n, bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ODD));
	BN_set_word(e, exponent);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e);
	params = OSSL_PARAM_BLD_to_param(bld);
	assert_int_equal(1, EVP_PKEY_fromdata_init(ctx));
	assert_int_equal(
	    1, EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params));
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	BN_free(n);
	BN_free(e);
	return key;
}

static void
add_exts(X509 *cert, X509 *issuer, const char *const exts[][2])
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	for (size_t i = 0; i < CRAFT_EXTS_MAX && exts[i][0] != NULL; i++) {
		X509_EXTENSION *ext =
		    X509V3_EXT_nconf(NULL, &ctx, exts[i][0], exts[i][1]);

		assert_non_null(ext);
		assert_int_equal(1, X509_add_ext(cert, ext, -1));
		X509_EXTENSION_free(ext);
	}
}

static void
add_cn(X509_NAME *name, const char *cn)
{
	if (cn != NULL)
		assert_int_equal(
		    1, X509_NAME_add_entry_by_NID(name, NID_commonName,
			   MBSTRING_ASC, (const uint8_t *)cn, -1, -1, 0));
}

void
craft_cert(struct crafted *out, const struct craft *craft)
{
	static const char *const ids[CRAFT_EXTS_MAX][2] = {
	    {"subjectKeyIdentifier", "hash"}};
	static const char *const issuer_ids[CRAFT_EXTS_MAX][2] = {
	    {"authorityKeyIdentifier", "keyid"}};
	X509 *cert = X509_new(), *issuer;
	int64_t now = clock_now();
	uint8_t *der = NULL;
	int len;

	out->key = craft->key;
	if (out->key == NULL)
		out->key = craft_key("P-256");
	else
		EVP_PKEY_up_ref(out->key);
	issuer = craft->issuer != NULL ? craft->issuer->cert : cert;
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert),
	    craft->serial != 0 ? craft->serial : 4711);
	ASN1_TIME_set(X509_getm_notBefore(cert),
	    craft->not_before != 0 ? craft->not_before : now - CRAFT_DAY);
	ASN1_TIME_set(X509_getm_notAfter(cert),
	    craft->not_after != 0 ? craft->not_after : now + 30 * CRAFT_DAY);
	add_cn(X509_get_subject_name(cert), craft->cn);
	if (craft->serial_number != NULL)
		assert_int_equal(
		    1, X509_NAME_add_entry_by_NID(X509_get_subject_name(cert),
			   NID_serialNumber, MBSTRING_ASC,
			   (const uint8_t *)craft->serial_number, -1, -1, 0));
	X509_set_issuer_name(cert, X509_get_subject_name(issuer));
	X509_set_pubkey(cert, out->key);
	add_exts(cert, issuer, ids);
	if (craft->issuer != NULL)
		add_exts(cert, issuer, issuer_ids);
	add_exts(cert, issuer, craft->exts);
	assert_true(X509_sign(cert,
			craft->issuer != NULL ? craft->issuer->key : out->key,
			EVP_sha256()) > 0);
	len = i2d_X509(cert, &der);
	assert_int_equal(
	    0, blob_copy(&out->der, (struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
	out->cert = cert;
}

void
crafted_fini(struct crafted *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
	blob_fini(&c->der);
}

void
craft_list_add(struct cert_list *list, const struct crafted *c)
{
	assert_int_equal(0, cert_list_add(list, blob_bytes(&c->der)));
}

static void
add_request_exts(X509_REQ *req, const char *const exts[][2])
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();

	for (size_t i = 0; i < CRAFT_EXTS_MAX && exts[i][0] != NULL; i++) {
		X509_EXTENSION *ext =
		    X509V3_EXT_nconf(NULL, NULL, exts[i][0], exts[i][1]);

		assert_non_null(ext);
		sk_X509_EXTENSION_push(list, ext);
	}
	if (sk_X509_EXTENSION_num(list) > 0)
		assert_int_equal(1, X509_REQ_add_extensions(req, list));
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void
add_attributes(X509_REQ *req, const struct craft_csr *craft)
{
	/* Long, so that it comes behind an extensionRequest in the SET OF. */
	static const char secret[] =
	    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

	for (size_t i = 0; i < ARRAY_LEN(craft->attributes); i++)
		if (craft->attributes[i] != NULL)
			assert_int_equal(1,
			    X509_REQ_add1_attr_by_txt(req, craft->attributes[i],
				V_ASN1_UTF8STRING, (const uint8_t *)secret,
				(int)strlen(secret)));
}

static int
sign_request(X509_REQ *req, const struct craft_csr *craft)
{
	EVP_PKEY *signer = craft->signer != NULL ? craft->signer : craft->key;
	const EVP_MD *digest = EVP_sha256();

	if (craft->digest != NULL)
		digest = craft->digest[0] != '\0'
			     ? EVP_get_digestbyname(craft->digest)
			     : NULL;
	return X509_REQ_sign(req, signer, digest);
}

void
craft_csr(struct blob *out, const struct craft_csr *craft)
{
	X509_REQ *req = X509_REQ_new();
	X509_NAME *subject = X509_REQ_get_subject_name(req);
	uint8_t *der = NULL;
	int len;

	add_cn(subject, CRAFT_ADN);
	if (craft->two_common_names)
		add_cn(subject, "second");
	if (craft->organization)
		X509_NAME_add_entry_by_NID(subject, NID_organizationName,
		    MBSTRING_ASC, (const uint8_t *)"Org", -1, -1, 0);
	assert_int_equal(1, X509_REQ_set_pubkey(req, craft->key));
	add_request_exts(req, craft->exts);
	add_attributes(req, craft);
	assert_true(sign_request(req, craft) > 0);
	len = i2d_X509_REQ(req, &der);
	assert_true(len > 0);
	assert_int_equal(0, blob_copy(out, (struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
	X509_REQ_free(req);
}

void
craft_ca_create(struct craft_ca *ca)
{
	struct authority_params *params = calloc(1, sizeof(*params));
	struct reason why = {""};

	assert_non_null(params);
	params->domain = CRAFT_DOMAIN;
	params->root_days = 3650;
	params->issuing_days = 1825;
	strcpy(params->constraints.domains[0], CRAFT_DOMAIN);
	params->constraints.n_domains = 1;
	assert_int_equal(
	    0, ip_prefix_parse(&params->constraints.prefixes[0], "10.0.0.0/8"));
	assert_int_equal(
	    0, ip_prefix_parse(&params->constraints.prefixes[1], "fd00::/8"));
	params->constraints.n_prefixes = 2;
	strcpy(ca->parent, "/tmp/estuary-ca-test-XXXXXX");
	assert_non_null(mkdtemp(ca->parent));
	snprintf(ca->dir, sizeof(ca->dir), "%s/ca", ca->parent);
	if (authority_create(ca->dir, params, &why) != 0)
		fail_msg("%s", why.text);
	free(params);
}

void
craft_ca_remove_files(struct craft_ca *ca)
{
	static const char *const files[] = {CA_ROOT_KEY, CA_ROOT_CERT,
	    CA_ISSUING_KEY, CA_ISSUING_CERT, ISSUE_LOG_FILE};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char path[128];

		snprintf(path, sizeof(path), "%s/%s", ca->dir, files[i]);
		unlink(path);
	}
	rmdir(ca->dir);
}

void
craft_ca_remove(struct craft_ca *ca)
{
	craft_ca_remove_files(ca);
	assert_int_equal(0, rmdir(ca->parent));
}

struct signer_request *
craft_request(enum profile_id profile, const char *dns_name)
{
	struct signer_request *request = calloc(1, sizeof(*request));
	struct key *key = NULL;
	struct blob csr = {0};

	assert_non_null(request);
	assert_int_equal(0, key_generate(&key));
	assert_int_equal(0, key_make_csr(&csr, key, "", NULL));
	assert_true(csr.len <= sizeof(request->csr));
	memcpy(request->csr, csr.data, csr.len);
	request->csr_len = csr.len;
	request->profile = profile;
	request->not_before = clock_now();
	if (dns_name != NULL)
		assert_int_equal(
		    0, names_add(&request->names, NAME_DNS, dns_name));
	blob_fini(&csr);
	key_free(key);
	return request;
}

static void
take_bio(struct blob *out, BIO *bio)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);

	assert_int_equal(0,
	    blob_copy(out, (struct bytes){(const uint8_t *)text, (size_t)len}));
	BIO_free(bio);
}

void
crafted_pem(struct blob *cert, struct blob *key, const struct crafted *c)
{
	BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());

	assert_int_equal(1, PEM_write_bio_X509(cert_bio, c->cert));
	assert_int_equal(1, PEM_write_bio_PrivateKey(
				key_bio, c->key, NULL, NULL, 0, NULL, NULL));
	take_bio(cert, cert_bio);
	take_bio(key, key_bio);
}
