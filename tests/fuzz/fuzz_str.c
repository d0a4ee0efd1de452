/* One text as time stamp, duration, number and hex, and quoted for the log. */
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/str.h"
#include "tests/fuzz/fuzz.h"

static void
check_time(const char *text)
{
	char out[RFC3339_LEN];
	int64_t time;

	if (rfc3339_parse(&time, text) != 0)
		return;
	rfc3339_format(out, time);
	FUZZ_CHECK(strcmp(out, text) == 0);
}

static void
check_numbers(const char *text)
{
	static const int64_t limits[] = {0, 9, 10, 65535, INT64_MAX};
	int64_t n, smaller = -1, seconds;

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		if (parse_number(&n, text, limits[i]) != 0)
			continue;
		FUZZ_CHECK(n >= 0 && n <= limits[i]);
		FUZZ_CHECK(smaller < 0 || n == smaller);
		smaller = n;
	}
	if (parse_duration(&seconds, text) == 0)
		FUZZ_CHECK(seconds >= 0 && seconds % 60 < 60);
}

static void
check_hex(const char *text)
{
	size_t len = strlen(text);
	AUTOFREE uint8_t *bytes = malloc(len / 2 + 1);
	AUTOFREE char *again = malloc(len + 1);

	FUZZ_CHECK(bytes != NULL && again != NULL);
	if (hex_decode(bytes, len / 2, text) != 0)
		return;
	FUZZ_CHECK(len % 2 == 0);
	hex_encode(again, (struct bytes){bytes, len / 2});
	FUZZ_CHECK(strcasecmp(again, text) == 0);
}

static void
check_quoted(const char *text)
{
	char out[24];

	FUZZ_CHECK(log_quote(out, sizeof(out), text) == out);
	FUZZ_CHECK(str_is_printable(out));
	FUZZ_CHECK(out[0] == '"' && strlen(out) >= 2);
	/* The only other quote is at the end. */
	FUZZ_CHECK(strchr(out + 1, '"') == out + strlen(out) - 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = fuzz_text((struct bytes){data, size});

	check_time(text);
	check_numbers(text);
	check_hex(text);
	check_quoted(text);
	return 0;
}
