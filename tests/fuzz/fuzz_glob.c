/* The pattern in the first line, the text behind it. */
#include <string.h>

#include "registrar/glob.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	AUTOFREE char *pattern = fuzz_take_text(&in, '\n');
	AUTOFREE char *text = fuzz_take_text(&in, '\n');
	size_t start, len, text_len = strlen(text);

	if (strlen(pattern) >= GLOB_MAX || text_len >= GLOB_MAX)
		return 0;
	FUZZ_CHECK(glob_matches("*", 1, text, text_len));
	if (strchr(pattern, '*') == NULL)
		FUZZ_CHECK(glob_matches(pattern, strlen(pattern), text,
			       text_len) == (strcmp(pattern, text) == 0));
	if (glob_capture(&start, &len, pattern, text) == 0)
		FUZZ_CHECK(len > 0 && start + len <= text_len);
	return 0;
}
