#include "tests/unit/cmocka.h"

#include <string.h>

#include "registrar/masa_url.h"

static void
test_good(void **state)
{
	static const struct {
		const char *text, *host, *base;
		uint16_t port;
	} good[] = {
	    {"masa.example", "masa.example",
		"https://masa.example:443/.well-known/brski", 443},
	    {"Masa.Example:9443", "masa.example",
		"https://masa.example:9443/.well-known/brski", 9443},
	    {"https://masa.example/", "masa.example",
		"https://masa.example:443/.well-known/brski", 443},
	    {"https://masa.example/line1/.well-known/brski/", "masa.example",
		"https://masa.example:443/line1/.well-known/brski", 443},
	    {"[2001:DB8::1]:8443", "2001:db8::1",
		"https://[2001:db8::1]:8443/.well-known/brski", 8443},
	    {"192.0.2.7", "192.0.2.7",
		"https://192.0.2.7:443/.well-known/brski", 443},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct masa_url url;
		struct reason why = {""};

		if (masa_url_parse(&url, good[i].text, &why) != 0)
			fail_msg("%s: %s", good[i].text, why.text);
		assert_string_equal(url.host, good[i].host);
		assert_string_equal(url.base, good[i].base);
		assert_int_equal(url.port, good[i].port);
	}
}

static void
test_odd_refused(void **state)
{
	static const char *const odd[] = {"", "http://masa.example",
	    "ftp://masa.example", "//masa.example", "https://", "https:///x",
	    "https://user@masa.example", "https://user:pw@masa.example/",
	    "https://masa.example/?x", "https://masa.example/#x",
	    "masa.example:0", "masa.example:65536",
	    "masa.example:", "masa example", "masa.example\r\nHost: x",
	    "https://127.1/", "https://0x7f.0.0.1",
	    "https://masa.example/../etc", "https://masa.example/%2e%2e/",
	    "file:///etc/passwd", "masa..example", "-masa.example"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct masa_url url;
		struct reason why = {""};

		if (masa_url_parse(&url, odd[i], &why) == 0)
			fail_msg("%s became %s", odd[i], url.base);
		assert_true(why.text[0] != '\0');
	}
}

static void
test_hosts(void **state)
{
	static const char patterns[] =
	    "masa.example\n*.maker.example\n192.0.2.7\n";

	(void)state;
	assert_true(masa_host_allowed("masa.example", patterns));
	assert_true(masa_host_allowed("a.maker.example", patterns));
	assert_true(masa_host_allowed("192.0.2.7", patterns));
	assert_false(masa_host_allowed("a.b.maker.example", patterns));
	assert_false(masa_host_allowed("maker.example", patterns));
	assert_false(masa_host_allowed("xmasa.example", patterns));
	assert_false(masa_host_allowed("masa.example.evil.test", patterns));
	assert_false(masa_host_allowed("masa.example", ""));
	assert_false(masa_host_allowed("", patterns));
}

static void
test_addresses(void **state)
{
	static const char *const private[] = {"127.0.0.1:1", "10.1.2.3:1",
	    "192.168.0.1:1", "172.31.0.1:1", "169.254.169.254:1", "0.0.0.0:1",
	    "100.64.0.1:1", "224.0.0.1:1", "255.255.255.255:1", "[::1]:1",
	    "[::]:1", "[fe80::1]:1", "[fc00::1]:1", "[ff02::1]:1",
	    "[::ffff:127.0.0.1]:1", "[64:ff9b::7f00:1]:1", "[2002:7f00:1::]:1"};
	static const char *const public[] = {
	    "8.8.8.8:1", "[2a00:1450::1]:1", "[::ffff:8.8.8.8]:1"};
	struct sockaddr_storage address;
	socklen_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(private); i++) {
		assert_int_equal(endpoint_parse(&address, &len, private[i]), 0);
		if (masa_address_is_public((struct sockaddr *)&address))
			fail_msg("%s", private[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(public); i++) {
		assert_int_equal(endpoint_parse(&address, &len, public[i]), 0);
		if (!masa_address_is_public((struct sockaddr *)&address))
			fail_msg("%s", public[i]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_odd_refused),
	    cmocka_unit_test(test_hosts),
	    cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
