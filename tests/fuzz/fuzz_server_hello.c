/* A server's handshake message as the endpoint's message callback reads it,
 * before libssl does. */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/tls/support.h"
#include "tls/pake_client.h"
#include "tls/pake_provider.h"

static struct spake2p_suite *suite;
static struct spake2p_secret secret;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	FUZZ_CHECK(spake2p_suite_new(&suite) == 0);
	test_secret_new(&secret, NULL);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_client_config config = test_client_config(TEST_IDENTITY);
	struct pake_client pake = {.verdict = PAKE_UNANSWERED};

	FUZZ_CHECK(pake_client_init(&pake, suite, &config, &secret) == 0);
	pake_client_message(&pake, (struct bytes){data, size});
	/* Nobody can guess confirmV, and nothing was exchanged. */
	FUZZ_CHECK(pake.verdict != PAKE_CONFIRMED);
	FUZZ_CHECK(pake.verdict != PAKE_FAILED);
	FUZZ_CHECK(!pake_client_confirmed(&pake));
	pake_disarm();
	pake_client_fini(&pake);
	return 0;
}
