#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/onboarding.h"

static void
test_round_trip(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		struct onboarding_code code, back;
		char text[CODE_TEXT_MAX], uri[CODE_URI_MAX];

		code_generate(&code);
		code_format(text, &code);
		assert_int_equal(24, strlen(text));
		assert_int_equal(0, code_parse(&back, text, NULL));
		assert_string_equal(code.identity, back.identity);
		assert_string_equal(code.secret, back.secret);
		strcpy(code.server_name, "est.example.net");
		code.has_root = true;
		memset(code.root_sha256, 0xa5, 32);
		assert_int_equal(0, code_format_uri(uri, &code));
		assert_int_equal(0, code_parse(&back, uri, NULL));
		assert_string_equal("est.example.net", back.server_name);
		assert_true(back.has_root);
		assert_memory_equal(code.root_sha256, back.root_sha256, 32);
	}
}

/* The check value written out by hand: value_i x (2i + 1) mod 32 for
 * 0123456789ABCDEFGHJ is the sum of i(2i+1), i = 0..18, = 4389 mod 32 = 5. */
static void
test_known_code(void **state)
{
	struct onboarding_code code;
	struct reason why;

	(void)state;
	assert_int_equal(
	    0, code_parse(&code, "  0123-4567-89ab-cdef-ghj5\n", &why));
	assert_string_equal("01234567", code.identity);
	assert_string_equal("89ABCDEFGHJ", code.secret);
	assert_int_equal(0, code_parse(&code, "o1234567-89ABCDEFGHJ-5", &why));
	assert_int_equal(
	    -ERR_INVALID, code_parse(&code, "0123456789ABCDEFGHJ6", &why));
}

static void
test_every_single_wrong_character_refused(void **state)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	struct onboarding_code code, back;
	char text[CODE_TEXT_MAX];

	(void)state;
	code_generate(&code);
	code_format(text, &code);
	for (size_t i = 0; i < strlen(text); i++) {
		char right = text[i];

		for (const char *c = alphabet; *c != '\0'; c++) {
			if (*c == right || right == '-')
				continue;
			text[i] = *c;
			assert_int_equal(
			    -ERR_INVALID, code_parse(&back, text, NULL));
		}
		text[i] = right;
	}
}

static void
test_malformed_refused(void **state)
{
	static const char *const bad[] = {"", "-", "0123",
	    "estuary:", "0123-4567-89ab-cdef-ghj5-0",
	    "U123-4567-89ab-cdef-ghj5", "0123-4567-89ab-cdef-ghj\xc3\xa9",
	    "estuary:0123-4567-89ab-cdef-ghj5?n=-bad-",
	    "estuary:0123-4567-89ab-cdef-ghj5?r=AAAA",
	    "estuary:0123-4567-89ab-cdef-ghj5?r=%%%%"};
	struct onboarding_code code;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};

		assert_int_equal(-ERR_INVALID, code_parse(&code, bad[i], &why));
		assert_true(strlen(why.text) > 0);
	}
}

/* As user name and password of HTTP Basic. */
static void
test_parts(void **state)
{
	static const char *const good[][2] = {{"01234567", "89ABCDEFGHJ"},
	    {"0123-4567", "89ab-cdef-ghj"}, {"oi23 4567", "89ABCDEFGHJ5"},
	    {"0l23-4567", "89ab-cdef-ghj5"}};
	static const char *const bad[][2] = {{"", ""}, {"01234567", ""},
	    {"0123456", "89ABCDEFGHJ"}, {"012345678", "89ABCDEFGHJ"},
	    {"01234567", "89ABCDEFGH"}, {"01234567", "89ABCDEFGHJ6"},
	    {"01234567", "89ABCDEFGHJ50"}, {"0123456U", "89ABCDEFGHJ"},
	    {"01234567", "89ABCDEFGHU"}, {"01234567", "89ABCDEFGH\xc3"}};
	struct onboarding_code code;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(
		    0, code_from_parts(&code, good[i][0], good[i][1]));
		assert_string_equal("01234567", code.identity);
		assert_string_equal("89ABCDEFGHJ", code.secret);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
		    -ERR_INVALID, code_from_parts(&code, bad[i][0], bad[i][1]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_known_code),
	    cmocka_unit_test(test_every_single_wrong_character_refused),
	    cmocka_unit_test(test_malformed_refused),
	    cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
