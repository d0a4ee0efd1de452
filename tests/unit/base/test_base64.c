#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/base64.h"

/* RFC 4648 section 10 */
static const struct {
	const char *plain, *encoded;
} vectors[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

static void
test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct buf text = {0};
		struct blob back = {0};
		const char *plain = vectors[i].plain;

		assert_int_equal(0,
		    base64_encode(&text,
			(struct bytes){(const uint8_t *)plain, strlen(plain)},
			0));
		assert_string_equal(buf_text(&text), vectors[i].encoded);
		assert_int_equal(0, base64_decode(&back, vectors[i].encoded,
					strlen(vectors[i].encoded)));
		assert_int_equal(back.len, strlen(plain));
		assert_memory_equal(back.data, plain, back.len);
		buf_fini(&text);
		blob_fini(&back);
	}
}

static void
test_white_space_is_ignored(void **state)
{
	struct blob out = {0};
	static const char text[] = " Zm9v\r\n\tYm Fy\n";

	(void)state;
	assert_int_equal(0, base64_decode(&out, text, sizeof(text) - 1));
	assert_int_equal(6, out.len);
	assert_memory_equal("foobar", out.data, 6);
	blob_fini(&out);
}

static void
test_malformed_refused(void **state)
{
	static const char *const bad[] = {"Z", "Zg", "Zg=", "Zg===", "Zm8",
	    "Zh==", "Zm9=", "Zm9v=", "Z=g=", "Zm9v!", "Zm9v-_",
	    "====", "Zg==Zg=="};
	struct blob out = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
		    -ERR_INVALID, base64_decode(&out, bad[i], strlen(bad[i])));
	assert_int_equal(-ERR_INVALID, base64_decode(&out, "Zm9\0", 4));
}

static void
test_wrapping(void **state)
{
	struct buf text = {0};
	static const uint8_t zeros[100];

	(void)state;
	assert_int_equal(
	    0, base64_encode(&text, (struct bytes){zeros, 100}, 64));
	assert_int_equal(136 + 3, text.len);
	assert_int_equal('\n', text.data[64]);
	assert_int_equal('\n', text.data[text.len - 1]);
	buf_fini(&text);
}

static void
test_url_alphabet(void **state)
{
	static const uint8_t raw[] = {0xfb, 0xff, 0xfe, 0x01};
	struct buf text = {0};
	struct blob back = {0};

	(void)state;
	assert_int_equal(
	    0, base64url_encode(&text, (struct bytes){raw, sizeof(raw)}));
	assert_string_equal("-__-AQ", buf_text(&text));
	assert_int_equal(0, base64url_decode(&back, text.data, text.len));
	assert_int_equal(sizeof(raw), back.len);
	assert_memory_equal(raw, back.data, sizeof(raw));
	assert_int_equal(-ERR_INVALID, base64url_decode(&back, "AQ==", 4));
	buf_fini(&text);
	blob_fini(&back);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_white_space_is_ignored),
	    cmocka_unit_test(test_malformed_refused),
	    cmocka_unit_test(test_wrapping),
	    cmocka_unit_test(test_url_alphabet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
