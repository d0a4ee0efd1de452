#include "tests/fuzz/vouchers.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_open_voucher(VOUCHER_JWS_JSON, (struct bytes){data, size});
	return 0;
}
