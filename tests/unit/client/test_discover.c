#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "client/discover.h"
#include "client/net.h"

static void
make_instance(struct mdns_instance *out, const char *name, const char *ip,
    const char *pake, const char *server_name)
{
	struct ip_addr address;

	memset(out, 0, sizeof(*out));
	strcpy(out->name, name);
	assert_int_equal(0, ip_parse(&address, ip));
	net_sockaddr(&out->addresses[0], &address, 443);
	out->n_addresses = 1;
	strcpy(out->txt[out->n_txt++], "txtvers=1");
	if (pake != NULL)
		strcpy(out->txt[out->n_txt++], pake);
	if (server_name != NULL)
		strcpy(out->txt[out->n_txt++], server_name);
}

static void
test_instances_need_spake2plus(void **state)
{
	static const char *const bad[] = {NULL, "pake=", "pake", "pake=srp",
	    "pake=spake2plusx", "pake=xspake2plus", "pakes=spake2plus"};
	struct candidates list = {0};
	struct mdns_instance instance;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		make_instance(&instance, "x", "192.0.2.1", bad[i], NULL);
		assert_false(candidates_add_instance(&list, &instance));
	}
	make_instance(&instance, "x", "192.0.2.1", "PAKE=srp,spake2plus", NULL);
	assert_true(candidates_add_instance(&list, &instance));
	assert_int_equal(1, list.n);
	assert_string_equal("", list.items[0].name);
	/* But for a connection that has no use for it. */
	list.without_pake = true;
	make_instance(&instance, "x", "192.0.2.2", NULL, "name=est.a.b");
	assert_true(candidates_add_instance(&list, &instance));
}

static void
test_hostile_texts(void **state)
{
	struct candidates list = {0};
	struct mdns_instance instance;

	(void)state;
	make_instance(&instance, "\x1b[31m\"red", "192.0.2.1",
	    "pake=spake2plus", "name=../../etc/passwd");
	assert_true(candidates_add_instance(&list, &instance));
	assert_string_equal("", list.items[0].name);
	assert_null(strchr(list.items[0].text, '\x1b'));
	/* The same address again is the same server. */
	assert_false(candidates_add_instance(&list, &instance));
	instance.n_addresses = 0;
	assert_false(candidates_add_instance(&list, &instance));
	for (int i = 2; i < 100; i++) {
		char ip[16];

		snprintf(ip, sizeof(ip), "192.0.2.%d", i);
		make_instance(&instance, "x", ip, "pake=spake2plus", NULL);
		candidates_add_instance(&list, &instance);
	}
	assert_int_equal(CANDIDATES_MAX, list.n);
}

static void
test_order(void **state)
{
	static const char *const names[] = {"name=a.test", "name=EST.test.",
	    NULL, "name=b.test", "name=est.test"};
	struct candidates list = {0};
	struct mdns_instance instance;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char ip[16];

		snprintf(ip, sizeof(ip), "192.0.2.%zu", i + 1);
		make_instance(&instance, "x", ip, "pake=spake2plus", names[i]);
		assert_true(candidates_add_instance(&list, &instance));
	}
	list.items[4].n_addresses = 2;
	candidates_order(&list, "est.test");
	assert_string_equal("est.test", list.items[0].name);
	assert_int_equal(1, list.items[0].n_addresses);
	assert_string_equal("est.test", list.items[1].name);
	assert_int_equal(2, list.items[1].n_addresses);
	assert_string_equal("a.test", list.items[2].name);
	assert_string_equal("", list.items[3].name);
	assert_string_equal("b.test", list.items[4].name);
}

static void
test_given_server(void **state)
{
	static const char *const bad[] = {
	    "", ":1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:70000", "[::1"};
	struct candidates list = {0};
	struct reason why;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(
		    -ERR_INVALID, candidates_add_server(&list, bad[i], &why));
	assert_int_equal(0, candidates_add_server(&list, "[::1]:8443", &why));
	assert_int_equal(0, candidates_add_server(&list, "127.0.0.1", &why));
	assert_int_equal(2, list.n);
	assert_int_equal(AF_INET6, list.items[0].addresses[0].ss_family);
	assert_string_equal("", list.items[0].name);
	assert_string_equal("", list.items[1].name);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_instances_need_spake2plus),
	    cmocka_unit_test(test_hostile_texts),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_given_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
