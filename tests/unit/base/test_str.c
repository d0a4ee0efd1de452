#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/str.h"

static void
test_hex(void **state)
{
	const uint8_t data[] = {0x00, 0x9a, 0xff};
	uint8_t back[3];
	char text[7];

	(void)state;
	hex_encode(text, (struct bytes){data, 3});
	assert_string_equal("009aff", text);
	hex_encode(text, (struct bytes){NULL, 0});
	assert_string_equal("", text);
	assert_int_equal(0, hex_decode(back, 3, "009AfF"));
	assert_memory_equal(data, back, 3);
	assert_int_equal(0, hex_decode(back, 0, ""));
	assert_int_equal(-ERR_INVALID, hex_decode(back, 3, "009af"));
	assert_int_equal(-ERR_INVALID, hex_decode(back, 3, "009aff0"));
	assert_int_equal(-ERR_INVALID, hex_decode(back, 3, "009agf"));
	assert_int_equal(-ERR_INVALID, hex_decode(back, 3, "00 9af"));
	assert_int_equal(-ERR_INVALID, hex_decode(back, 3, ""));
}

static void
test_case(void **state)
{
	char text[] = "AbZ[@`{\xc4";

	(void)state;
	ascii_lower_all(text);
	assert_string_equal("abz[@`{\xc4", text);
	assert_int_equal('A', ascii_upper('a'));
	assert_int_equal('{', ascii_upper('{'));
	assert_true(ascii_equal_nocase("DoH", "dOh"));
	assert_true(ascii_equal_nocase("", ""));
	assert_false(ascii_equal_nocase("doh", "dohx"));
	assert_false(ascii_equal_nocase("dohx", "doh"));
	assert_false(ascii_equal_nocase("@", "`")); /* 0x40, 0x60 */
}

static void
test_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t max, out;
	} good[] = {{"0", 0, 0}, {"000", 0, 0}, {"7", 7, 7}, {"128", 128, 128},
	    {"65535", 65535, 65535},
	    {"9223372036854775807", INT64_MAX, INT64_MAX}};
	static const struct {
		const char *text;
		int64_t max;
		int err;
	} bad[] = {{"", 9, -ERR_INVALID}, {"-1", 9, -ERR_INVALID},
	    {"+1", 9, -ERR_INVALID}, {" 1", 9, -ERR_INVALID},
	    {"1 ", 9, -ERR_INVALID}, {"1x", 9, -ERR_INVALID},
	    {"0x1", 9, -ERR_INVALID}, {"1", 0, -ERR_TOO_LARGE},
	    {"8", 7, -ERR_TOO_LARGE}, {"9", 5, -ERR_TOO_LARGE},
	    {"10", 9, -ERR_TOO_LARGE}, {"129", 128, -ERR_TOO_LARGE},
	    {"65536", 65535, -ERR_TOO_LARGE},
	    {"9223372036854775808", INT64_MAX, -ERR_TOO_LARGE},
	    {"99999999999999999999999", INT64_MAX, -ERR_TOO_LARGE}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int64_t n = -1;

		assert_int_equal(
		    0, parse_number(&n, good[i].text, good[i].max));
		assert_true(n == good[i].out);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t n = -1;

		if (parse_number(&n, bad[i].text, bad[i].max) != bad[i].err)
			fail_msg("'%s' up to %lld", bad[i].text,
			    (long long)bad[i].max);
		assert_true(n == -1);
	}
}

static void
test_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t out;
	} good[] = {{"0", 0}, {"90", 90}, {"90s", 90}, {"2m", 120},
	    {"3h", 10800}, {"7d", 604800}, {"2w", 1209600}, {"0w", 0},
	    {"36600d", (int64_t)36600 * 86400}};
	static const char *const bad[] = {"", "s", "-1s", "1.5h", "1 h", "1hh",
	    "1ms", "h1", "1H", "1y", "36601d", "5229w", "3162240001",
	    "9223372036854775807w", "100000000000000000000000000000s"};
	int64_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(0, parse_duration(&n, good[i].text));
		assert_true(n == good[i].out);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse_duration(&n, bad[i]) == 0)
			fail_msg("accepted: %s", bad[i]);
}

static void
test_time_stamps(void **state)
{
	static const struct {
		const char *text;
		int64_t time;
	} pairs[] = {{"1970-01-01T00:00:00Z", 0}, {"1969-12-31T23:59:59Z", -1},
	    {"2000-02-29T12:00:00Z", 951825600},
	    {"2024-02-29T23:59:59Z", 1709251199},
	    {"2026-11-21T18:00:00Z", 1795284000},
	    {"2038-01-19T03:14:08Z", 2147483648},
	    {"9999-12-31T23:59:59Z", 253402300799},
	    {"0999-01-01T00:00:00Z", -30641760000},
	    {"0001-01-01T00:00:00Z", -62135596800}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		char text[RFC3339_LEN];
		int64_t time;

		assert_int_equal(0, rfc3339_parse(&time, pairs[i].text));
		assert_true(time == pairs[i].time);
		rfc3339_format(text, pairs[i].time);
		assert_string_equal(pairs[i].text, text);
	}
}

static void
test_time_out_of_range(void **state)
{
	char text[RFC3339_LEN];

	(void)state;
	rfc3339_format(text, 253402300800); /* the year 10000 */
	assert_string_equal("0000-00-00T00:00:00Z", text);
	rfc3339_format(text, INT64_MAX);
	assert_string_equal("0000-00-00T00:00:00Z", text);
	rfc3339_format(text, INT64_MIN);
	assert_string_equal("0000-00-00T00:00:00Z", text);
}

static void
test_invalid_time_stamps_refused(void **state)
{
	static const char *const bad[] = {"", "2026-11-21",
	    "2026-11-21T18:00:00", "2026-11-21T18:00:00z",
	    "2026-11-21t18:00:00Z", "2026-11-21 18:00:00Z",
	    "2026-11-21T18:00:00Z ", "2026-11-21T18:00:00+00:00",
	    "2026-11-21T18:00:00.0Z", "2026-13-01T00:00:00Z",
	    "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
	    "2026-01-32T00:00:00Z", "2026-04-31T00:00:00Z",
	    "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
	    "2100-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
	    "2026-01-01T00:60:00Z", "2026-12-31T23:59:60Z",
	    "-026-01-01T00:00:00Z", " 026-01-01T00:00:00Z",
	    "2026-+1-01T00:00:00Z", "26-01-01T00:00:00Z"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int64_t time = 42;

		if (rfc3339_parse(&time, bad[i]) != -ERR_INVALID)
			fail_msg("accepted: %s", bad[i]);
		assert_true(time == 42);
	}
}

static void
test_text(void **state)
{
	char out[4], *copy;

	(void)state;
	assert_int_equal(0, str_format(out, sizeof(out), "%s", "abc"));
	assert_string_equal("abc", out);
	assert_int_equal(
	    -ERR_TOO_LARGE, str_format(out, sizeof(out), "%s", "abcd"));
	assert_null(str_copy(NULL));
	copy = str_copy("x");
	assert_string_equal("x", copy);
	free(copy);
	assert_true(str_is_printable(""));
	assert_true(str_is_printable(" ~"));
	assert_false(str_is_printable("a\tb"));
	assert_false(str_is_printable("a\x7f"));
	assert_false(str_is_printable("\xc3\xa4"));
	assert_false(str_is_printable("\x1f"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hex),
	    cmocka_unit_test(test_case),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_durations),
	    cmocka_unit_test(test_time_stamps),
	    cmocka_unit_test(test_time_out_of_range),
	    cmocka_unit_test(test_invalid_time_stamps_refused),
	    cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
