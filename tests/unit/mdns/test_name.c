#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/util.h"
#include "mdns/name.h"

static void
test_instance_names(void **state)
{
	static const char *const good[] = {"a", "Estuary #2. left", "\xc2\xa0",
	    "Stra\xc3\x9f\x65", "\xe2\x82\xac", "\xf0\x9f\x90\x9f",
	    "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"};
	static const char *const bad[] = {"", "a\nb", "a\x1b[31m", "a\x7f",
	    "\xff", "\xc3", "\xc3(", "\xc0\x80", "\xe0\x9f\xbf",
	    "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
	    "\xf8\x88\x80\x80\x80", "\xc2\x9b", "\xe2\x82", "\x80"};
	char name[65] = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(mdns_name_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(mdns_name_is_valid(bad[i]));
	memset(name, 'x', 64);
	assert_false(mdns_name_is_valid(name));
	name[63] = '\0';
	assert_true(mdns_name_is_valid(name));
}

static void
test_hosts(void **state)
{
	static const char *const bad[] = {
	    "", "-a", "a-", "a.b", "a.", "a b", "a_b", "\xc3\xa9"};
	char name[65] = {0};

	(void)state;
	assert_true(mdns_host_is_valid("estuary-1a2b"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(mdns_host_is_valid(bad[i]));
	memset(name, 'x', 64);
	assert_false(mdns_host_is_valid(name));
	name[63] = '\0';
	assert_true(mdns_host_is_valid(name));
}

static void
test_types(void **state)
{
	static const char *const bad[] = {"", "_", "est", "_est", "_._tcp",
	    "est._tcp", "_est.tcp", "_est._sctp", "_est._tcp.local",
	    "_est._tcp.", "_e s._tcp", "_sixteen-letters-x._tcp",
	    "_sub._sub._est._tcp"};

	(void)state;
	assert_true(mdns_type_is_valid("_est._tcp"));
	assert_true(mdns_type_is_valid("_brski-proxy._udp"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(mdns_type_is_valid(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_instance_names),
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
