#include "tests/fuzz/admin.h"

#include "server/admin_json.h"

json_t *
fuzz_admin_body(struct bytes in, const char *const *keys)
{
	struct reason why = {""};
	json_t *body = NULL;
	int err = json_body_read(&body, in, keys, &why);

	fuzz_check_refusal(err, &why);
	FUZZ_CHECK((err == 0) == (body != NULL));
	return body;
}
