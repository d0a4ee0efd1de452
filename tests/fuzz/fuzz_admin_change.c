/* The path's name in the first line, the body behind it. */
#include <string.h>

#include "server/admin_body.h"
#include "server/admin_json.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const keys[] = {"label", "serial", "reason", NULL};
	struct bytes in = {data, size};
	AUTOFREE char *name = fuzz_take_text(&in, '\n');
	struct change change = {.kind = CHANGE_DNS_RETIRE};
	struct reason why = {""};
	json_t *body;
	int err = json_body_read(&body, in, keys, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	err = change_body_read(&change, name, body, &why);
	fuzz_check_refusal(err, &why);
	FUZZ_CHECK(err != 0 || strcasecmp(change.name, name) == 0);
	json_decref(body);
	return 0;
}
