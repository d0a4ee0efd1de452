#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/domain.h"

#define LABEL_63                                                               \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LABEL_64 LABEL_63 "a"
#define LONG_LABEL_GOOD (LABEL_63 ".a")

static void
test_valid(void **state)
{
	static const char *const good[] = {"a", "localhost", "home.arpa",
	    "EST.Example.NET", "xn--mnchen-3ya.de", "3com.com", "1.2.3.4a",
	    "10.in-addr.arpa", "a--b.c-d", LONG_LABEL_GOOD};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_true(domain_is_valid(good[i]));
}

static void
test_malformed_refused(void **state)
{
	static const char *const bad[] = {"", ".", "a.", ".a", "a..b", "-a",
	    "a-", "a.-b", "a.b-.c", "*.a", "_dns.a", "a b", "a\n",
	    "m\xc3\xbcnchen.de", "192.0.2.1", "a.1", "1", "a/b", "a:b", "[::1]",
	    (LABEL_64), (LABEL_64 ".b")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (domain_is_valid(bad[i]))
			fail_msg("accepted: %s", bad[i]);
}

/* RFC 1035 2.3.4: 255 octets on the wire, which are 253 characters. */
static void
test_total_length(void **state)
{
	char name[300], out[DOMAIN_MAX + 1];

	(void)state;
	strcpy(name, LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63);
	name[253] = '\0';
	assert_true(domain_is_valid(name));
	strcat(name, ".");
	assert_int_equal(0, domain_normalize(out, name));
	assert_int_equal(253, strlen(out));
	name[253] = 'a';
	assert_false(domain_is_valid(name));
	assert_int_equal(-ERR_INVALID, domain_normalize(out, name));
}

static void
test_normalize(void **state)
{
	char out[DOMAIN_MAX + 1];

	(void)state;
	assert_int_equal(0, domain_normalize(out, "EST.Example.Net."));
	assert_string_equal("est.example.net", out);
}

/* Results are written on success only. */
static void
test_normalize_refused_leaves_out_alone(void **state)
{
	static const char *const bad[] = {
	    "", ".", "..", "a..", "Bad-.example", "192.0.2.1", "a b"};
	char out[DOMAIN_MAX + 1] = "before";

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(-ERR_INVALID, domain_normalize(out, bad[i]));
		assert_string_equal("before", out);
	}
}

static void
test_within(void **state)
{
	(void)state;
	assert_true(domain_within("example.net", "example.net"));
	assert_true(domain_within("a.EXAMPLE.net", "example.NET"));
	assert_true(domain_within("b.a.example.net", "example.net"));
	assert_false(domain_within("notexample.net", "example.net"));
	assert_false(domain_within("example.net", "a.example.net"));
	assert_false(domain_within("example.net.evil.org", "example.net"));
	assert_false(domain_within("net", "example.net"));
	assert_false(domain_within("a", ""));
}

static void
test_service_labels(void **state)
{
	(void)state;
	assert_true(service_label_is_valid("doh"));
	assert_true(service_label_is_valid("domain-s"));
	assert_true(service_label_is_valid("fifteen-letters"));
	assert_false(service_label_is_valid("sixteen-letters-"));
	assert_false(service_label_is_valid("sixteen-lettersx"));
	assert_false(service_label_is_valid(""));
	assert_false(service_label_is_valid("_doh"));
	assert_false(service_label_is_valid("-doh"));
	assert_false(service_label_is_valid("doh-"));
	assert_false(service_label_is_valid("do.h"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_valid),
	    cmocka_unit_test(test_malformed_refused),
	    cmocka_unit_test(test_total_length),
	    cmocka_unit_test(test_normalize),
	    cmocka_unit_test(test_normalize_refused_leaves_out_alone),
	    cmocka_unit_test(test_within),
	    cmocka_unit_test(test_service_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
