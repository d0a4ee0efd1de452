#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

/* A warning for each refused input would only be slow. */
__attribute__((constructor)) static void
log_errors_only(void)
{
	log_set_level(LOG_LEVEL_ERROR);
}

void
fuzz_failed(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
	abort();
}

void
fuzz_check_refusal(int err, const struct reason *why)
{
	if (err == 0)
		return;
	FUZZ_CHECK(err < 0);
	FUZZ_CHECK(err != -ERR_CRYPTO && err != -ERR_NOMEM && err != -ERR_IO);
	FUZZ_CHECK(why->text[0] != '\0');
	if (!str_is_printable(why->text))
		fprintf(stderr, "reason: %s\n", why->text);
	FUZZ_CHECK(str_is_printable(why->text));
}

char *
fuzz_text(struct bytes in)
{
	char *text = malloc(in.len + 1);

	FUZZ_CHECK(text != NULL);
	if (in.len != 0)
		memcpy(text, in.data, in.len);
	text[in.len] = '\0';
	return text;
}

char *
fuzz_take_text(struct bytes *in, char separator)
{
	const uint8_t *end =
	    in->len != 0 ? memchr(in->data, separator, in->len) : NULL;
	size_t len = end != NULL ? (size_t)(end - in->data) : in->len;
	char *text = fuzz_text((struct bytes){in->data, len});

	len += end != NULL ? 1 : 0;
	in->data += len;
	in->len -= len;
	return text;
}

uint8_t
fuzz_take_byte(struct bytes *in)
{
	uint8_t byte;

	if (in->len == 0)
		return 0;
	byte = in->data[0];
	in->data++;
	in->len--;
	return byte;
}
