#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/str.h"
#include "ca/names.h"
#include "ca/names_openssl.h"
#include "ca/openssl_util.h"

static void
test_add_normalizes(void **state)
{
	struct names n = {0};

	(void)state;
	assert_int_equal(0, names_add(&n, NAME_DNS, "DNS.Example.NET"));
	assert_int_equal(0, names_add(&n, NAME_DNS, "dns.example.net"));
	assert_int_equal(0, names_add(&n, NAME_DNS, "*.Example.net"));
	assert_int_equal(0, names_add(&n, NAME_IP, "FD00:0:0::1"));
	assert_int_equal(0, names_add(&n, NAME_IP, "10.1.2.3"));
	assert_int_equal(
	    0, names_add(&n, NAME_SRV, "_Domain-S.dns.EXAMPLE.net"));
	assert_int_equal(0, names_add_srv(&n, "doh", "dns.example.net"));
	assert_int_equal(6, n.n);
	assert_string_equal("dns.example.net", n.items[0].text);
	assert_string_equal("*.example.net", n.items[1].text);
	assert_string_equal("fd00::1", n.items[2].text);
	assert_string_equal("10.1.2.3", n.items[3].text);
	assert_string_equal("_domain-s.dns.example.net", n.items[4].text);
	assert_true(names_has(&n, NAME_SRV, "_doh.dns.example.net"));
	assert_false(names_has(&n, NAME_DNS, "_doh.dns.example.net"));
}

static void
test_malformed_refused(void **state)
{
	static const struct {
		enum name_type type;
		const char *text;
	} bad[] = {{NAME_DNS, ""}, {NAME_DNS, "."}, {NAME_DNS, "a..b"},
	    {NAME_DNS, "a b.net"}, {NAME_DNS, "*"}, {NAME_DNS, "*."},
	    {NAME_DNS, "*.*.net"}, {NAME_DNS, "a*.net"}, {NAME_DNS, "a.*.net"},
	    {NAME_DNS, "_a.example.net"}, {NAME_DNS, "10.0.0.1"},
	    {NAME_DNS, "\xc3\xa9.example.net"}, {NAME_IP, "10.0.0"},
	    {NAME_IP, "10.0.0.1/8"}, {NAME_IP, "fe80::1%eth0"}, {NAME_IP, ""},
	    {NAME_SRV, "domain-s.example.net"}, {NAME_SRV, "_domain-s"},
	    {NAME_SRV, "_.example.net"}, {NAME_SRV, "_domain-s."},
	    {NAME_SRV, "_domain-s._tcp.example.net"},
	    {NAME_SRV, "_domain-s.*.example.net"},
	    {NAME_SRV, "_sixteen-letters1.example.net"}, {NAME_OTHER, ""},
	    {NAME_OTHER, "a\nb"}, {0, "example.net"}};
	struct names n = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (names_add(&n, bad[i].type, bad[i].text) != -ERR_INVALID)
			fail_msg("%s", bad[i].text);
	assert_int_equal(0, n.n);
}

static void
test_too_many_refused(void **state)
{
	struct names n = {0};
	char text[32];

	(void)state;
	for (int i = 0; i < NAMES_MAX; i++) {
		assert_int_equal(
		    0, str_format(text, sizeof(text), "h%d.example.net", i));
		assert_int_equal(0, names_add(&n, NAME_DNS, text));
	}
	assert_int_equal(
	    -ERR_TOO_LARGE, names_add(&n, NAME_DNS, "more.example.net"));
	assert_int_equal(0, names_add(&n, NAME_DNS, "h0.example.net"));
}

static void
test_equal_as_sets(void **state)
{
	struct names a = {0}, b = {0};

	(void)state;
	assert_true(names_equal(&a, &b));
	assert_int_equal(0, names_add(&a, NAME_DNS, "x.example.net"));
	assert_int_equal(0, names_add(&a, NAME_IP, "10.0.0.1"));
	assert_int_equal(0, names_add(&b, NAME_IP, "10.0.0.1"));
	assert_false(names_equal(&a, &b));
	assert_int_equal(0, names_add(&b, NAME_DNS, "X.example.net"));
	assert_true(names_equal(&a, &b));
	assert_int_equal(0, names_add(&a, NAME_DNS, "y.example.net"));
	assert_int_equal(0, names_add(&b, NAME_DNS, "z.example.net"));
	assert_false(names_equal(&a, &b));
}

static void
test_srv_split(void **state)
{
	char label[SRV_LABEL_MAX], domain[DOMAIN_MAX + 1];

	(void)state;
	assert_int_equal(
	    0, srv_id_split(label, domain, "_Domain-S.dns.example.net"));
	assert_string_equal("domain-s", label);
	assert_string_equal("dns.example.net", domain);
	assert_int_equal(
	    -ERR_INVALID, srv_id_split(label, domain, "dns.example.net"));
}

/* An extension with this hex as its value. */
static X509_EXTENSION *
ext_of_hex(const char *hex)
{
	char value[512];
	X509_EXTENSION *ext;

	assert_int_equal(0, str_format(value, sizeof(value), "DER:%s", hex));
	ext = X509V3_EXT_nconf(NULL, NULL, "subjectAltName", value);
	assert_non_null(ext);
	return ext;
}

/* The subjectAltName that openssl 3.0 writes for DNS:dns.corp.example.net,
 * otherName SRVName _domain-s. and _doh. of it, IP:10.192.10.53. */
static const char san_hex[] =
    "307382146"
    "46e732e636f72702e6578616d706c652e6e6574a02c06082b06010505070807a020161e5f"
    "646f6d61696e2d732e646e732e636f72702e6578616d706c652e6e6574a02706082b0601"
    "0505070807a01b16195f646f682e646e732e636f72702e6578616d706c652e6e65748704"
    "c0a80a35";

/* [RFC4985 2] */
static void
test_known_extension_both_ways(void **state)
{
	X509_EXTENSION *ext = ext_of_hex(san_hex), *again;
	const ASN1_OCTET_STRING *a, *b;
	GENERAL_NAMES *general = NULL;
	struct names n = {0};
	struct reason why = {""};

	(void)state;
	assert_int_equal(0, names_from_ext(&n, ext, &why));
	assert_int_equal(4, n.n);
	assert_true(names_has(&n, NAME_DNS, "dns.corp.example.net"));
	assert_true(names_has(&n, NAME_SRV, "_domain-s.dns.corp.example.net"));
	assert_true(names_has(&n, NAME_SRV, "_doh.dns.corp.example.net"));
	assert_true(names_has(&n, NAME_IP, "192.168.10.53"));
	assert_int_equal(0, names_to_general(&general, &n));
	again = X509V3_EXT_i2d(NID_subject_alt_name, 0, general);
	assert_non_null(again);
	a = X509_EXTENSION_get_data(ext);
	b = X509_EXTENSION_get_data(again);
	assert_int_equal(0, ASN1_STRING_cmp(a, b));
	GENERAL_NAMES_free(general);
	X509_EXTENSION_free(ext);
	X509_EXTENSION_free(again);
}

static void
test_odd_extension_refused(void **state)
{
	static const struct {
		const char *hex, *says;
	} bad[] = {
	    {"3000", "empty"},
	    {"300082", "malformed"},
	    {"30038201", "malformed"},
	    {"300382016100", "malformed"},
	    {"30028200", "0 bytes"},
	    {"30098207612e6e00742e64", "character"}, /* embedded NUL */
	    {"30088206c3a92e6e6574", "character"},   /* not ASCII */
	    {"30088206612e6e65740a", "character"},   /* LF */
	    {"30088206612e6e65742e", "dot"},         /* final dot */
	    {"30088206612e2e6e6574", "not a valid dNSName"},
	    {"30088206612e62206574", "not a valid dNSName"},
	    {"30058703010203", "3 bytes"}, /* iPAddress */
	    {"300787050102030405", "5 bytes"},
	    /* SRVName as a UTF8String, without underscore, with a dot */
	    {"3018a01606082b06010505070807a00a0c085f642e612e6e6574",
		"IA5String"},
	    {"3018a01606082b06010505070807a00a160864782e612e6e6574",
		"not a valid SRVName"},
	    {"3018a01606082b06010505070807a00a16085f642e612e6e652e", "dot"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		X509_EXTENSION *ext = ext_of_hex(bad[i].hex);
		struct names n = {0};
		struct reason why = {""};

		if (names_from_ext(&n, ext, &why) != -ERR_INVALID ||
		    strstr(why.text, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].hex, why.text);
		assert_int_equal(0, n.n);
		X509_EXTENSION_free(ext);
	}
}

/* Other types are named, so that policy refuses them by name. */
static void
test_other_types_are_named(void **state)
{
	static const struct {
		const char *value, *text;
	} others[] = {{"email:a@example.net", "email"},
	    {"URI:https://example.net/", "URI"},
	    {"RID:1.2.3.4", "registeredID"},
	    {"otherName:1.2.3.4;UTF8:x", "otherName 1.2.3.4"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		X509_EXTENSION *ext = X509V3_EXT_nconf(
		    NULL, NULL, "subjectAltName", others[i].value);
		struct names n = {0};
		struct reason why = {""};
		GENERAL_NAMES *general = NULL;

		assert_non_null(ext);
		assert_int_equal(0, names_from_ext(&n, ext, &why));
		assert_int_equal(1, n.n);
		assert_int_equal(NAME_OTHER, n.items[0].type);
		assert_string_equal(others[i].text, n.items[0].text);
		assert_int_equal(-ERR_INVALID, names_to_general(&general, &n));
		X509_EXTENSION_free(ext);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_add_normalizes),
	    cmocka_unit_test(test_malformed_refused),
	    cmocka_unit_test(test_too_many_refused),
	    cmocka_unit_test(test_equal_as_sets),
	    cmocka_unit_test(test_srv_split),
	    cmocka_unit_test(test_known_extension_both_ways),
	    cmocka_unit_test(test_odd_extension_refused),
	    cmocka_unit_test(test_other_types_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
