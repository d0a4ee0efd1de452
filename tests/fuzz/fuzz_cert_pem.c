#include "tests/fuzz/certs.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cert_list list CLEANUP(cert_list_fini) = {0};
	struct cert_list again CLEANUP(cert_list_fini) = {0};
	struct buf pem CLEANUP(buf_fini) = {0};
	struct reason why = {""};
	int err = cert_list_from_pem(&list, (struct bytes){data, size}, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(list.n > 0 && list.n <= CERT_LIST_MAX);
	for (size_t i = 0; i < list.n; i++)
		FUZZ_CHECK(cert_to_pem(&pem, blob_bytes(&list.items[i])) == 0);
	FUZZ_CHECK(
	    cert_list_from_pem(&again,
		(struct bytes){(const uint8_t *)pem.data, pem.len}, &why) == 0);
	FUZZ_CHECK(fuzz_cert_lists_equal(&list, &again));
	return 0;
}
