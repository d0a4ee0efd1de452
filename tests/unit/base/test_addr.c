#include "tests/unit/cmocka.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "base/addr.h"

static void
test_ip_round_trip(void **state)
{
	static const struct {
		const char *in, *out;
	} good[] = {{"0.0.0.0", "0.0.0.0"},
	    {"255.255.255.255", "255.255.255.255"}, {"::", "::"},
	    {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
	    {"::ffff:192.0.2.1", "::ffff:192.0.2.1"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct ip_addr ip;
		char text[IP_TEXT_MAX];

		assert_int_equal(0, ip_parse(&ip, good[i].in));
		ip_format(text, &ip);
		assert_string_equal(good[i].out, text);
	}
}

static void
test_ip_malformed_refused(void **state)
{
	static const char *const bad[] = {"", " ", "1.2.3", "1.2.3.4.5",
	    "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/32",
	    "0x7f.0.0.1", "2130706433", ":::", "1::2::3", "fe80::1%lo", "[::1]",
	    "12345::", "::g", "localhost"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct ip_addr ip = {.len = 99};

		assert_int_equal(-ERR_INVALID, ip_parse(&ip, bad[i]));
		assert_int_equal(99, ip.len);
	}
}

static void
test_ip_equal_minds_the_family(void **state)
{
	struct ip_addr v4, v4_again, mapped;

	(void)state;
	assert_int_equal(0, ip_parse(&v4, "192.0.2.1"));
	assert_int_equal(0, ip_parse(&v4_again, "192.0.2.1"));
	assert_int_equal(0, ip_parse(&mapped, "::ffff:192.0.2.1"));
	memset(v4_again.bytes + 4, 0xaa, 12); /* beyond len: not compared */
	assert_true(ip_equal(&v4, &v4_again));
	assert_false(ip_equal(&v4, &mapped));
	v4_again.bytes[3]++;
	assert_false(ip_equal(&v4, &v4_again));
}

static bool
contains(const char *prefix, const char *address)
{
	struct ip_prefix p;
	struct ip_addr ip;

	assert_int_equal(0, ip_prefix_parse(&p, prefix));
	assert_int_equal(0, ip_parse(&ip, address));
	return ip_prefix_contains(&p, &ip);
}

static void
test_prefix_contains(void **state)
{
	(void)state;
	assert_true(contains("10.0.0.0/8", "10.255.255.255"));
	assert_false(contains("10.0.0.0/8", "11.0.0.0"));
	assert_true(contains("172.16.0.0/12", "172.31.255.255"));
	assert_false(contains("172.16.0.0/12", "172.32.0.0"));
	assert_false(contains("172.16.0.0/12", "172.15.255.255"));
	assert_true(contains("0.0.0.0/0", "255.1.2.3"));
	assert_false(contains("0.0.0.0/0", "::1"));
	assert_false(contains("::/0", "1.2.3.4"));
	assert_true(contains("::/0", "ffff::"));
	assert_true(contains("fc00::/7", "fdff::1"));
	assert_false(contains("fc00::/7", "fe00::"));
	assert_true(contains("192.0.2.1", "192.0.2.1"));
	assert_false(contains("192.0.2.1", "192.0.2.0"));
	assert_true(contains("::1/128", "::1"));
	assert_false(contains("::1/128", "::"));
	assert_true(contains("192.0.2.128/25", "192.0.2.129"));
	assert_false(contains("192.0.2.128/25", "192.0.2.127"));
}

static void
test_prefix_malformed_refused(void **state)
{
	static const char *const bad[] = {"", "/", "/8", "10.0.0.0/",
	    "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/ 8", "10.0.0.0 /8",
	    "10.0.0.0/8/8", "10.0.0.0/8x", "10.0.0.0/4294967304", "::/129",
	    "10.0.0.1/8", "10.0.0.0/6", "fc00::1/7", "192.0.2.1/31",
	    "0.0.0.1/0", "10/8",
	    "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/8"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct ip_prefix p;

		assert_int_equal(-ERR_INVALID, ip_prefix_parse(&p, bad[i]));
	}
}

static void
test_sockaddr_v4_mapped_becomes_v4(void **state)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr local = {.sa_family = AF_UNIX};
	struct ip_addr a, b;

	(void)state;
	assert_int_equal(
	    1, inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr));
	assert_int_equal(1, inet_pton(AF_INET, "192.0.2.7", &in.sin_addr));
	assert_int_equal(0, ip_from_sockaddr(&a, (struct sockaddr *)&in6));
	assert_int_equal(0, ip_from_sockaddr(&b, (struct sockaddr *)&in));
	assert_int_equal(4, a.len);
	assert_true(ip_equal(&a, &b));
	assert_int_equal(1, inet_pton(AF_INET6, "2001:db8::7", &in6.sin6_addr));
	assert_int_equal(0, ip_from_sockaddr(&a, (struct sockaddr *)&in6));
	assert_int_equal(16, a.len);
	assert_int_equal(0x20, a.bytes[0]);
	assert_int_equal(-ERR_INVALID, ip_from_sockaddr(&a, &local));
}

static void
test_host_port_split(void **state)
{
	static const struct {
		const char *text, *host;
		int port;
	} good[] = {{"example.net:8443", "example.net", 8443},
	    {"example.net", "example.net", 853},
	    {"192.0.2.1", "192.0.2.1", 853},
	    {"[2001:db8::1]:443", "2001:db8::1", 443},
	    {"[2001:db8::1]", "2001:db8::1", 853},
	    {"2001:db8::1", "2001:db8::1", 853}, {"h:65535", "h", 65535}};
	static const char *const bad[] = {"", ":1", "h:", "h:65536", "h:-1",
	    "h:1x", "[::1", "[::1]x", "[::1]:", "[]:1", "[]", "h:99999999999"};
	char host[16];
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(0, host_port_split(host, sizeof(host), &port,
					good[i].text, 853));
		assert_string_equal(good[i].host, host);
		assert_int_equal(good[i].port, port);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-ERR_INVALID,
		    host_port_split(host, sizeof(host), &port, bad[i], 853));
	assert_int_equal(-ERR_TOO_LARGE, host_port_split(host, sizeof(host),
					     &port, "sixteen.long.net:1", 0));
}

static void
test_endpoint_round_trip(void **state)
{
	static const char *const good[] = {"192.0.2.1:8443", "0.0.0.0:0",
	    "[2001:db8::1]:8443", "[::]:443", "[fe80::1%lo]:53"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct sockaddr_storage ss;
		socklen_t len = 0;
		char text[ENDPOINT_TEXT_MAX];

		assert_int_equal(0, endpoint_parse(&ss, &len, good[i]));
		assert_int_equal(ss.ss_family == AF_INET
				     ? sizeof(struct sockaddr_in)
				     : sizeof(struct sockaddr_in6),
		    len);
		endpoint_format(text, (struct sockaddr *)&ss);
		assert_string_equal(good[i], text);
	}
}

static void
test_endpoint_scope(void **state)
{
	struct sockaddr_storage ss;
	socklen_t len;

	(void)state;
	assert_int_equal(0, endpoint_parse(&ss, &len, "[fe80::1%lo]:53"));
	assert_int_equal(if_nametoindex("lo"),
	    ((struct sockaddr_in6 *)(void *)&ss)->sin6_scope_id);
}

static void
test_endpoint_malformed_refused(void **state)
{
	static const char *const bad[] = {"", ":443", "8443", "192.0.2.1",
	    "192.0.2.1:", "192.0.2.1:65536", "[::1]", "::1", "::1:443",
	    "2001:db8::1", "[]:443", "localhost:443", "[::1]:443x",
	    "192.0.2.1:443:1", "[fe80::1%nosuchinterface]:53", "[fe80::1%]:53",
	    "192.0.2.1%lo:53"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct sockaddr_storage ss;
		socklen_t len;

		if (endpoint_parse(&ss, &len, bad[i]) != -ERR_INVALID)
			fail_msg("accepted: %s", bad[i]);
	}
}

static void
test_endpoint_format_of_other_families(void **state)
{
	struct sockaddr local = {.sa_family = AF_UNIX};
	struct sockaddr_in6 in6 = {
	    .sin6_family = AF_INET6, .sin6_port = 0xffff};
	char text[ENDPOINT_TEXT_MAX];

	(void)state;
	endpoint_format(text, &local);
	assert_string_equal("local", text);
	assert_int_equal(
	    1, inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr));
	endpoint_format(text, (struct sockaddr *)&in6);
	assert_string_equal("192.0.2.7:65535", text);
	memset(&in6.sin6_addr, 0xfe, 16);
	endpoint_format(text, (struct sockaddr *)&in6);
	assert_string_equal(
	    "[fefe:fefe:fefe:fefe:fefe:fefe:fefe:fefe]:65535", text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ip_round_trip),
	    cmocka_unit_test(test_ip_malformed_refused),
	    cmocka_unit_test(test_ip_equal_minds_the_family),
	    cmocka_unit_test(test_prefix_contains),
	    cmocka_unit_test(test_prefix_malformed_refused),
	    cmocka_unit_test(test_sockaddr_v4_mapped_becomes_v4),
	    cmocka_unit_test(test_host_port_split),
	    cmocka_unit_test(test_endpoint_round_trip),
	    cmocka_unit_test(test_endpoint_scope),
	    cmocka_unit_test(test_endpoint_malformed_refused),
	    cmocka_unit_test(test_endpoint_format_of_other_families),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
