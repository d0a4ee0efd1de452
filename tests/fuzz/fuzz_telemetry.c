#include <string.h>

#include "base/str.h"
#include "tests/fuzz/fuzz.h"
#include "voucher/telemetry.h"

/* The first byte: 0x01 CBOR instead of JSON. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	bool cbor = (fuzz_take_byte(&in) & 1) != 0;
	struct telemetry t, again;
	struct reason why = {""};
	struct blob body = {0};
	int err = telemetry_parse(&t, cbor, in, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(str_is_printable(t.reason) && str_is_printable(t.context));
	FUZZ_CHECK(t.version >= 0);
	FUZZ_CHECK(telemetry_encode(&body, cbor, &t) == 0);
	FUZZ_CHECK(telemetry_parse(&again, cbor, blob_bytes(&body), NULL) == 0);
	FUZZ_CHECK(again.version == t.version && again.status == t.status);
	FUZZ_CHECK(strcmp(again.reason, t.reason) == 0);
	blob_fini(&body);
	return 0;
}
