#include "tests/fuzz/admin.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"name", "scope", "expires_in", NULL};
	struct token_add add = {.expires_in_s = 0};
	struct reason why = {""};
	json_t *body = fuzz_admin_body((struct bytes){data, size}, keys);
	int err;

	if (body == NULL)
		return 0;
	err = token_body_read(&add, body, &why);
	fuzz_check_refusal(err, &why);
	if (err == 0) {
		FUZZ_CHECK(add.expires_in_s >= 0);
		FUZZ_CHECK(token_scope_name(add.scope)[0] != '\0');
	}
	json_decref(body);
	return 0;
}
