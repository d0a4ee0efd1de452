#include "tests/unit/cmocka.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "registrar/name_policy.h"

/* --- patterns --- */

static void
test_patterns(void **state)
{
	static const char *const good[] = {"", "a.example.net", "*.example.net",
	    "a.*.example.net", "*.*.net", "*", "Host.Example.NET", "192.0.2.1",
	    "192.0.2.0/24", "2001:db8::/32", "::1", "0.0.0.0/0",
	    "*.example.net\n192.0.2.1\nx.example.net"};
	static const char *const bad[] = {"a*.example.net", "*a.example.net",
	    "**.example.net", "a..net", ".net", "net.", "*.", "-a.net",
	    "a_b.net", "192.0.2.1/24", "192.0.2", "192.0.2.0/33",
	    "_doh.example.net", "a b.net", "good.net\nbad..net",
	    "good.net\n\nbad.net", "\n", "https://x.net", "*.192.0.2.1",
	    "alice@example.net"};
	char long_name[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct reason why = {""};

		if (name_patterns_check(good[i], &why) != 0)
			fail_msg("%s: %s", good[i], why.text);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};

		if (name_patterns_check(bad[i], &why) != -ERR_INVALID ||
		    strchr(why.text, '\n') != NULL)
			fail_msg("%s: %s", bad[i], why.text);
	}
	memset(long_name, 'x', sizeof(long_name));
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(-ERR_INVALID, name_patterns_check(long_name, NULL));
}

static void
test_adn(void **state)
{
	static const char *const good[] = {"dns.example.net",
	    "192.0.2.1\ndns.example.net", "DNS.example.net\n192.0.2.0/24\n::1"};
	static const char *const bad[] = {"", "192.0.2.1", "*.example.net",
	    "dns.example.net\nx.example.net", "dns.example.net\n*.example.net",
	    "dns.example.net\ndns.example.net", "*.example.net\nx.example.net",
	    "a..b"};
	char adn[DOMAIN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(0, name_patterns_adn(adn, good[i], NULL));
		assert_string_equal("dns.example.net", adn);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};

		assert_int_equal(
		    -ERR_INVALID, name_patterns_adn(adn, bad[i], &why));
		assert_true(why.text[0] != '\0');
	}
}

static bool
allows(const char *patterns, enum name_type type, const char *text)
{
	struct names names = {.n = 0};

	assert_int_equal(0, names_add(&names, type, text));
	return name_is_allowed(&names.items[0], patterns);
}

static void
test_domains(void **state)
{
	static const struct {
		const char *pattern, *name;
		bool allowed;
	} cases[] = {{"a.example.net", "a.example.net", true},
	    {"a.example.net", "A.Example.Net", true},
	    {"A.EXAMPLE.net", "a.example.net", true},
	    {"a.example.net", "b.example.net", false},
	    {"a.example.net", "a.example.ne", false},
	    {"a.example.net", "a.example.netx", false},
	    {"a.example.net", "x.a.example.net", false},
	    {"a.example.net", "example.net", false},
	    {"example.net", "a.example.net", false},
	    {"*.example.net", "a.example.net", true},
	    {"*.example.net", "example.net", false},
	    {"*.example.net", "a.b.example.net", false},
	    {"*.example.net", "aexample.net", false},
	    {"a.*.net", "a.example.net", true}, {"a.*.net", "a.net", false},
	    {"a.*.net", "a.b.c.net", false}, {"a.*.net", "b.c.net", false},
	    {"*.*.net", "a.b.net", true}, {"*.*.net", "b.net", false},
	    {"*.*.net", "a.b.c.net", false},
	    {"a.example.*", "a.example.org", true}, {"*", "net", true},
	    {"*", "a.net", false}, {"*.net", "net", false},
	    /* What a certificate would say of many is not one name. */
	    {"*.example.net", "*.example.net", false},
	    {"*.*.net", "*.example.net", false}, {"", "a.net", false},
	    {"192.0.2.0/24", "a.net", false}, {"b.net\n\na.net", "a.net", true},
	    {"b.net\na.net", "b.net", true}, {"b.net\na.net", "a.net", true},
	    {"b.net\na.net", "c.net", false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (allows(cases[i].pattern, NAME_DNS, cases[i].name) !=
		    cases[i].allowed)
			fail_msg("%s %s", cases[i].pattern, cases[i].name);
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *pattern, *ip;
		bool allowed;
	} cases[] = {{"192.0.2.1", "192.0.2.1", true},
	    {"192.0.2.1", "192.0.2.2", false},
	    {"192.0.2.0/24", "192.0.2.255", true},
	    {"192.0.2.0/24", "192.0.3.0", false},
	    {"192.0.2.0/31", "192.0.2.1", true},
	    {"192.0.2.0/31", "192.0.2.2", false},
	    {"2001:db8::/32", "2001:db8::1", true},
	    {"2001:db8::/32", "2001:db9::1", false},
	    {"2001:DB8:0::1", "2001:db8::1", true},
	    {"0.0.0.0/0", "::ffff:1.2.3.4", false},
	    {"::/0", "192.0.2.1", false}, {"*", "192.0.2.1", false},
	    {"*.*.*.*", "192.0.2.1", false}, {"", "192.0.2.1", false},
	    {"a.net\n192.0.2.1", "192.0.2.1", true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (allows(cases[i].pattern, NAME_IP, cases[i].ip) !=
		    cases[i].allowed)
			fail_msg("%s %s", cases[i].pattern, cases[i].ip);
}

/* No pattern speaks of these. */
static void
test_other_types_refused(void **state)
{
	(void)state;
	assert_false(allows("*.*.net", NAME_SRV, "_doh.a.net"));
	assert_false(allows("*", NAME_OTHER, "email"));
	assert_false(allows("a.net", NAME_OTHER, "a.net"));
}

/* --- requests --- */

struct asked {
	const char *cn, *cn2, *organization;
	const char *names; /* as OpenSSL's configuration has them */
};

static struct csr *
make_csr(const struct asked *asked)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509_REQ *req = X509_REQ_new();
	X509_NAME *subject = X509_REQ_get_subject_name(req);
	STACK_OF(X509_EXTENSION) *exts = sk_X509_EXTENSION_new_null();
	const struct {
		int nid;
		const char *text;
	} parts[] = {{NID_commonName, asked->cn}, {NID_commonName, asked->cn2},
	    {NID_organizationName, asked->organization}};
	struct reason why = {""};
	struct csr *csr = NULL;
	uint8_t *der = NULL;
	int len;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].text != NULL)
			X509_NAME_add_entry_by_NID(subject, parts[i].nid,
			    MBSTRING_UTF8, (const uint8_t *)parts[i].text, -1,
			    -1, 0);
	if (asked->names != NULL)
		sk_X509_EXTENSION_push(
		    exts, X509V3_EXT_nconf(
			      NULL, NULL, "subjectAltName", asked->names));
	if (sk_X509_EXTENSION_num(exts) > 0)
		X509_REQ_add_extensions(req, exts);
	X509_REQ_set_pubkey(req, key);
	X509_REQ_sign(req, key, EVP_sha256());
	len = i2d_X509_REQ(req, &der);
	if (csr_parse(&csr, (struct bytes){der, (size_t)len}, &why) != 0)
		fail_msg("%s", why.text);
	OPENSSL_free(der);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return csr;
}

#define ALICE "alice"

static void
test_requests(void **state)
{
	static const char some[] = "*.example.net\n192.0.2.0/24";
	static const struct {
		const char *patterns;
		struct asked asked;
		const char *says; /* NULL: fine */
	} cases[] = {             /* Without a pattern: the identity alone. */
	    {"", {0}, NULL}, {"", {.cn = ALICE}, NULL},
	    {"", {.cn = "Alice"}, "common name"},
	    {"", {.cn = "bob"}, "\"bob\""},
	    {"", {.cn = "a.example.net"}, "common name"},
	    {"", {.cn = ALICE, .names = "DNS:a.example.net"}, "a.example.net"},
	    {"", {.names = "IP:192.0.2.1"}, "192.0.2.1"},
	    {"", {.names = "DNS:alice"}, "alice"},
	    {"", {.cn = ALICE, .cn2 = ALICE}, "subject"},
	    {"", {.cn = ALICE, .organization = "Org"}, "subject"},
	    {"", {.organization = "Org"}, "subject"},
	    /* With patterns: those too. */
	    {some, {0}, NULL}, {some, {.cn = ALICE}, NULL},
	    {some, {.cn = "a.example.net"}, NULL},
	    {some, {.cn = "A.example.NET"}, NULL},
	    {some, {.cn = "192.0.2.7"}, NULL},
	    {some, {.cn = "a.b.example.net"}, "common name"},
	    {some, {.cn = "*.example.net"}, "common name"},
	    {some, {.cn = "bob"}, "common name"},
	    {some, {.names = "DNS:a.example.net,DNS:b.example.net"}, NULL},
	    {some, {.cn = ALICE, .names = "DNS:a.example.net,IP:192.0.2.9"},
		NULL},
	    {some, {.names = "DNS:a.example.net,DNS:b.example.org"},
		"b.example.org"},
	    {some, {.names = "DNS:example.net"}, "example.net"},
	    {some, {.names = "DNS:*.example.net"}, "*.example.net"},
	    {some, {.names = "DNS:a.example.net,IP:192.0.3.1"}, "192.0.3.1"},
	    {some, {.names = "email:alice@example.net"}, "email"},
	    {some, {.names = "URI:https://a.example.net/"}, "URI"},
	    {some,
		{.names = "otherName:1.3.6.1.5.5.7.8.7;IA5:_doh.a.example.net"},
		"_doh.a.example.net"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct csr *csr = make_csr(&cases[i].asked);
		struct reason why = {""};
		int err =
		    name_policy_check(csr, ALICE, cases[i].patterns, &why);

		if (cases[i].says == NULL && err != 0)
			fail_msg("%zu: %s", i, why.text);
		if (cases[i].says != NULL &&
		    (err != -ERR_REFUSED ||
			strstr(why.text, cases[i].says) == NULL))
			fail_msg(
			    "%zu %s: %d %s", i, cases[i].says, err, why.text);
		csr_free(csr);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_patterns),
	    cmocka_unit_test(test_adn),
	    cmocka_unit_test(test_domains),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_other_types_refused),
	    cmocka_unit_test(test_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
