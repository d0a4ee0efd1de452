#include "tests/unit/cmocka.h"

#include <string.h>

#include "ca/constraints.h"
#include "tests/unit/ca/craft.h"

static void
usual(struct constraints *c)
{
	memset(c, 0, sizeof(*c));
	strcpy(c->domains[c->n_domains++], CRAFT_DOMAIN);
	strcpy(c->domains[c->n_domains++], "home.arpa");
	assert_int_equal(
	    0, ip_prefix_parse(&c->prefixes[c->n_prefixes++], "10.0.0.0/8"));
	assert_int_equal(
	    0, ip_prefix_parse(&c->prefixes[c->n_prefixes++], "fd00::/8"));
}

struct name_case {
	enum name_type type;
	const char *text;
	bool inside;
};

static void
check_cases(
    const struct constraints *c, const struct name_case *cases, size_t n_cases)
{
	for (size_t i = 0; i < n_cases; i++) {
		struct names names = {0};
		struct reason why = {""};
		int err;

		assert_int_equal(
		    0, names_add(&names, cases[i].type, cases[i].text));
		err = constraints_check(c, &names, &why);
		if (err != (cases[i].inside ? 0 : -ERR_REFUSED))
			fail_msg("%s: %d %s", cases[i].text, err, why.text);
		if (err != 0)
			assert_non_null(strstr(why.text, cases[i].text));
	}
}

/* [RFC5280 4.2.1.10] the base itself and what lies below it */
static void
test_check(void **state)
{
	static const struct name_case cases[] = {
	    {NAME_DNS, CRAFT_DOMAIN, true},
	    {NAME_DNS, CRAFT_ADN, true},
	    {NAME_DNS, "a.b.home.arpa", true},
	    {NAME_DNS, "xcorp.example.net", false},
	    {NAME_DNS, "example.net", false},
	    {NAME_DNS, "corp.example.net.evil.org", false},
	    {NAME_DNS, "*.corp.example.net", true},
	    {NAME_DNS, "*.example.net", false},
	    {NAME_SRV, "_domain-s.dns.corp.example.net", true},
	    {NAME_SRV, "_domain-s.dns.example.org", false},
	    {NAME_SRV, "_doh.xcorp.example.net", false},
	    {NAME_IP, "10.255.0.1", true},
	    {NAME_IP, "11.0.0.1", false},
	    {NAME_IP, "fd12::1", true},
	    {NAME_IP, "fe80::1", false},
	    {NAME_IP, "::ffff:10.0.0.1", false},
	    {NAME_OTHER, "email", false},
	};
	struct constraints c;

	(void)state;
	usual(&c);
	check_cases(&c, cases, ARRAY_LEN(cases));
}

static void
test_unconstrained(void **state)
{
	static const struct name_case cases[] = {
	    {NAME_DNS, "anything.example.org", true},
	    {NAME_SRV, "_doh.anything.example.org", true},
	    {NAME_IP, "192.0.2.1", true},
	    {NAME_OTHER, "URI", false},
	};
	struct constraints c = {0};

	(void)state;
	check_cases(&c, cases, ARRAY_LEN(cases));
}

static void
test_first_bad_name_is_named(void **state)
{
	struct constraints c;
	struct names names = {0};
	struct reason why = {""};

	(void)state;
	usual(&c);
	assert_int_equal(0, names_add(&names, NAME_DNS, CRAFT_ADN));
	assert_int_equal(0, names_add(&names, NAME_DNS, "bad.example.org"));
	assert_int_equal(0, names_add(&names, NAME_IP, "192.0.2.1"));
	assert_int_equal(-ERR_REFUSED, constraints_check(&c, &names, &why));
	assert_non_null(strstr(why.text, "bad.example.org"));
}

static void
test_equal_as_sets(void **state)
{
	struct constraints a, b;

	(void)state;
	usual(&a);
	usual(&b);
	assert_true(constraints_equal(&a, &b));
	strcpy(b.domains[0], "home.arpa");
	strcpy(b.domains[1], "CORP.example.net");
	assert_true(constraints_equal(&a, &b));
	b.n_domains = 1;
	assert_false(constraints_equal(&a, &b));
	assert_false(constraints_equal(&b, &a));
	usual(&b);
	b.prefixes[0].bits = 9;
	assert_false(constraints_equal(&a, &b));
}

static int
from_ext(struct constraints *out, const char *value, struct reason *why)
{
	struct crafted c;
	int err;

	craft_cert(&c, &(struct craft){.cn = "Root",
			   .exts = {CRAFT_CA, {"nameConstraints", value}}});
	err = constraints_from_cert(out, blob_bytes(&c.der), why);
	crafted_fini(&c);
	return err;
}

static void
test_from_cert(void **state)
{
	struct constraints c, expected;
	struct crafted none;
	struct reason why = {""};

	(void)state;
	usual(&expected);
	assert_int_equal(0,
	    from_ext(&c,
		"critical,permitted;DNS:corp.example.net,permitted;DNS:.home."
		"ARPA,permitted;IP:10.0.0.0/255.0.0.0,permitted;IP:fd00::/"
		"ff00::,permitted;email:example.net,excluded;DNS:x.home.arpa",
		&why));
	assert_true(constraints_equal(&expected, &c));
	/* An empty subtree permits every name. */
	assert_int_equal(
	    0, from_ext(&c, "DER:300fa00d30078205612e6e657430028200", &why));
	assert_int_equal(0, c.n_domains);
	craft_cert(&none, &(struct craft){.cn = "Root", .exts = {CRAFT_CA}});
	assert_int_equal(
	    0, constraints_from_cert(&c, blob_bytes(&none.der), &why));
	assert_int_equal(0, c.n_domains);
	assert_int_equal(0, c.n_prefixes);
	crafted_fini(&none);
}

static void
test_odd_extension_refused(void **state)
{
	static const struct {
		const char *value, *says;
	} bad[] = {
	    {"permitted;IP:10.0.0.0/255.0.255.0", "not a prefix"},
	    {"DER:300aa0083006870401020304", "not a prefix"},
	    {"permitted;DNS:a b", "not a domain name"},
	    {"permitted;DNS:..", "not a domain name"},
	    {"DER:300ea00c300a8205612e006574800100", "not a domain name"},
	    {"DER:300ea00c300a8205612e6e6574800101", "minimum"},
	    {"DER:300ea00c300a8205612e6e6574810101", "maximum"},
	    {"DER:0500", "malformed"},
	};
	struct constraints c;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};

		if (from_ext(&c, bad[i].value, &why) != -ERR_INVALID ||
		    strstr(why.text, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].value, why.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_check),
	    cmocka_unit_test(test_unconstrained),
	    cmocka_unit_test(test_first_bad_name_is_named),
	    cmocka_unit_test(test_equal_as_sets),
	    cmocka_unit_test(test_from_cert),
	    cmocka_unit_test(test_odd_extension_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
