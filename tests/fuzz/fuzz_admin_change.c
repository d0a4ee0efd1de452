/* The path's name in the first line, the body behind it. */
#include <string.h>

#include "tests/fuzz/admin.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"label", "serial", "reason", NULL};
	struct bytes in = {data, size};
	AUTOFREE char *name = fuzz_take_text(&in, '\n');
	struct change change = {.kind = CHANGE_DNS_RETIRE};
	struct reason why = {""};
	json_t *body = fuzz_admin_body(in, keys);
	int err;

	if (body == NULL)
		return 0;
	err = change_body_read(&change, name, body, &why);
	fuzz_check_refusal(err, &why);
	FUZZ_CHECK(err != 0 || strcasecmp(change.name, name) == 0);
	json_decref(body);
	return 0;
}
