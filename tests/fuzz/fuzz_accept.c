#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "voucher/format.h"

/* The first byte: the preferred format; the others: an Accept header, and once
 * more as a Content-Type. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	enum voucher_format preferred =
	    (enum voucher_format)(1 + fuzz_take_byte(&in) % 3);
	enum voucher_format format, named;
	const char *type = NULL;
	char *header = fuzz_text(in);
	int err = voucher_format_accept(&format, &type, header, preferred);

	FUZZ_CHECK(err == 0 || err == -ERR_NOT_FOUND);
	if (err == 0) {
		FUZZ_CHECK(voucher_format_of(&named, type) == 0);
		FUZZ_CHECK(named == format);
	}
	err = voucher_format_of(&format, header);
	FUZZ_CHECK(err == 0 || err == -ERR_NOT_FOUND);
	if (err == 0)
		FUZZ_CHECK(
		    format >= VOUCHER_CMS_JSON && format <= VOUCHER_COSE_CBOR);
	free(header);
	return 0;
}
