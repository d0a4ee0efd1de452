#include "tests/unit/cmocka.h"

#include <string.h>

#include "mdns/interfaces.h"

static struct ip_addr
ip(const char *text)
{
	struct ip_addr out;

	assert_int_equal(0, ip_parse(&out, text));
	return out;
}

static void
test_link_local(void **state)
{
	struct ip_addr a;

	(void)state;
	a = ip("169.254.1.2");
	assert_true(ip_is_link_local(&a));
	a = ip("169.253.1.2");
	assert_false(ip_is_link_local(&a));
	a = ip("fe80::1");
	assert_true(ip_is_link_local(&a));
	a = ip("febf::1");
	assert_true(ip_is_link_local(&a));
	a = ip("fec0::1");
	assert_false(ip_is_link_local(&a));
	a = ip("fd00::1");
	assert_false(ip_is_link_local(&a));
}

static bool
has(const struct interface_addresses *list, const char *text)
{
	struct ip_addr wanted = ip(text);

	for (size_t i = 0; i < list->n; i++)
		if (ip_equal(&list->items[i].ip, &wanted))
			return true;
	return false;
}

/* Every host that runs tests has lo with 127.0.0.1. */
static void
test_loopback_only_when_named(void **state)
{
	struct interface_addresses list;
	struct mdns_config config = {0};

	(void)state;
	assert_int_equal(0, interface_addresses_get(&list, &config));
	assert_false(has(&list, "127.0.0.1"));
	assert_false(interfaces_name_loopback(&config));
	assert_false(interfaces_name_loopback(NULL));

	config.n_interfaces = 2;
	strcpy(config.interfaces[0], "no-such-if");
	strcpy(config.interfaces[1], "lo");
	assert_int_equal(0, interface_addresses_get(&list, &config));
	assert_true(has(&list, "127.0.0.1"));
	assert_true(interfaces_name_loopback(&config));

	config.n_interfaces = 1;
	assert_int_equal(0, interface_addresses_get(&list, &config));
	assert_int_equal(0, list.n);
	assert_false(interfaces_name_loopback(&config));
}

static void
test_equal(void **state)
{
	struct interface_addresses a = {
	    .n = 1, .items[0] = {1, ip("192.0.2.1")}};
	struct interface_addresses b = a;

	(void)state;
	assert_true(interface_addresses_equal(&a, &b));
	b.items[0].index = 2;
	assert_false(interface_addresses_equal(&a, &b));
	b = a;
	b.items[0].ip = ip("192.0.2.2");
	assert_false(interface_addresses_equal(&a, &b));
	b.n = 0;
	assert_false(interface_addresses_equal(&a, &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_link_local),
	    cmocka_unit_test(test_loopback_only_when_named),
	    cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
