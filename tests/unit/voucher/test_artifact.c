#include "tests/unit/cmocka.h"

#include <string.h>

#include "tests/unit/voucher/support.h"

static const enum voucher_format formats[] = {
    VOUCHER_CMS_JSON, VOUCHER_JWS_JSON, VOUCHER_COSE_CBOR};

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

	voucher_fill(&v, kind);
	if (n_chain == 0)
		assert_int_equal(
		    voucher_certs_add(&candidates, blob_bytes(&id->der)), 0);
	assert_int_equal(voucher_sign(&artifact, &v, id->signer, &sign), 0);
	if (voucher_open(&opened, blob_bytes(&artifact), &open, &why) != 0)
		fail_msg("format %d: %s", format, why.text);
	assert_vouchers_equal(&v, &opened.v);
	assert_true(
	    bytes_equal(blob_bytes(&opened.signer), blob_bytes(&id->der)));
	voucher_opened_fini(&opened);
	voucher_certs_fini(&candidates);
	blob_fini(&artifact);
	voucher_fini(&v);
}

static void
round_trips(enum voucher_format format, const struct identity *id)
{
	/* OpenSSL 3.0 signs no CMS by Ed25519. */
	if (format == VOUCHER_CMS_JSON &&
	    EVP_PKEY_get_base_id(id->key) == EVP_PKEY_ED25519)
		return;
	round_trip(format, VOUCHER_VOUCHER, id, 1);
	round_trip(format, VOUCHER_REQUEST, id, 1);
	if (format == VOUCHER_COSE_CBOR)
		round_trip(format, VOUCHER_REQUEST, id, 0);
}

static void
test_round_trips(void **state)
{
	EVP_PKEY *keys[] = {EVP_EC_gen("P-256"), EVP_EC_gen("P-384"),
	    EVP_EC_gen("P-521"), EVP_RSA_gen(2048),
	    EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
		struct identity id = {.cert = NULL};

		identity_init(&id, "signer", keys[k]);
		for (size_t i = 0; i < ARRAY_LEN(formats); i++)
			round_trips(formats[i], &id);
		identity_fini(&id);
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

		voucher_fill(&v, VOUCHER_VOUCHER);
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

		voucher_fill(&v, VOUCHER_VOUCHER);
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
	voucher_fill(&v, VOUCHER_VOUCHER);
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
	assert_vouchers_equal(&v, &opened.v);
	voucher_opened_fini(&opened);
	voucher_certs_fini(&candidates);
	voucher_fini(&v);
	blob_fini(&artifact);
	blob_fini(&stripped);
	identity_fini(&id);
}

/* [RFC9360 2] Label 32: one certificate as a byte string, two as an array. */
static void
test_x5bag_forms(void **state)
{
	static const uint8_t one[] = {0xa1, 0x18, 32, 0x59};
	static const uint8_t two[] = {0xa1, 0x18, 32, 0x82, 0x59};
	struct voucher_sign_params sign = {
	    .format = VOUCHER_COSE_CBOR, .n_chain = 1};
	struct voucher_certs extra = {.n = 0};
	struct identity id = {.cert = NULL};
	struct blob artifact = {0};
	struct voucher v;

	(void)state;
	identity_init(&id, "registrar", EVP_EC_gen("P-256"));
	voucher_fill(&v, VOUCHER_REQUEST);
	assert_int_equal(voucher_sign(&artifact, &v, id.signer, &sign), 0);
	assert_non_null(memmem(artifact.data, artifact.len, one, sizeof(one)));
	blob_fini(&artifact);
	assert_int_equal(voucher_certs_add(&extra, blob_bytes(&id.der)), 0);
	sign.extra = &extra;
	assert_int_equal(voucher_sign(&artifact, &v, id.signer, &sign), 0);
	assert_non_null(memmem(artifact.data, artifact.len, two, sizeof(two)));
	blob_fini(&artifact);
	voucher_certs_fini(&extra);
	voucher_fini(&v);
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
	    cmocka_unit_test(test_x5bag_forms),
	    cmocka_unit_test(test_nonces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
