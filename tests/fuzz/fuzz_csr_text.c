#include "base/base64.h"
#include "ca/csr.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf base64 CLEANUP(buf_fini) = {0};
	struct csr *csr, *again;
	struct reason why = {""};
	int err = csr_parse_text(&csr, (const char *)data, size, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(base64_encode(&base64, csr_der(csr), 0) == 0);
	FUZZ_CHECK(csr_parse_text(&again, base64.data, base64.len, &why) == 0);
	FUZZ_CHECK(bytes_equal(csr_der(csr), csr_der(again)));
	csr_free(again);
	csr_free(csr);
	return 0;
}
