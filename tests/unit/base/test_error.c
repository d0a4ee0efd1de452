#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/error.h"

static void
test_every_error_has_a_text(void **state)
{
	(void)state;
	for (int err = 0; err < ERR_MAX; err++) {
		assert_string_not_equal("unknown error", err_text(err));
		assert_ptr_equal(err_text(err), err_text(-err));
	}
	assert_string_equal("unknown error", err_text(ERR_MAX));
	assert_string_equal("unknown error", err_text(-ERR_MAX));
}

static void
test_reason_is_returned_and_cut(void **state)
{
	struct reason why = {""};
	char long_text[600];

	(void)state;
	assert_int_equal(
	    -ERR_REFUSED, reason_set(&why, -ERR_REFUSED, "%s %d", "a", 1));
	assert_string_equal("a 1", why.text);
	assert_int_equal(-ERR_IO, reason_set(NULL, -ERR_IO, "b"));
	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	assert_int_equal(
	    -ERR_INVALID, reason_set(&why, -ERR_INVALID, "%s", long_text));
	assert_int_equal(sizeof(why.text) - 1, strlen(why.text));
}

/* One line, whatever a peer put into it. */
static void
test_reason_is_printable(void **state)
{
	struct reason why = {""};

	(void)state;
	reason_set(&why, -ERR_REFUSED, "near '%s'", "a\n\x1b[2J\xc3\xa4\x7f~");
	assert_string_equal("near 'a??[2J???~'", why.text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_error_has_a_text),
	    cmocka_unit_test(test_reason_is_returned_and_cut),
	    cmocka_unit_test(test_reason_is_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
