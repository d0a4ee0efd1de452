#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/bearer_token.h"

/* 32 octets each: "s" and "r" in base64url. */
#define SECRET "c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M"
#define ROOT "cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnI"
#define ID "0123456789abcdef"
#define GOOD "estuary_" ID "." SECRET "." ROOT

static void
test_text(void **state)
{
	struct bearer_token token = {.id = ID};
	char text[BEARER_TOKEN_LEN + 1];

	(void)state;
	memset(token.secret, 's', sizeof(token.secret));
	memset(token.root_sha256, 'r', sizeof(token.root_sha256));
	assert_int_equal(0, bearer_token_format(text, &token));
	assert_string_equal(GOOD, text);
	memset(&token, 0, sizeof(token));
	assert_int_equal(0, bearer_token_parse(&token, GOOD));
	assert_string_equal(ID, token.id);
	assert_int_equal('s', token.secret[31]);
	assert_int_equal('r', token.root_sha256[31]);
}

/* [RFC6750 2.1] b64token */
static void
test_generate(void **state)
{
	static const uint8_t root[32] = {0xfb, 0xff};
	struct bearer_token a, b, again;
	char text[BEARER_TOKEN_LEN + 1];

	(void)state;
	bearer_token_generate(&a, root);
	bearer_token_generate(&b, root);
	assert_string_not_equal(a.id, b.id);
	assert_memory_not_equal(a.secret, b.secret, sizeof(a.secret));
	assert_int_equal(0, bearer_token_format(text, &a));
	assert_int_equal(BEARER_TOKEN_LEN, strlen(text));
	assert_int_equal(
	    BEARER_TOKEN_LEN, strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "abcdefghijklmnopqrstuvwxyz"
					   "0123456789-._~+/"));
	assert_int_equal(0, bearer_token_parse(&again, text));
	assert_memory_equal(a.secret, again.secret, sizeof(a.secret));
	assert_memory_equal(root, again.root_sha256, sizeof(root));
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {"", "estuary_", "x" GOOD, GOOD "x",
	    GOOD " ", " " GOOD, GOOD "\n", "Estuary_" ID "." SECRET "." ROOT,
	    "estuary-" ID "." SECRET "." ROOT,
	    "estuary_0123456789ABCDEF." SECRET "." ROOT,
	    "estuary_0123456789abcdeg." SECRET "." ROOT,
	    "estuary_" ID "_" SECRET "." ROOT,
	    "estuary_" ID "." SECRET "_" ROOT,
	    /* not base64url, and spare bits that are not zero */
	    "estuary_" ID ".+3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3M." ROOT,
	    "estuary_" ID ".c3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3Nzc3N." ROOT,
	    "estuary_" ID "." SECRET
	    ".cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycnJ",
	    "estuary_" ID "." SECRET
	    ".cnJycnJycnJycnJycnJycnJycnJycnJycnJycnJycn="};
	struct bearer_token token;
	char text[sizeof(GOOD)];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
		    -ERR_INVALID, bearer_token_parse(&token, bad[i]));
	for (size_t len = 0; len < sizeof(GOOD) - 1; len++) {
		memcpy(text, GOOD, len);
		text[len] = '\0';
		assert_int_equal(
		    -ERR_INVALID, bearer_token_parse(&token, text));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_text),
	    cmocka_unit_test(test_generate), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
