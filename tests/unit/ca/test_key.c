#include "tests/unit/cmocka.h"

#include <string.h>

#include <openssl/pem.h>

#include "ca/csr.h"
#include "ca/key.h"
#include "ca/key_openssl.h"
#include "tests/unit/ca/craft.h"

static void
pem_of(struct blob *out, EVP_PKEY *key, const char *pass)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text;
	long len;

	assert_int_equal(
	    1, PEM_write_bio_PKCS8PrivateKey(bio, key,
		   pass != NULL ? EVP_aes_128_cbc() : NULL, pass,
		   pass != NULL ? (int)strlen(pass) : 0, NULL, NULL));
	len = BIO_get_mem_data(bio, &text);
	assert_int_equal(0,
	    blob_copy(out, (struct bytes){(const uint8_t *)text, (size_t)len}));
	BIO_free(bio);
}

static void
test_pem_round_trip(void **state)
{
	struct key *key = NULL, *again = NULL;
	struct blob pem = {0}, pem_again = {0};

	(void)state;
	assert_int_equal(0, key_generate(&key));
	assert_int_equal(0, key_to_pem(&pem, key));
	assert_memory_equal("-----BEGIN PRIVATE KEY-----\n", pem.data, 28);
	assert_int_equal(0, key_from_pem(&again, blob_bytes(&pem)));
	assert_int_equal(0, key_to_pem(&pem_again, again));
	assert_true(bytes_equal(blob_bytes(&pem), blob_bytes(&pem_again)));
	key_pem_fini(&pem);
	key_pem_fini(&pem_again);
	assert_null(pem.data);
	key_free(key);
	key_free(again);
	key_free(NULL);
}

static void
refused(struct bytes pem)
{
	struct key *key = NULL;

	assert_int_equal(-ERR_INVALID, key_from_pem(&key, pem));
	assert_null(key);
}

static void
test_other_keys_refused(void **state)
{
	struct blob pem = {0};
	EVP_PKEY *p384 = craft_key("P-384"), *p256 = craft_key("P-256");

	(void)state;
	refused((struct bytes){0});
	refused((struct bytes){(const uint8_t *)"nonsense", 8});
	pem_of(&pem, p384, NULL);
	refused(blob_bytes(&pem));
	blob_fini(&pem);
	pem_of(&pem, p256, "pass phrase"); /* and nobody is asked for it */
	refused(blob_bytes(&pem));
	blob_fini(&pem);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(p256);
}

/* Damage is found out, or (in the two version numbers) changes nothing. */
static void
test_damaged_key_refused(void **state)
{
	struct key *key = NULL, *damaged = NULL;
	struct blob pem = {0};
	size_t refusals = 0, n = 0;

	(void)state;
	assert_int_equal(0, key_generate(&key));
	assert_int_equal(0, key_to_pem(&pem, key));
	for (size_t i = 28; i < pem.len - 26; i += 3) {
		uint8_t right = pem.data[i];

		if (right == '\n' || right == '=')
			continue;
		n++;
		pem.data[i] = right == 'A' ? 'B' : 'A';
		if (key_from_pem(&damaged, blob_bytes(&pem)) != 0)
			refusals++;
		pem.data[i] = right;
		if (damaged == NULL)
			continue;
		assert_int_equal(
		    1, EVP_PKEY_eq(key_pkey(key), key_pkey(damaged)));
		key_free(damaged);
		damaged = NULL;
	}
	assert_true(refusals + 3 >= n);
	for (size_t len = 0; len < pem.len - 1; len++)
		assert_int_equal(-ERR_INVALID,
		    key_from_pem(&damaged, (struct bytes){pem.data, len}));
	key_pem_fini(&pem);
	key_free(key);
}

static void
test_csr(void **state)
{
	struct key *key = NULL;
	struct blob der = {0};
	struct csr *csr = NULL;
	struct names names = {0}, other = {0};
	struct reason why = {""};

	(void)state;
	assert_int_equal(0, names_add(&names, NAME_DNS, CRAFT_ADN));
	assert_int_equal(0, names_add_srv(&names, "domain-s", CRAFT_ADN));
	assert_int_equal(0, names_add(&names, NAME_IP, "10.0.0.1"));
	assert_int_equal(0, key_generate(&key));
	assert_int_equal(0, key_make_csr(&der, key, CRAFT_ADN, &names));
	assert_int_equal(0, csr_parse(&csr, blob_bytes(&der), &why));
	assert_string_equal(CRAFT_ADN, csr_common_name(csr));
	assert_false(csr_subject_has_more(csr));
	assert_true(names_equal(&names, csr_names(csr)));
	csr_free(csr);
	blob_fini(&der);
	assert_int_equal(0, key_make_csr(&der, key, "", NULL));
	assert_int_equal(0, csr_parse(&csr, blob_bytes(&der), &why));
	assert_string_equal("", csr_common_name(csr));
	assert_int_equal(0, csr_names(csr)->n);
	csr_free(csr);
	blob_fini(&der);
	assert_int_equal(0, names_add(&other, NAME_OTHER, "email"));
	assert_int_equal(-ERR_INVALID, key_make_csr(&der, key, "", &other));
	key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pem_round_trip),
	    cmocka_unit_test(test_other_keys_refused),
	    cmocka_unit_test(test_damaged_key_refused),
	    cmocka_unit_test(test_csr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
