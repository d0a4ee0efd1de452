/* Two names, a line each. */
#include <string.h>

#include "base/domain.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	AUTOFREE char *name = fuzz_take_text(&in, '\n');
	AUTOFREE char *base = fuzz_text(in);
	char out[DOMAIN_MAX + 1], again[DOMAIN_MAX + 1];
	int err = domain_normalize(out, name);

	FUZZ_CHECK(err == 0 || err == -ERR_INVALID);
	FUZZ_CHECK(err == 0 || !domain_is_valid(name));
	if (err == 0) {
		FUZZ_CHECK(domain_is_valid(out));
		FUZZ_CHECK(domain_normalize(again, out) == 0);
		FUZZ_CHECK(strcmp(out, again) == 0);
		FUZZ_CHECK(strpbrk(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == NULL);
	}
	FUZZ_CHECK(domain_within(name, name));
	/* Both ways only if they are the same but for the case. */
	if (domain_within(name, base) && domain_within(base, name))
		FUZZ_CHECK(strcasecmp(name, base) == 0);
	FUZZ_CHECK(!service_label_is_valid(name) || strlen(name) <= 15);
	return 0;
}
