#include "tests/unit/cmocka.h"

#include <stdlib.h>
#include <string.h>

#include "voucher/date_time.h"

struct good {
	const char *text;
	int64_t time;
};

/* [RFC6991 3] */
static const struct good good[] = {
    {"1970-01-01T00:00:00Z", 0},
    {"2016-10-07T19:31:42Z", 1475868702},
    {"2016-10-07T19:31:42z", 1475868702},
    {"2016-10-07T19:31:42.1Z", 1475868702},
    {"2016-10-07T19:31:42.999999999Z", 1475868702},
    {"2016-10-07T15:31:42.5-04:00", 1475868702},
    {"2016-10-08T01:01:42+05:30", 1475868702},
    {"2016-10-07T19:31:42-00:00", 1475868702},
    {"2020-02-29T00:00:00Z", 1582934400},
    {"9999-12-31T23:59:59Z", 253402300799},
    {"0000-01-01T00:00:00Z", -62167219200},
    {"1969-12-31T23:59:59Z", -1},
};

/* From an allocation of just its size, without NUL. */
static int
parse(int64_t *out, const char *text, size_t len)
{
	char *copy = malloc(len != 0 ? len : 1);
	int err;

	assert_non_null(copy);
	memcpy(copy, text, len);
	err = voucher_time_parse(out, copy, len);
	free(copy);
	return err;
}

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int64_t time;

		if (parse(&time, good[i].text, strlen(good[i].text)) != 0)
			fail_msg("%s is refused", good[i].text);
		if (time != good[i].time)
			fail_msg("%s is %lld", good[i].text, (long long)time);
	}
}

/* [RFC6991 3] */
static void
test_odd_refused(void **state)
{
	static const char *const odd[] = {"", "2016", "2016-10-07",
	    "2016-10-07T19:31:42", "2016-10-07 19:31:42Z", "2016-10-07T19:31Z",
	    "2016-13-07T19:31:42Z", "2016-00-07T19:31:42Z",
	    "2016-10-32T19:31:42Z", "2021-02-29T00:00:00Z",
	    "2016-10-07T24:00:00Z", "2016-10-07T19:60:42Z",
	    /* Leap seconds. */
	    "2016-12-31T23:59:60Z", "2016-12-31T23:59:61Z",
	    "2016-10-07T19:31:42.Z", "2016-10-07T19:31:42.1234567890Z",
	    "2016-10-07T19:31:42.123", "2016-10-07T19:31:42,5Z",
	    "2016-10-07T19:31:42+", "2016-10-07T19:31:42+0530",
	    "2016-10-07T19:31:42+24:00", "2016-10-07T19:31:42+05:60",
	    "2016-10-07T19:31:42+5:30", "2016-10-07T19:31:42 05:30",
	    "2016-10-07T19:31:42Zx", "2016-10-07T19:31:42ZZ",
	    " 2016-10-07T19:31:42Z", "2016-10-07T19:31:42Z ",
	    "+016-10-07T19:31:42Z", "2016-10- 7T19:31:42Z",
	    "12016-10-07T19:31:42Z",
	    /* In the year 10000, or before 0, of UTC. */
	    "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00+00:01"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		int64_t time;

		if (parse(&time, odd[i], strlen(odd[i])) == 0)
			fail_msg("\"%s\" is taken", odd[i]);
	}
}

static void
test_truncated_refused(void **state)
{
	static const char text[] = "2016-10-07T15:31:42.125-04:00";

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		int64_t time;

		assert_int_equal(parse(&time, text, len), -ERR_INVALID);
	}
}

static void
test_nul_refused(void **state)
{
	int64_t time;

	(void)state;
	assert_int_equal(
	    parse(&time, "2016-10-07T19:31:42Z\0", 21), -ERR_INVALID);
	assert_int_equal(
	    parse(&time, "2016-10-07\0T19:31:42Z", 21), -ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_odd_refused),
	    cmocka_unit_test(test_truncated_refused),
	    cmocka_unit_test(test_nul_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
