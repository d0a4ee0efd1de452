#include "ca/certs_only.h"
#include "tests/fuzz/certs.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct cert_list list CLEANUP(cert_list_fini) = {0};
	struct cert_list again CLEANUP(cert_list_fini) = {0};
	struct blob der CLEANUP(blob_fini) = {0};
	struct reason why = {""};
	int err = certs_only_decode(&list, in, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(list.n > 0 && list.n <= CERT_LIST_MAX);
	FUZZ_CHECK(certs_only_encode(&der, &list) == 0);
	FUZZ_CHECK(certs_only_decode(&again, blob_bytes(&der), &why) == 0);
	FUZZ_CHECK(fuzz_cert_lists_equal(&list, &again));
	/* Nothing but an empty set of CRLs may be lost. */
	FUZZ_CHECK(der.len <= size && der.len + 8 >= size);
	FUZZ_CHECK(der.len != size || bytes_equal(blob_bytes(&der), in));
	return 0;
}
