#include "tests/unit/cmocka.h"

#include <string.h>

#include "registrar/glob.h"

static bool
matches(const char *pattern, const char *text)
{
	return glob_matches(pattern, strlen(pattern), text, strlen(text));
}

static void
test_matches(void **state)
{
	(void)state;
	assert_true(matches("", ""));
	assert_true(matches("*", ""));
	assert_true(matches("A-1", "A-1"));
	assert_true(matches("A-*", "A-"));
	assert_true(matches("A-*", "A-17"));
	assert_true(matches("*-17", "A-17"));
	assert_true(matches("A*1*7", "A-1-1-7"));
	assert_true(matches("**", "x"));
	assert_false(matches("", "x"));
	assert_false(matches("A-1", "A-12"));
	assert_false(matches("A-12", "A-1"));
	assert_false(matches("a-1", "A-1"));
	assert_false(matches("A*1*7", "A-1-1-8"));
	assert_false(matches("?", "x"));
	assert_false(matches("[A]", "A"));
}

/* Many wildcards take no time. */
static void
test_bounded(void **state)
{
	char pattern[200], text[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(pattern) - 2; i += 2)
		memcpy(pattern + i, "*a", 2);
	strcpy(pattern + sizeof(pattern) - 2, "b");
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_false(matches(pattern, text));
}

static void
test_lines(void **state)
{
	(void)state;
	assert_true(glob_matches_line("A-1\nB-*", "B-7"));
	assert_true(glob_matches_line("A-1\nB-*", "A-1"));
	assert_false(glob_matches_line("A-1\nB-*", "C"));
	assert_false(glob_matches_line("", "A"));
	assert_false(glob_matches_line("", ""));
	assert_false(glob_matches_line("A\n\nB", ""));
}

static void
captures(const char *wanted, const char *pattern, const char *text)
{
	size_t start, len;

	assert_int_equal(0, glob_capture(&start, &len, pattern, text));
	assert_int_equal(strlen(wanted), len);
	assert_memory_equal(wanted, text + start, len);
}

static void
test_capture(void **state)
{
	size_t start, len;

	(void)state;
	captures("A-17", "{}", "A-17");
	captures("17", "SN:{}", "SN:17");
	captures("17", "*SN:{}", "PID:X SN:17");
	captures("17", "PID:* SN:{}-*", "PID:X SN:17-a-b");
	captures("X", "PID:{} *", "PID:X SN:17 R");
	assert_int_equal(
	    -ERR_NOT_FOUND, glob_capture(&start, &len, "SN:{}", "SN:"));
	assert_int_equal(
	    -ERR_NOT_FOUND, glob_capture(&start, &len, "SN:{}", "sn:17"));
	assert_int_equal(-ERR_NOT_FOUND, glob_capture(&start, &len, "{}", ""));
	assert_int_equal(-ERR_INVALID, glob_capture(&start, &len, "SN", "SN"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_matches),
	    cmocka_unit_test(test_bounded), cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_capture)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
