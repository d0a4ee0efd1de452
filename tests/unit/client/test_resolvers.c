#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "client/resolvers.h"
#include "tests/unit/client/certs.h"
#include "tests/unit/client/support.h"

static const struct bytes some_der = {(const uint8_t *)"der", 3};

static void
add_name(struct cert_info *info, enum name_type type, const char *text)
{
	assert_int_equal(0, names_add(&info->names, type, text));
}

/* One certificate for both services. */
static void
test_pick(void **state)
{
	struct cert_info info = {.serial = "01"};
	struct resolver_set set = {.n = 0};

	(void)state;
	add_name(&info, NAME_DNS, "dns.example.net");
	add_name(&info, NAME_IP, "192.0.2.1");
	add_name(&info, NAME_SRV, "_domain-s.dns.example.net");
	add_name(&info, NAME_SRV, "_doh.dns.example.net");
	assert_true(cert_is_dns_server(&info));
	assert_int_equal(0, resolvers_pick(&set, &info, some_der));
	assert_int_equal(2, set.n);
	assert_true(resolver_is(&set.items[0], "dns.example.net", LABEL_DOT));
	assert_true(resolver_is(&set.items[1], "dns.example.net", LABEL_DOH));
	resolver_set_fini(&set);
}

/* Only the SRV-ID picks: names that look like a DNS server's, other labels,
 * other domains, the protocol label that RFC 4985 does not have. */
static void
test_decoys_are_not_picked(void **state)
{
	static const char *const decoys[] = {"_ldap.dns.example.net",
	    "_domain.dns.example.net", "_domain-s.other.example.net",
	    "_doh.example.net"};
	struct resolver_set set = {.n = 0};
	struct cert_info plain = {.serial = "01"};

	(void)state;
	add_name(&plain, NAME_DNS, "dns.example.net");
	add_name(&plain, NAME_DNS, "doh.example.net");
	assert_false(cert_is_dns_server(&plain));
	assert_int_equal(0, resolvers_pick(&set, &plain, some_der));
	for (size_t i = 0; i < ARRAY_LEN(decoys); i++) {
		struct cert_info info = {.serial = "01"};

		add_name(&info, NAME_DNS, "dns.example.net");
		add_name(&info, NAME_DNS, "*.example.net");
		add_name(&info, NAME_SRV, decoys[i]);
		assert_int_equal(0, resolvers_pick(&set, &info, some_der));
	}
	assert_int_equal(0, set.n);
}

static void
test_more_than_fit_refused(void **state)
{
	struct cert_info info = {.serial = "01"};
	struct resolver_set set = {.n = 0};

	(void)state;
	add_name(&info, NAME_DNS, "dns.example.net");
	add_name(&info, NAME_SRV, "_doh.dns.example.net");
	for (size_t i = 0; i < RESOLVERS_MAX; i++)
		assert_int_equal(0, resolvers_pick(&set, &info, some_der));
	assert_int_equal(-ERR_TOO_LARGE, resolvers_pick(&set, &info, some_der));
	assert_int_equal(RESOLVERS_MAX, set.n);
	resolver_set_fini(&set);
}

static int
from_eecerts(struct resolver_set *set, const char *pem, int64_t now)
{
	struct trust *trust = trust_of(PEM_ROOT PEM_ISSUING);
	struct cert_list eecerts;
	struct reason why = {""};
	int err;

	certs_of(&eecerts, pem);
	err = resolvers_from_eecerts(set, &eecerts, trust, now, &why);
	cert_list_fini(&eecerts);
	trust_free(trust);
	return err;
}

/* [RFC8295 3.2] */
static void
test_certificates_of_another_root_refused(void **state)
{
	struct resolver_set set = {.n = 0};

	(void)state;
	assert_int_equal(-ERR_REFUSED, from_eecerts(&set, PEM_STRAY, NOW));
	assert_int_equal(0, set.n);
	/* The good one beside it is kept. */
	assert_int_equal(0, from_eecerts(&set, PEM_STRAY PEM_NEXT, NOW));
	assert_int_equal(1, set.n);
	resolver_set_fini(&set);
	assert_int_equal(
	    -ERR_REFUSED, from_eecerts(&set, PEM_DNS, INT64_C(5000000000)));
	assert_int_equal(-ERR_NOT_FOUND, from_eecerts(&set, PEM_EST, NOW));
}

#define ENTRY                                                                  \
	"{\"adn\":\"dns.example.net\",\"label\":\"%s\","                       \
	"\"addresses\":[\"192.0.2.53\"],\"port\":%d,\"alpn\":[\"x\"],"         \
	"\"dohpath\":\"/q{?dns}\",\"state\":\"current\",\"sha256\":\"%s\"}"

static int
describe(struct resolver_set *set, const char *text)
{
	struct reason why = {""};

	return resolvers_describe(
	    set, (struct bytes){(const uint8_t *)text, strlen(text)}, &why);
}

static void
test_describe(void **state)
{
	struct resolver_set set = {.n = 0};
	char hex[65], text[1024];

	(void)state;
	assert_int_equal(0, from_eecerts(&set, PEM_DNS PEM_NEXT, NOW));
	assert_int_equal(3, set.n);
	hex_encode(hex, (struct bytes){set.items[0].sha256, 32});
	snprintf(text, sizeof(text), "{\"resolvers\":[" ENTRY "]}", LABEL_DOT,
	    8853, hex);
	assert_int_equal(0, describe(&set, text));
	assert_int_equal(8853, set.items[0].port);
	assert_string_equal("x", set.items[0].alpn[0]);
	assert_string_equal("current", set.items[0].state);
	assert_string_equal("", set.items[0].dohpath);
	/* The same certificate's other label was not spoken of. */
	assert_int_equal(0, set.items[1].port);
	/* The next certificate serves where the current one does. */
	assert_int_equal(8853, set.items[2].port);
	assert_string_equal("", set.items[2].state);
	resolver_set_fini(&set);
}

static void
test_unknown_certificates_are_ignored(void **state)
{
	struct resolver_set set = {.n = 0};
	char hex[65], text[2048];

	(void)state;
	assert_int_equal(0, from_eecerts(&set, PEM_NEXT, NOW));
	hex_encode(hex, (struct bytes){set.items[0].sha256, 32});
	hex[0] = hex[0] == '0' ? '1' : '0';
	snprintf(text, sizeof(text), "{\"resolvers\":[" ENTRY "]}", LABEL_DOT,
	    8853, hex);
	assert_int_equal(0, describe(&set, text));
	assert_int_equal(1, set.n);
	assert_int_equal(0, set.items[0].port);
	/* Its hash under a label that it does not carry. */
	hex_encode(hex, (struct bytes){set.items[0].sha256, 32});
	snprintf(text, sizeof(text), "{\"resolvers\":[" ENTRY "]}", LABEL_DOH,
	    8853, hex);
	assert_int_equal(0, describe(&set, text));
	assert_int_equal(0, set.items[0].port);
	resolver_set_fini(&set);
}

#define HEAD "{\"adn\":\"d.test\",\"label\":\"doh\""

static void
test_malformed_json_refused(void **state)
{
	static const char *const bad[] = {"", "[]", "{}", "{\"resolvers\":{}}",
	    "{\"resolvers\":[1]}", "{\"resolvers\":[{}]}",
	    "{\"resolvers\":[" HEAD "}]}",
	    "{\"resolvers\":[" HEAD ",\"sha256\":7}]}",
	    "{\"resolvers\":[" HEAD ",\"sha256\":\"00\"}]}",
	    "{\"resolvers\":[]}x", "{\"resolvers\":[],\"resolvers\":[]}"};
	struct resolver_set set = {.n = 0};
	struct buf many = {0};

	(void)state;
	assert_int_equal(0, describe(&set, "{\"resolvers\":[]}"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (describe(&set, bad[i]) != -ERR_INVALID)
			fail_msg("accepted: %s", bad[i]);
	buf_adds(&many, "{\"resolvers\":[0");
	for (int i = 0; i < RESOLVERS_JSON_MAX_ENTRIES; i++)
		buf_adds(&many, ",0");
	buf_adds(&many, "]}");
	assert_int_equal(-ERR_INVALID, describe(&set, buf_text(&many)));
	buf_fini(&many);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_pick),
	    cmocka_unit_test(test_decoys_are_not_picked),
	    cmocka_unit_test(test_more_than_fit_refused),
	    cmocka_unit_test(test_certificates_of_another_root_refused),
	    cmocka_unit_test(test_describe),
	    cmocka_unit_test(test_unknown_certificates_are_ignored),
	    cmocka_unit_test(test_malformed_json_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
