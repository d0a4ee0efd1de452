#include <string.h>

#include "tests/fuzz/admin.h"

static void
check_identity(const struct identity_add *add)
{
	FUZZ_CHECK(add->uses >= 0 && add->expires_in_s >= 0);
	FUZZ_CHECK(add->chosen || add->password[0] == '\0');
	/* Patterns stay apart: one a line, and none is empty. */
	FUZZ_CHECK(strpbrk(add->allow_names, "\t\r") == NULL);
	FUZZ_CHECK(add->allow_names[0] != '\n');
	FUZZ_CHECK(strstr(add->allow_names, "\n\n") == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"name", "password", "profile",
	    "uses", "expires_in", "allow_names", "basic", "approval", NULL};
	struct identity_add add = {.uses = 0};
	struct reason why = {""};
	json_t *body = fuzz_admin_body((struct bytes){data, size}, keys);
	int err;

	if (body == NULL)
		return 0;
	err = identity_body_read(&add, body, &why);
	fuzz_check_refusal(err, &why);
	if (err == 0)
		check_identity(&add);
	json_decref(body);
	return 0;
}
