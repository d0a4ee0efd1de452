/* The sliced reading of a request (ca/csr_p256.c) against the general one: what
 * either accepts the other accepts, and reads the same in it. */
#include <string.h>

#include "ca/csr_openssl.h"
#include "ca/openssl_util.h"
#include "tests/fuzz/fuzz.h"

static void
check_same_key(const struct csr *a, const struct csr *b)
{
	uint8_t key_a[32], key_b[32];

	FUZZ_CHECK(csr_key_sha256(key_a, a) == 0);
	FUZZ_CHECK(csr_key_sha256(key_b, b) == 0);
	FUZZ_CHECK(memcmp(key_a, key_b, sizeof(key_a)) == 0);
}

static void
check_same(const struct csr *a, const struct csr *b)
{
	check_same_key(a, b);
	FUZZ_CHECK(bytes_equal(csr_der(a), csr_der(b)));
	FUZZ_CHECK(strcmp(csr_common_name(a), csr_common_name(b)) == 0);
	FUZZ_CHECK(strcmp(csr_serial_number(a), csr_serial_number(b)) == 0);
	FUZZ_CHECK(csr_subject_has_more(a) == csr_subject_has_more(b));
	FUZZ_CHECK(csr_subject_is_odd(a) == csr_subject_is_odd(b));
	FUZZ_CHECK(strcmp(csr_challenge(a), csr_challenge(b)) == 0);
	FUZZ_CHECK(names_equal(csr_names(a), csr_names(b)));
}

/* The general way decodes the key when it reads, the sliced one when it needs
 * it. */
static void
check_point_is_bad(const struct csr *sliced)
{
	FUZZ_CHECK(csr_check_proof(sliced, NULL) == -ERR_INVALID);
}

/* The signer reads less of it, so it may take more; what csr_parse() takes it
 * takes, with the same key. */
static void
check_signers_key(const struct csr *general, struct bytes in)
{
	X509_PUBKEY *key = NULL;
	struct reason why = {""};
	uint8_t proved[32], read[32];
	int err = csr_proved_key(&key, in, &why);

	fuzz_check_refusal(err, &why);
	FUZZ_CHECK((key != NULL) == (err == 0));
	if (general != NULL)
		FUZZ_CHECK(err == csr_check_proof(general, NULL));
	if (general != NULL && err == 0) {
		FUZZ_CHECK(spki_sha256(proved, key) == 0);
		FUZZ_CHECK(csr_key_sha256(read, general) == 0);
		FUZZ_CHECK(memcmp(proved, read, sizeof(read)) == 0);
	}
	X509_PUBKEY_free(key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct csr *fast = NULL, *general = NULL;
	struct reason why = {""};
	int err_fast = csr_read(&fast, in, true, &why);
	int err_general;

	fuzz_check_refusal(err_fast, &why);
	err_general = csr_read(&general, in, false, &why);
	fuzz_check_refusal(err_general, &why);
	if (err_general == 0) {
		FUZZ_CHECK(err_fast == 0);
		check_same(fast, general);
		FUZZ_CHECK(csr_check_proof(fast, NULL) ==
			   csr_check_proof(general, NULL));
	} else if (err_fast == 0) {
		check_point_is_bad(fast);
	}
	check_signers_key(general, in);
	csr_free(fast);
	csr_free(general);
	return 0;
}
