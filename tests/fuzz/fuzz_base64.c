#include <string.h>

#include "base/base64.h"
#include "tests/fuzz/fuzz.h"

static void
check_standard(const char *text, size_t len)
{
	struct blob bytes CLEANUP(blob_fini) = {0};
	struct blob again CLEANUP(blob_fini) = {0};
	struct buf encoded CLEANUP(buf_fini) = {0};
	size_t n = 0;
	int err = base64_decode(&bytes, text, len);

	FUZZ_CHECK(err == 0 || err == -ERR_INVALID);
	if (err != 0)
		return;
	/* One line of it is the text without its white space. */
	FUZZ_CHECK(base64_encode(&encoded, blob_bytes(&bytes), 0) == 0);
	for (size_t i = 0; i < len; i++)
		if (memchr(" \t\r\n", text[i], 4) == NULL)
			FUZZ_CHECK(
			    n < encoded.len && encoded.data[n++] == text[i]);
	FUZZ_CHECK(n == encoded.len);
	buf_fini(&encoded);
	encoded = (struct buf){0};
	FUZZ_CHECK(base64_encode(&encoded, blob_bytes(&bytes), 64) == 0);
	FUZZ_CHECK(base64_decode(&again, buf_text(&encoded), encoded.len) == 0);
	FUZZ_CHECK(bytes_equal(blob_bytes(&bytes), blob_bytes(&again)));
}

static void
check_url(const char *text, size_t len)
{
	struct blob bytes CLEANUP(blob_fini) = {0};
	struct buf encoded CLEANUP(buf_fini) = {0};
	int err = base64url_decode(&bytes, text, len);

	FUZZ_CHECK(err == 0 || err == -ERR_INVALID);
	if (err != 0)
		return;
	FUZZ_CHECK(base64url_encode(&encoded, blob_bytes(&bytes)) == 0);
	FUZZ_CHECK(encoded.len == len);
	FUZZ_CHECK(memcmp(buf_text(&encoded), text, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTOFREE char *text = fuzz_text((struct bytes){data, size});

	check_standard(text, size);
	check_url(text, size);
	return 0;
}
