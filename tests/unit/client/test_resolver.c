#include "tests/unit/cmocka.h"

#include <string.h>

#include "client/resolver.h"

static void
test_dohpath(void **state)
{
	static const char *const bad[] = {"", "/", "/dns-query", "{?dns}",
	    "dns-query{?dns}", "/q{?dns}x", "/q{?dns,x}", "/q{dns}",
	    "/q?x=1{&dns}", "/q?x=1{?dns}", "/{x}{?dns}", "/q#f{?dns}",
	    "/q q{?dns}", "/caf\xc3\xa9{?dns}", "/q{?dns}{?dns}",
	    "https://x.test/q{?dns}"};
	struct buf out = {0};
	char long_one[DOHPATH_MAX + 8];

	(void)state;
	assert_int_equal(0, dohpath_expand(&out, "/dns-query{?dns}", "AAAB"));
	assert_string_equal("/dns-query?dns=AAAB", buf_text(&out));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(dohpath_is_valid(bad[i]));
		assert_int_equal(
		    -ERR_INVALID, dohpath_expand(&out, bad[i], "AAAB"));
	}
	memset(long_one, 'x', sizeof(long_one));
	long_one[0] = '/';
	strcpy(long_one + DOHPATH_MAX, "{?dns}");
	assert_false(dohpath_is_valid(long_one));
	buf_fini(&out);
}

static int
read_text(struct resolver *out, const char *text)
{
	json_t *object = json_loads(text, 0, NULL);
	struct reason why = {""};
	int err;

	assert_non_null(object);
	err = resolver_from_json(out, object, &why);
	assert_int_equal(err != 0, why.text[0] != '\0');
	json_decref(object);
	return err;
}

static void
test_defaults(void **state)
{
	struct resolver r;

	(void)state;
	assert_int_equal(0,
	    read_text(&r, "{\"adn\":\"Dns.Example.net\",\"label\":\"domain-s\","
			  "\"dohpath\":null,\"unknown\":[]}"));
	assert_string_equal("dns.example.net", r.adn);
	assert_int_equal(853, r.port);
	assert_int_equal(1, r.n_alpn);
	assert_string_equal("dot", r.alpn[0]);
	assert_string_equal("", r.dohpath);
	assert_int_equal(
	    0, read_text(&r, "{\"adn\":\"d.test\",\"label\":\"doh\","
			     "\"addresses\":[\"::1\",\"::1\",\"192.0.2.1\"]}"));
	assert_int_equal(443, r.port);
	assert_string_equal("h2", r.alpn[0]);
	assert_string_equal("/dns-query{?dns}", r.dohpath);
	assert_int_equal(2, r.n_addresses);
}

#define HEAD "{\"adn\":\"d.test\",\"label\":\"doh\","

static void
test_wrong_types_refused(void **state)
{
	static const char *const bad[] = {"{}", "[]", "{\"adn\":\"d.test\"}",
	    "{\"label\":\"doh\"}", "{\"adn\":1,\"label\":\"doh\"}",
	    "{\"adn\":\"-\",\"label\":\"doh\"}",
	    "{\"adn\":\"d.test\",\"label\":\"a_b\"}",
	    "{\"adn\":\"d.test\",\"label\":\"a-label-that-is-long\"}",
	    HEAD "\"port\":\"443\"}", HEAD "\"port\":0}",
	    HEAD "\"port\":65536}", HEAD "\"port\":1.5}",
	    HEAD "\"addresses\":\"::1\"}", HEAD "\"addresses\":[1]}",
	    HEAD "\"addresses\":[\"localhost\"]}", HEAD "\"alpn\":\"h2\"}",
	    HEAD "\"alpn\":[\"\"]}", HEAD "\"alpn\":[2]}",
	    HEAD "\"alpn\":[\"0123456789abcdef\"]}",
	    HEAD "\"alpn\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}",
	    HEAD "\"dohpath\":\"/q\"}", HEAD "\"dohpath\":7}",
	    HEAD "\"state\":7}", HEAD "\"state\":\"0123456789abcdef\"}",
	    HEAD "\"state\":\"\\u001b[31m\"}"};
	struct resolver r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (read_text(&r, bad[i]) != -ERR_INVALID)
			fail_msg("accepted: %s", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_dohpath),
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_wrong_types_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
