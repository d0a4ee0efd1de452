/* server.cert and server.key: the key's text, a NUL, the chain's; without a NUL
 * it is one text for both. */
#include <string.h>

#include "ca/server_pair.h"
#include "tests/fuzz/fuzz.h"

#define NOW 1900000000

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes key = {data, size}, chain = key;
	const uint8_t *end = size != 0 ? memchr(data, 0, size) : NULL;
	struct server_pair *pair = calloc(1, sizeof(*pair));
	struct reason why = {""};
	int err;

	FUZZ_CHECK(pair != NULL);
	if (end != NULL) {
		key.len = (size_t)(end - data);
		chain = (struct bytes){end + 1, size - key.len - 1};
	}
	err = server_pair_read(pair, chain, key, "dns.example.net", NOW, &why);
	fuzz_check_refusal(err, &why);
	if (err == 0) {
		FUZZ_CHECK(pair->chain_pem.len != 0);
		FUZZ_CHECK(pair->info.not_after >= NOW);
		server_pair_fini(pair);
	}
	free(pair);
	return 0;
}
