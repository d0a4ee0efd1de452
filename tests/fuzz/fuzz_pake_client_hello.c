#include "tests/fuzz/fuzz.h"
#include "tls/pake_wire.h"
#include "tls/server.h"

#define SCHEME PAKE_SCHEME_SPAKE2PLUS_DEFAULT

static void
check_round_trip(const struct pake_client_hello *hello, struct bytes in)
{
	struct pake_client_hello again;
	struct blob encoded CLEANUP(blob_fini) = {0};

	FUZZ_CHECK(pake_client_hello_encode(&encoded, hello, SCHEME) == 0);
	FUZZ_CHECK(
	    pake_client_hello_parse(&again, blob_bytes(&encoded), SCHEME) == 0);
	FUZZ_CHECK(bytes_equal(again.client_identity, hello->client_identity));
	FUZZ_CHECK(bytes_equal(again.server_identity, hello->server_identity));
	FUZZ_CHECK(bytes_equal((struct bytes){again.share_p, SPAKE2P_POINT_LEN},
	    (struct bytes){hello->share_p, SPAKE2P_POINT_LEN}));
	/* Only shares of other schemes may be lost on the way. */
	FUZZ_CHECK(encoded.len <= in.len);
	if (encoded.len == in.len)
		FUZZ_CHECK(bytes_equal(blob_bytes(&encoded), in));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct pake_client_hello hello;
	int err = pake_client_hello_parse(&hello, in, SCHEME);

	FUZZ_CHECK(err == 0 || err == -ERR_INVALID || err == -ERR_REFUSED);
	if (err == 0)
		check_round_trip(&hello, in);
	return 0;
}
