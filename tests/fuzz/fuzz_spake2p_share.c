/* The check of the other side's share agrees with the computations that follow
 * it, of both roles. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/tls/support.h"
#include "tls/spake2p_protocol.h"

static struct spake2p_suite *suite;
static struct spake2p_secret secret;
static struct verifier record;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	FUZZ_CHECK(spake2p_suite_new(&suite) == 0);
	test_secret_new(&secret, &record);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t scalar[SPAKE2P_SCALAR_LEN] = {[31] = 7};
	const struct spake2p_names names = {0};
	uint8_t share[SPAKE2P_POINT_LEN] = {0}, answer[SPAKE2P_POINT_LEN];
	struct spake2p_keys keys;
	int err;

	memcpy(share, data, size < sizeof(share) ? size : sizeof(share));
	err = spake2p_share_check(suite, share);
	FUZZ_CHECK(err == 0 || err == -ERR_REFUSED);
	FUZZ_CHECK(err != 0 || share[0] == 4);
	FUZZ_CHECK(spake2p_verifier_respond(answer, &keys, suite, &names,
		       &record, share, scalar) == err);
	FUZZ_CHECK(spake2p_prover_finish(&keys, suite, &names, &secret, scalar,
		       record.l, share) == err);
	return 0;
}
