#include <string.h>

#include "base/str.h"
#include "registrar/masa_url.h"
#include "tests/fuzz/fuzz.h"

/* A URL, a line feed, and the hosts that are allowed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	char *text = fuzz_take_text(&in, '\n');
	char *patterns = fuzz_text(in);
	struct masa_url url, again;
	struct reason why = {""};
	int err = masa_url_parse(&url, text, &why);

	fuzz_check_refusal(err, &why);
	if (err == 0) {
		FUZZ_CHECK(url.host[0] != '\0' && url.port != 0);
		FUZZ_CHECK(str_is_printable(url.base));
		FUZZ_CHECK(strncmp(url.base, "https://", 8) == 0);
		FUZZ_CHECK(strpbrk(url.base, "@?#% \\") == NULL);
		FUZZ_CHECK(masa_host_allowed(url.host, url.host));
		FUZZ_CHECK(!masa_host_allowed(url.host, ""));
		(void)masa_host_allowed(url.host, patterns);
		/* What is asked is read as the same. */
		FUZZ_CHECK(masa_url_parse(&again, url.base, NULL) == 0);
		FUZZ_CHECK(strcmp(again.host, url.host) == 0 &&
			   again.port == url.port &&
			   strcmp(again.base, url.base) == 0);
	}
	free(text);
	free(patterns);
	return 0;
}
