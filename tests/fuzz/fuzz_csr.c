#include <string.h>

#include "base/str.h"
#include "ca/csr_openssl.h"
#include "ca/pem.h"
#include "tests/fuzz/certs.h"
#include "tests/fuzz/fuzz.h"

/* The same request as PEM is the same request. */
static void
check_as_pem(const struct csr *csr)
{
	struct buf pem CLEANUP(buf_fini) = {0};
	struct csr *again;
	struct reason why = {""};

	FUZZ_CHECK(pem_add(&pem, "CERTIFICATE REQUEST", csr_der(csr)) == 0);
	FUZZ_CHECK(csr_parse_text(&again, pem.data, pem.len, &why) == 0);
	FUZZ_CHECK(names_equal(csr_names(csr), csr_names(again)));
	FUZZ_CHECK(strcmp(csr_common_name(csr), csr_common_name(again)) == 0);
	csr_free(again);
}

static void
check_key(const struct csr *csr)
{
	uint8_t *der = NULL;
	int len = i2d_X509_PUBKEY(csr_public_key(csr), &der);
	const uint8_t *p = der;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &p, len);

	FUZZ_CHECK(EVP_PKEY_get_security_bits(key) >= 112);
	EVP_PKEY_free(key);
	OPENSSL_free(der);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct csr *csr;
	struct reason why = {""};
	int err = csr_parse(&csr, in, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(bytes_equal(csr_der(csr), in));
	for (const char *p = csr_common_name(csr); *p != '\0'; p++)
		FUZZ_CHECK((unsigned char)*p >= 0x20 && *p != 0x7f);
	check_key(csr);
	fuzz_check_names(csr_names(csr));
	check_as_pem(csr);
	csr_free(csr);
	return 0;
}
