#include <string.h>

#include "base/onboarding.h"
#include "tests/fuzz/fuzz.h"

static bool
codes_equal(const struct onboarding_code *a, const struct onboarding_code *b)
{
	return strcmp(a->identity, b->identity) == 0 &&
	       strcmp(a->secret, b->secret) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = fuzz_text((struct bytes){data, size});
	struct onboarding_code code, again;
	char dashed[CODE_TEXT_MAX], uri[CODE_URI_MAX];
	struct reason why = {""};
	int err = code_parse(&code, text, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(strlen(code.identity) == CODE_IDENTITY_LEN);
	FUZZ_CHECK(strlen(code.secret) == CODE_SECRET_LEN);
	code_format(dashed, &code);
	FUZZ_CHECK(code_parse(&again, dashed, &why) == 0);
	FUZZ_CHECK(codes_equal(&code, &again));
	FUZZ_CHECK(again.server_name[0] == '\0' && !again.has_root);
	FUZZ_CHECK(code_format_uri(uri, &code) == 0);
	FUZZ_CHECK(code_parse(&again, uri, &why) == 0);
	FUZZ_CHECK(codes_equal(&code, &again));
	FUZZ_CHECK(strcmp(code.server_name, again.server_name) == 0);
	FUZZ_CHECK(code.has_root == again.has_root);
	FUZZ_CHECK(memcmp(code.root_sha256, again.root_sha256, 32) == 0);
	return 0;
}
