#include "tests/unit/cmocka.h"

#include <stdbool.h>
#include <string.h>

#include "ca/serial.h"

#define T0 INT64_C(1795305600)

/* [RFC5280 4.1.2.2] */
static void
test_positive_and_whole(void **state)
{
	const int64_t times[] = {0, 1, T0, INT64_C(1) << 38, INT64_MAX, -1};
	uint8_t serial[SERIAL_OCTETS];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		serial_make(serial, times[i]);
		assert_int_equal(0x40, serial[0] & 0xc0);
	}
}

static void
test_in_order_of_time(void **state)
{
	uint8_t before[SERIAL_OCTETS], after[SERIAL_OCTETS];

	(void)state;
	for (int64_t step = 1; step < INT64_C(1) << 36; step *= 2) {
		serial_make(before, T0);
		serial_make(after, T0 + step);
		assert_true(memcmp(before, after, sizeof(before)) < 0);
	}
}

/* Every bit of the last 11 octets is sometimes set and sometimes not. */
static void
test_random_within_a_second(void **state)
{
	uint8_t ones[SERIAL_OCTETS] = {0}, zeros[SERIAL_OCTETS] = {0};
	uint8_t first[SERIAL_OCTETS], serial[SERIAL_OCTETS];

	(void)state;
	serial_make(first, T0);
	for (int n = 0; n < 200; n++) {
		serial_make(serial, T0);
		assert_memory_equal(first, serial, 5);
		for (size_t i = 0; i < sizeof(serial); i++) {
			ones[i] |= serial[i];
			zeros[i] |= (uint8_t)~serial[i];
		}
	}
	for (size_t i = 5; i < sizeof(serial); i++) {
		assert_int_equal(0xff, ones[i]);
		assert_int_equal(0xff, zeros[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_positive_and_whole),
	    cmocka_unit_test(test_in_order_of_time),
	    cmocka_unit_test(test_random_within_a_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
