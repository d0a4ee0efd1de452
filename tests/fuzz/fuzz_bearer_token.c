#include <string.h>

#include "base/bearer_token.h"
#include "tests/fuzz/fuzz.h"

/* A token has one text, and only that is read. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = fuzz_text((struct bytes){data, size});
	char again[BEARER_TOKEN_LEN + 1];
	struct bearer_token token;

	if (bearer_token_parse(&token, text) != 0)
		return 0;
	FUZZ_CHECK(bearer_token_format(again, &token) == 0);
	FUZZ_CHECK(strcmp(text, again) == 0);
	return 0;
}
