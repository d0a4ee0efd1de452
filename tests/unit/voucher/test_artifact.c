#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include <openssl/pem.h>

#include "base/clock.h"
#include "voucher/artifact.h"
#include "voucher/ossl.h"

static const enum voucher_format formats[] = {
    VOUCHER_CMS_JSON, VOUCHER_JWS_JSON, VOUCHER_COSE_CBOR};

struct identity {
	X509 *cert;
	EVP_PKEY *key;
	struct blob der;
	struct voucher_signer *signer;
};

static void
to_pem(struct blob *out, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	assert_int_equal(
	    blob_copy(out, (struct bytes){(uint8_t *)data, (size_t)len}), 0);
	BIO_free(bio);
}

static void
identity_init(struct identity *id, const char *name, EVP_PKEY *key)
{
	bool is_ed = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
	BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
	struct blob cert_pem = {0}, key_pem = {0};
	struct reason why = {""};
	X509_NAME *subject;

	id->key = key;
	id->cert = X509_new();
	X509_set_version(id->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), 1);
	subject = X509_get_subject_name(id->cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(id->cert, subject);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), 3600);
	X509_set_pubkey(id->cert, key);
	assert_true(X509_sign(id->cert, key, is_ed ? NULL : EVP_sha256()) > 0);
	assert_int_equal(voucher_x509_to_der(&id->der, id->cert), 0);
	PEM_write_bio_X509(cert_bio, id->cert);
	PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
	to_pem(&cert_pem, cert_bio);
	to_pem(&key_pem, key_bio);
	if (voucher_signer_new(&id->signer, blob_bytes(&cert_pem),
		blob_bytes(&key_pem), &why) != 0)
		fail_msg("%s", why.text);
	blob_fini(&cert_pem);
	blob_fini(&key_pem);
}

static void
identity_fini(struct identity *id)
{
	voucher_signer_free(id->signer);
	blob_fini(&id->der);
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
}

static void
fill(struct voucher *v, enum voucher_kind kind)
{
	static const uint8_t octets[] = {4, 8, 15, 16, 23, 42, 0, 255};
	const struct bytes value = {octets, sizeof(octets)};

	voucher_init(v, kind);
	v->assertion = VOUCHER_PROXIMITY;
	v->created_on = 1700000000;
	v->expires_on = 1800000000;
	strcpy(v->serial_number, "SN-0001");
	memcpy(v->nonce.data, octets, sizeof(octets));
	v->nonce.len = sizeof(octets);
	v->domain_cert_revocation_checks = 0;
	assert_int_equal(blob_copy(&v->idevid_issuer, value), 0);
	if (kind == VOUCHER_VOUCHER) {
		assert_int_equal(blob_copy(&v->pinned_domain_cert, value), 0);
		return;
	}
	assert_int_equal(blob_copy(&v->proximity_registrar_cert, value), 0);
	assert_int_equal(blob_copy(&v->prior_signed_voucher_request, value), 0);
}

static void
assert_same(const struct voucher *a, const struct voucher *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->assertion, b->assertion);
	assert_int_equal(a->created_on, b->created_on);
	assert_int_equal(a->expires_on, b->expires_on);
	assert_string_equal(a->serial_number, b->serial_number);
	assert_true(voucher_nonce_equal(&a->nonce, &b->nonce));
	assert_int_equal(
	    a->domain_cert_revocation_checks, b->domain_cert_revocation_checks);
	assert_true(bytes_equal(
	    blob_bytes(&a->idevid_issuer), blob_bytes(&b->idevid_issuer)));
	assert_true(bytes_equal(blob_bytes(&a->pinned_domain_cert),
	    blob_bytes(&b->pinned_domain_cert)));
	assert_true(bytes_equal(blob_bytes(&a->proximity_registrar_cert),
	    blob_bytes(&b->proximity_registrar_cert)));
	assert_true(bytes_equal(blob_bytes(&a->prior_signed_voucher_request),
	    blob_bytes(&b->prior_signed_voucher_request)));
}

static void
round_trip(enum voucher_format format, enum voucher_kind kind,
    const struct identity *id, size_t n_chain)
{
	struct voucher_sign_params sign = {
	    .format = format, .n_chain = n_chain};
	struct voucher_certs candidates = {.n = 0};
	struct voucher_open_params open = {
	    .format = format, .kind = kind, .candidates = &candidates};
	struct voucher_opened opened;
	struct blob artifact = {0};
	struct reason why = {""};
	struct voucher v;

	fill(&v, kind);
	if (n_chain == 0)
		assert_int_equal(
		    voucher_certs_add(&candidates, blob_bytes(&id->der)), 0);
	assert_int_equal(voucher_sign(&artifact, &v, id->signer, &sign), 0);
	if (voucher_open(&opened, blob_bytes(&artifact), &open, &why) != 0)
		fail_msg("format %d: %s", format, why.text);
	assert_same(&v, &opened.v);
	assert_true(
	    bytes_equal(blob_bytes(&opened.signer), blob_bytes(&id->der)));
	voucher_opened_fini(&opened);
	voucher_certs_fini(&candidates);
	blob_fini(&artifact);
	voucher_fini(&v);
}

static void
test_round_trips(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		EVP_PKEY *keys[] = {EVP_EC_gen("P-256"), EVP_EC_gen("P-384"),
		    EVP_RSA_gen(2048),
		    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

		for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
			struct identity id = {.cert = NULL};

			identity_init(&id, "signer", keys[k]);
			/* OpenSSL 3.0 signs no CMS by Ed25519. */
			if (formats[i] == VOUCHER_CMS_JSON && k == 3) {
				identity_fini(&id);
				continue;
			}
			round_trip(formats[i], VOUCHER_VOUCHER, &id, 1);
			round_trip(formats[i], VOUCHER_REQUEST, &id, 1);
			if (formats[i] == VOUCHER_COSE_CBOR)
				round_trip(formats[i], VOUCHER_REQUEST, &id, 0);
			identity_fini(&id);
		}
	}
}

/* Somebody else's key under a certificate that the peer is known by. */
static void
test_another_key_refused(void **state)
{
	struct identity a = {.cert = NULL}, b = {.cert = NULL};

	(void)state;
	identity_init(&a, "same", EVP_EC_gen("P-256"));
	identity_init(&b, "same", EVP_EC_gen("P-256"));
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct voucher_sign_params sign = {.format = formats[i]};
		struct voucher_certs candidates = {.n = 0};
		struct voucher_open_params open = {.format = formats[i],
		    .kind = VOUCHER_VOUCHER,
		    .candidates = &candidates};
		struct voucher_opened opened;
		struct blob artifact = {0};
		struct voucher v;

		fill(&v, VOUCHER_VOUCHER);
		assert_int_equal(
		    voucher_certs_add(&candidates, blob_bytes(&b.der)), 0);
		assert_int_equal(
		    voucher_sign(&artifact, &v, a.signer, &sign), 0);
		if (formats[i] != VOUCHER_JWS_JSON) {
			assert_int_equal(
			    voucher_open(
				&opened, blob_bytes(&artifact), &open, NULL),
			    -ERR_REFUSED);
		} else {
			/* The signer came along, and is told. */
			assert_int_equal(
			    voucher_open(
				&opened, blob_bytes(&artifact), &open, NULL),
			    0);
			assert_true(bytes_equal(
			    blob_bytes(&opened.signer), blob_bytes(&a.der)));
			voucher_opened_fini(&opened);
		}
		voucher_certs_fini(&candidates);
		blob_fini(&artifact);
		voucher_fini(&v);
	}
	identity_fini(&a);
	identity_fini(&b);
}

/* A voucher is no request, and the other way round. */
static void
test_another_kind_refused(void **state)
{
	struct identity id = {.cert = NULL};

	(void)state;
	identity_init(&id, "signer", EVP_EC_gen("P-256"));
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct voucher_sign_params sign = {
		    .format = formats[i], .n_chain = 1};
		struct voucher_open_params open = {
		    .format = formats[i], .kind = VOUCHER_REQUEST};
		struct voucher_opened opened;
		struct blob artifact = {0};
		struct reason why = {""};
		struct voucher v;

		fill(&v, VOUCHER_VOUCHER);
		assert_int_equal(
		    voucher_sign(&artifact, &v, id.signer, &sign), 0);
		assert_int_equal(
		    voucher_open(&opened, blob_bytes(&artifact), &open, &why),
		    -ERR_INVALID);
		assert_non_null(strstr(why.text, "ietf-voucher-request"));
		blob_fini(&artifact);
		voucher_fini(&v);
	}
	identity_fini(&id);
}

static void
test_strip(void **state)
{
	struct voucher_sign_params sign = {
	    .format = VOUCHER_COSE_CBOR, .n_chain = 1};
	struct voucher_certs candidates = {.n = 0};
	struct voucher_open_params open = {
	    .format = VOUCHER_COSE_CBOR, .kind = VOUCHER_VOUCHER};
	struct identity id = {.cert = NULL};
	struct blob artifact = {0}, stripped = {0};
	struct voucher_opened opened;
	struct voucher v;

	(void)state;
	identity_init(&id, "masa", EVP_EC_gen("P-256"));
	fill(&v, VOUCHER_VOUCHER);
	assert_int_equal(voucher_sign(&artifact, &v, id.signer, &sign), 0);
	assert_int_equal(
	    voucher_strip(&stripped, VOUCHER_COSE_CBOR, blob_bytes(&artifact)),
	    0);
	assert_null(
	    memmem(stripped.data, stripped.len, id.der.data, id.der.len));
	assert_int_equal(
	    voucher_open(&opened, blob_bytes(&stripped), &open, NULL),
	    -ERR_REFUSED);
	assert_int_equal(
	    voucher_certs_add(&candidates, blob_bytes(&id.der)), 0);
	open.candidates = &candidates;
	assert_int_equal(
	    voucher_open(&opened, blob_bytes(&stripped), &open, NULL), 0);
	assert_same(&v, &opened.v);
	voucher_opened_fini(&opened);
	voucher_certs_fini(&candidates);
	voucher_fini(&v);
	blob_fini(&artifact);
	blob_fini(&stripped);
	identity_fini(&id);
}

static void
test_nonces(void **state)
{
	struct voucher_nonce bytes = {.data = {1, 2, 3, 0xfb}, .len = 4};
	struct voucher_nonce base64 = {.len = 8, .is_text = true};
	struct voucher_nonce url = {.len = 6, .is_text = true};
	struct voucher_nonce other = {.len = 5, .is_text = true};
	struct voucher_nonce none = {.len = 0};

	(void)state;
	memcpy(base64.data, "AQID+w==", 8);
	memcpy(url.data, "AQID-w", 6);
	memcpy(other.data, "AQIDA", 5);
	assert_true(voucher_nonce_equal(&bytes, &base64));
	assert_true(voucher_nonce_equal(&url, &bytes));
	assert_false(voucher_nonce_equal(&url, &base64));
	assert_false(voucher_nonce_equal(&bytes, &other));
	assert_false(voucher_nonce_equal(&bytes, &none));
	assert_false(voucher_nonce_equal(&none, &base64));
	assert_true(voucher_nonce_equal(&none, &none));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trips),
	    cmocka_unit_test(test_another_key_refused),
	    cmocka_unit_test(test_another_kind_refused),
	    cmocka_unit_test(test_strip),
	    cmocka_unit_test(test_nonces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
