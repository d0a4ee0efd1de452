#include "tests/unit/cmocka.h"

#include <string.h>

#include "ca/csr_openssl.h"
#include "ca/der.h"
#include "tests/unit/ca/craft.h"

static void
good_csr(struct blob *der, const char *curve)
{
	EVP_PKEY *key = craft_key(curve);

	craft_csr(der, &(struct craft_csr){.key = key,
			   .exts = {{"subjectAltName", "DNS:" CRAFT_ADN}},
			   .attributes = {"challengePassword"}});
	EVP_PKEY_free(key);
}

static void
same(const struct csr *a, const struct csr *b)
{
	uint8_t key_a[32], key_b[32];

	assert_int_equal(0, csr_key_sha256(key_a, a));
	assert_int_equal(0, csr_key_sha256(key_b, b));
	assert_memory_equal(key_a, key_b, sizeof(key_a));
	assert_true(bytes_equal(csr_der(a), csr_der(b)));
	assert_string_equal(csr_common_name(a), csr_common_name(b));
	assert_string_equal(csr_serial_number(a), csr_serial_number(b));
	assert_true(csr_subject_has_more(a) == csr_subject_has_more(b));
	assert_true(csr_subject_is_odd(a) == csr_subject_is_odd(b));
	assert_string_equal(csr_challenge(a), csr_challenge(b));
	assert_true(names_equal(csr_names(a), csr_names(b)));
}

/* What one way accepts the other accepts, and reads the same; only the key is
 * decoded at the proof by the sliced one. */
static void
agree(struct bytes der)
{
	struct csr *sliced = NULL, *general = NULL;
	int err_sliced = csr_read(&sliced, der, true, NULL);
	int err_general = csr_read(&general, der, false, NULL);

	if (err_general == 0) {
		assert_int_equal(0, err_sliced);
		same(sliced, general);
		assert_int_equal(csr_check_proof(general, NULL),
		    csr_check_proof(sliced, NULL));
	} else if (err_sliced == 0) {
		assert_int_equal(-ERR_INVALID, csr_check_proof(sliced, NULL));
	}
	csr_free(sliced);
	csr_free(general);
}

static void
test_the_common_request_is_sliced(void **state)
{
	struct csr_slices slices;
	struct blob der = {0}, p384 = {0};
	struct csr *csr = NULL;

	(void)state;
	good_csr(&der, "P-256");
	assert_true(csr_slice(&slices, blob_bytes(&der)));
	assert_int_equal(65, slices.point.len);
	assert_int_equal(0, csr_read(&csr, blob_bytes(&der), true, NULL));
	assert_int_equal(0, csr_check_proof(csr, NULL));
	assert_string_equal(CRAFT_ADN, csr_names(csr)->items[0].text);
	assert_true(csr_challenge(csr)[0] != '\0');
	csr_free(csr);
	agree(blob_bytes(&der));

	good_csr(&p384, "P-384");
	assert_false(csr_slice(&slices, blob_bytes(&p384)));
	agree(blob_bytes(&p384));
	blob_fini(&der);
	blob_fini(&p384);
}

static void
test_both_ways_agree_on_every_flip(void **state)
{
	struct blob der = {0};

	(void)state;
	good_csr(&der, "P-256");
	for (size_t i = 0; i < 8 * der.len; i++) {
		der.data[i / 8] ^= (uint8_t)(1u << i % 8);
		agree(blob_bytes(&der));
		der.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	blob_fini(&der);
}

static void
test_both_ways_agree_on_every_cut(void **state)
{
	struct blob der = {0};

	(void)state;
	good_csr(&der, "P-256");
	for (size_t len = 0; len < der.len; len++) {
		struct blob cut = {0};

		assert_int_equal(
		    0, blob_copy(&cut, (struct bytes){der.data, len}));
		agree(blob_bytes(&cut));
		blob_fini(&cut);
	}
	blob_fini(&der);
}

static void
test_point_off_the_curve_refused(void **state)
{
	struct csr_slices slices;
	struct blob der = {0};
	struct csr *csr = NULL;
	struct reason why = {""};

	(void)state;
	good_csr(&der, "P-256");
	assert_true(csr_slice(&slices, blob_bytes(&der)));
	der.data[slices.point.data - der.data + 40] ^= 1;
	assert_int_equal(-ERR_INVALID, csr_parse(&csr, blob_bytes(&der), &why));
	assert_non_null(strstr(why.text, "public key is malformed"));
	assert_null(csr);
	blob_fini(&der);
}

static void
test_somebody_elses_key_refused(void **state)
{
	EVP_PKEY *key = craft_key("P-256"), *other = craft_key("P-256");
	struct blob der = {0};
	struct csr *csr = NULL;
	struct csr_slices slices;
	struct reason why = {""};

	(void)state;
	craft_csr(&der, &(struct craft_csr){.key = key, .signer = other});
	assert_true(csr_slice(&slices, blob_bytes(&der)));
	assert_int_equal(-ERR_REFUSED, csr_parse(&csr, blob_bytes(&der), &why));
	assert_non_null(strstr(why.text, "proof of possession"));
	/* Reading alone does not ask. */
	assert_int_equal(0, csr_read(&csr, blob_bytes(&der), true, &why));
	assert_int_equal(-ERR_REFUSED, csr_check_proof(csr, NULL));
	csr_free(csr);
	blob_fini(&der);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_common_request_is_sliced),
	    cmocka_unit_test(test_both_ways_agree_on_every_flip),
	    cmocka_unit_test(test_both_ways_agree_on_every_cut),
	    cmocka_unit_test(test_point_off_the_curve_refused),
	    cmocka_unit_test(test_somebody_elses_key_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
