#include "tests/fuzz/fuzz.h"
#include "tls/pake_wire.h"
#include "tls/server.h"

#define SCHEME PAKE_SCHEME_SPAKE2PLUS_DEFAULT

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct pake_server_hello hello;
	uint8_t encoded[PAKE_SERVER_HELLO_LEN];
	int err = pake_server_hello_parse(&hello, in, SCHEME);

	FUZZ_CHECK(err == 0 || err == -ERR_INVALID || err == -ERR_REFUSED);
	if (err != 0)
		return 0;
	pake_server_hello_encode(encoded, &hello, SCHEME);
	FUZZ_CHECK(bytes_equal((struct bytes){encoded, sizeof(encoded)}, in));
	return 0;
}
