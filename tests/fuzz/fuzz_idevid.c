#include <string.h>

#include "base/str.h"
#include "ca/idevid.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct cert_list anchors = {.n = 0};
	struct reason why = {""};
	struct idevid idevid;
	int err = idevid_parse(&idevid, in, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(str_is_printable(idevid.serial_number));
	FUZZ_CHECK(str_is_printable(idevid.hw_serial));
	FUZZ_CHECK(str_is_printable(idevid.masa_url));
	FUZZ_CHECK(str_is_printable(idevid.mud_url));
	FUZZ_CHECK(idevid.mud_url[0] == '\0' ||
		   strncmp(idevid.mud_url, "https://", 8) == 0);
	FUZZ_CHECK(idevid.issuer.len >= 2 && idevid.issuer.data[0] == 0x04);
	/* Nobody's device without anchors. */
	FUZZ_CHECK(idevid_verify(in, NULL, &anchors, idevid.not_after - 1,
		       &why) == -ERR_REFUSED);
	idevid_fini(&idevid);
	return 0;
}
