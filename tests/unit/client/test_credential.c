#include "tests/unit/cmocka.h"

#include <string.h>

#include "client/credential.h"

static void
test_code(void **state)
{
	struct credential c;
	struct reason why = {""};

	(void)state;
	assert_int_equal(0,
	    credential_parse(&c, NULL,
		"estuary:0123-4567-89ab-cdef-ghj5?n=Est.example.net\n", &why));
	assert_string_equal("01234567", c.identity);
	assert_string_equal("89ABCDEFGHJ", c.password);
	assert_string_equal("est.example.net", c.server_name);
	assert_false(c.has_root);
}

static void
test_mistyped_code_refused(void **state)
{
	struct credential c;
	struct reason why = {""};

	(void)state;
	assert_int_equal(-ERR_INVALID,
	    credential_parse(&c, NULL, "0123-4567-89ab-cdef-ghj6", &why));
	assert_non_null(strstr(why.text, "mistyped"));
}

/* One line of ASCII; one LF is removed, nothing else. */
static void
test_password(void **state)
{
	static const char *const bad[] = {"", "\n", "two\nlines", "two\n\n",
	    "caf\xc3\xa9", "tab\t", "cr\r\n"};
	char long_one[PASSWORD_MAX + 2];
	struct credential c;
	struct reason why = {""};

	(void)state;
	assert_int_equal(0, credential_parse(&c, "admin", " a b \n", &why));
	assert_string_equal("admin", c.identity);
	assert_string_equal(" a b ", c.password);
	assert_string_equal("", c.server_name);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
		    -ERR_INVALID, credential_parse(&c, "admin", bad[i], &why));
	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	assert_int_equal(
	    -ERR_INVALID, credential_parse(&c, "admin", long_one, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_code),
	    cmocka_unit_test(test_mistyped_code_refused),
	    cmocka_unit_test(test_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
