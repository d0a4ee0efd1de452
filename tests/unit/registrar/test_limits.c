#include "tests/unit/cmocka.h"

#include <pthread.h>
#include <string.h>

#include "registrar/limits.h"

#define PLENTY 1000000
#define MINUTE_MS 60000

/* Some time after the machine's start. */
#define T0 123456789

static struct limits *
new_limits(int64_t burst, int64_t per_minute)
{
	const struct limits_config config = {.source_burst = burst,
	    .source_per_minute = per_minute,
	    .total_burst = PLENTY,
	    .total_per_minute = PLENTY};
	struct limits *limits;

	assert_int_equal(0, limits_new(&limits, &config));
	return limits;
}

static struct ip_addr
ip(const char *text)
{
	struct ip_addr out;

	assert_int_equal(0, ip_parse(&out, text));
	return out;
}

static bool
take(struct limits *limits, const char *source, int64_t now_ms)
{
	struct ip_addr address = ip(source);
	int64_t suppressed;

	return limits_take(limits, &address, now_ms, &suppressed);
}

static void
refill(struct limits *limits, const char *source, int64_t now_ms)
{
	struct ip_addr address = ip(source);

	limits_refill(limits, &address, now_ms);
}

static int
take_all(struct limits *limits, const char *source, int64_t now_ms)
{
	int n = 0;

	while (n < 1000 && take(limits, source, now_ms))
		n++;
	return n;
}

static void
test_burst(void **state)
{
	struct limits *limits = new_limits(5, 60);

	(void)state;
	assert_int_equal(5, take_all(limits, "192.0.2.1", T0));
	assert_false(take(limits, "192.0.2.1", T0));
	limits_free(limits);
	limits_free(NULL);
}

static void
test_refill_by_time(void **state)
{
	struct limits *limits = new_limits(5, 60);

	(void)state;
	assert_int_equal(5, take_all(limits, "192.0.2.1", T0));
	assert_false(take(limits, "192.0.2.1", T0 + 999));
	assert_true(take(limits, "192.0.2.1", T0 + 1000));
	assert_false(take(limits, "192.0.2.1", T0 + 1999));
	assert_int_equal(3, take_all(limits, "192.0.2.1", T0 + 4000));
	/* Never more than the burst, however long it takes. */
	assert_int_equal(
	    5, take_all(limits, "192.0.2.1", T0 + 100LL * MINUTE_MS));
	assert_int_equal(
	    5, take_all(limits, "192.0.2.1", T0 + 10000000LL * MINUTE_MS));
	limits_free(limits);
}

/* Whoever keeps asking gets no less than who waits. */
static void
test_slow_refill_does_not_round_off(void **state)
{
	struct limits *limits = new_limits(1, 1);

	(void)state;
	assert_true(take(limits, "192.0.2.1", T0));
	for (int64_t ms = 1; ms < MINUTE_MS; ms++)
		assert_false(take(limits, "192.0.2.1", T0 + ms));
	assert_true(take(limits, "192.0.2.1", T0 + MINUTE_MS));
	limits_free(limits);
}

static void
test_time_standing_still_or_going_back(void **state)
{
	struct limits *limits = new_limits(2, 60);

	(void)state;
	assert_true(take(limits, "192.0.2.1", T0));
	assert_true(take(limits, "192.0.2.1", T0 - 100000));
	assert_false(take(limits, "192.0.2.1", T0 - 100000));
	assert_false(take(limits, "192.0.2.1", T0 + 999));
	assert_true(take(limits, "192.0.2.1", T0 + 1000));
	limits_free(limits);
}

static void
test_refill_by_success(void **state)
{
	struct limits *limits = new_limits(3, 1);

	(void)state;
	/* Those that succeed do not count. */
	for (int i = 0; i < 100; i++) {
		assert_true(take(limits, "192.0.2.1", T0));
		refill(limits, "192.0.2.1", T0);
	}
	/* And never more than the burst. */
	for (int i = 0; i < 10; i++)
		refill(limits, "192.0.2.1", T0);
	assert_int_equal(3, take_all(limits, "192.0.2.1", T0));
	refill(limits, "192.0.2.1", T0);
	assert_int_equal(1, take_all(limits, "192.0.2.1", T0));
	/* Nor for somebody new. */
	refill(limits, "192.0.2.2", T0);
	assert_int_equal(3, take_all(limits, "192.0.2.2", T0));
	limits_free(limits);
}

static void
test_ipv6_shares_by_64(void **state)
{
	struct limits *limits = new_limits(2, 1);

	(void)state;
	assert_true(take(limits, "2001:db8:1:2::1", T0));
	assert_true(take(limits, "2001:db8:1:2:ffff:ffff:ffff:ffff", T0));
	assert_false(take(limits, "2001:db8:1:2:8000::", T0));
	assert_int_equal(2, take_all(limits, "2001:db8:1:3::1", T0));
	refill(limits, "2001:db8:1:2:1234::", T0);
	assert_true(take(limits, "2001:db8:1:2::1", T0));
	limits_free(limits);
}

static void
test_ipv4_is_separate(void **state)
{
	struct limits *limits = new_limits(2, 1);

	(void)state;
	assert_int_equal(2, take_all(limits, "192.0.2.1", T0));
	assert_int_equal(2, take_all(limits, "192.0.2.2", T0));
	/* The same octets, another family. */
	assert_int_equal(2, take_all(limits, "c000:201::", T0));
	limits_free(limits);
}

static void
test_total(void **state)
{
	const struct limits_config config = {.source_burst = 2,
	    .source_per_minute = 60,
	    .total_burst = 3,
	    .total_per_minute = 60};
	struct limits *limits;

	(void)state;
	assert_int_equal(0, limits_new(&limits, &config));
	assert_int_equal(2, take_all(limits, "192.0.2.1", T0));
	assert_int_equal(1, take_all(limits, "192.0.2.2", T0));
	assert_int_equal(0, take_all(limits, "192.0.2.3", T0));
	/* A second brings one, for whoever comes first; what the total refused
	 * did not cost the source anything. */
	assert_int_equal(1, take_all(limits, "192.0.2.3", T0 + 1000));
	assert_int_equal(0, take_all(limits, "192.0.2.2", T0 + 1000));
	assert_int_equal(1, take_all(limits, "192.0.2.3", T0 + 2000));
	/* A success gives the total back, too. */
	refill(limits, "192.0.2.3", T0 + 2000);
	assert_int_equal(1, take_all(limits, "192.0.2.2", T0 + 2000));
	limits_free(limits);
}

static void
test_suppressed_is_handed_out_once(void **state)
{
	struct limits *limits = new_limits(1, 60);
	struct ip_addr a = ip("192.0.2.1"), b = ip("192.0.2.2");
	int64_t suppressed = -1;

	(void)state;
	assert_true(limits_take(limits, &a, T0, &suppressed));
	assert_int_equal(0, suppressed);
	for (int i = 0; i < 7; i++)
		assert_false(take(limits, "192.0.2.1", T0));
	suppressed = -1;
	assert_true(limits_take(limits, &b, T0, &suppressed));
	assert_int_equal(0, suppressed);
	suppressed = -1;
	assert_true(limits_take(limits, &a, T0 + 1000, &suppressed));
	assert_int_equal(7, suppressed);
	suppressed = -1;
	assert_true(limits_take(limits, &a, T0 + 2000, &suppressed));
	assert_int_equal(0, suppressed);
	limits_free(limits);
}

/* Four times as many as there is room for: the fuller buckets make way, never
 * the empty one. */
static void
test_flood_of_sources_does_not_free_a_throttled_one(void **state)
{
	struct limits *limits = new_limits(10, 1);
	struct ip_addr other = {.len = 16};
	int64_t suppressed;

	(void)state;
	assert_int_equal(10, take_all(limits, "192.0.2.1", T0));
	for (unsigned int i = 0; i < 4 * LIMITS_SOURCES_MAX; i++) {
		other.bytes[0] = 0x20;
		other.bytes[4] = (uint8_t)(i >> 8);
		other.bytes[5] = (uint8_t)i;
		assert_true(limits_take(limits, &other, T0, &suppressed));
		assert_int_equal(0, suppressed);
	}
	assert_false(take(limits, "192.0.2.1", T0));
	limits_free(limits);
}

/* Everybody throttled: still no crash, and the newcomer gets its burst. */
static void
test_flood_of_throttled_sources(void **state)
{
	struct limits *limits = new_limits(1, 1);
	struct ip_addr other = {.len = 4, .bytes = {10}};
	int64_t suppressed;

	(void)state;
	for (unsigned int i = 0; i < 4 * LIMITS_SOURCES_MAX; i++) {
		other.bytes[2] = (uint8_t)(i >> 8);
		other.bytes[3] = (uint8_t)i;
		assert_true(limits_take(limits, &other, T0, &suppressed));
	}
	assert_int_equal(1, take_all(limits, "192.0.2.1", T0));
	limits_free(limits);
}

struct hammer {
	struct limits *limits;
	int taken;
};

static void *
hammer_main(void *arg)
{
	struct hammer *hammer = arg;

	for (int i = 0; i < 200; i++)
		hammer->taken += take(hammer->limits, "192.0.2.1", T0);
	return NULL;
}

static void
test_exact_under_threads(void **state)
{
	struct limits *limits = new_limits(100, 1);
	struct hammer hammers[4];
	pthread_t threads[4];
	int taken = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		hammers[i] = (struct hammer){.limits = limits};
		assert_int_equal(0, pthread_create(&threads[i], NULL,
					hammer_main, &hammers[i]));
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		taken += hammers[i].taken;
	}
	assert_int_equal(100, taken);
	limits_free(limits);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_burst),
	    cmocka_unit_test(test_refill_by_time),
	    cmocka_unit_test(test_slow_refill_does_not_round_off),
	    cmocka_unit_test(test_time_standing_still_or_going_back),
	    cmocka_unit_test(test_refill_by_success),
	    cmocka_unit_test(test_ipv6_shares_by_64),
	    cmocka_unit_test(test_ipv4_is_separate),
	    cmocka_unit_test(test_total),
	    cmocka_unit_test(test_suppressed_is_handed_out_once),
	    cmocka_unit_test(
		test_flood_of_sources_does_not_free_a_throttled_one),
	    cmocka_unit_test(test_flood_of_throttled_sources),
	    cmocka_unit_test(test_exact_under_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
