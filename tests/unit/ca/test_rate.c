#include "tests/unit/cmocka.h"

#include "ca/rate.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS INT64_C(3600000)

/* How many can be had now, one by one. */
static int
drain(struct rate *rate, int64_t now_ms)
{
	int n = 0;

	while (rate_has(rate, now_ms)) {
		rate_take(rate, 1, now_ms);
		n++;
	}
	return n;
}

static void
test_defaults(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, PROFILE_EST_SERVER, 0, 0);
	assert_int_equal(RATE_EST_SERVER_PER_HOUR, drain(&rate, 0));
	rate_init(&rate, PROFILE_DNS_SERVER, 0, 0);
	assert_int_equal(RATE_DNS_SERVER_PER_HOUR, drain(&rate, 0));
	rate_init(&rate, (enum profile_id)15, 0, 0);
	assert_int_equal(RATE_DEFAULT_PER_HOUR, rate.per_hour);
	rate_init(&rate, PROFILE_DNS_SERVER, UINT32_MAX, 0);
	assert_int_equal(RATE_MAX_PER_HOUR, rate.per_hour);
}

static void
test_comes_back_evenly(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, PROFILE_DNS_SERVER, 60, 5);
	assert_int_equal(60, drain(&rate, 5));
	assert_false(rate_has(&rate, 5 + 59 * SECOND_MS));
	assert_int_equal(1, drain(&rate, 5 + 60 * SECOND_MS));
	/* Asking does not cost. */
	for (int i = 1; i <= 3; i++)
		assert_false(rate_has(&rate, 5 + (60 + 10 * i) * SECOND_MS));
	assert_int_equal(1, drain(&rate, 5 + 120 * SECOND_MS));
	assert_int_equal(30, drain(&rate, 5 + 120 * SECOND_MS + HOUR_MS / 2));
}

static void
test_never_more_than_one_hours_worth(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, PROFILE_EST_SERVER, 10, 0);
	assert_int_equal(10, drain(&rate, 1000 * HOUR_MS));
	assert_int_equal(10, drain(&rate, INT64_MAX / 2));
	/* A clock that goes back gives nothing. */
	assert_int_equal(0, drain(&rate, 0));
	rate_init(&rate, PROFILE_EST_SERVER, RATE_MAX_PER_HOUR, 0);
	rate_take(&rate, 1, 0);
	assert_true(rate_has(&rate, INT64_MAX));
}

static void
test_take_many(void **state)
{
	struct rate rate;

	(void)state;
	rate_init(&rate, PROFILE_EST_SERVER, 10, 0);
	rate_take(&rate, 7, 0);
	assert_int_equal(3, drain(&rate, 0));
	rate_take(&rate, UINT32_MAX, 0);
	assert_int_equal(10, drain(&rate, HOUR_MS));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_comes_back_evenly),
	    cmocka_unit_test(test_never_more_than_one_hours_worth),
	    cmocka_unit_test(test_take_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
