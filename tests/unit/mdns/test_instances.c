#include "tests/unit/cmocka.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "mdns/instances.h"

static int
add(struct instances *list, struct instance_entry *entry, const char *address,
    unsigned int if_index)
{
	struct instance_answer answer = {
	    .host = "Estuary-1a2b.local",
	    .port = 8443,
	    .if_index = if_index,
	};

	assert_int_equal(0, ip_parse(&answer.ip, address));
	return instances_add_answer(list, entry, &answer, 1000);
}

static void
assert_address(const struct mdns_instance *instance, size_t i, const char *text)
{
	char endpoint[ENDPOINT_TEXT_MAX];

	assert_true(i < instance->n_addresses);
	endpoint_format(endpoint, (const void *)&instance->addresses[i]);
	assert_string_equal(text, endpoint);
}

/* [RFC6763 6.4] keys are case-blind, the first one counts, and a key without a
 * value is there. */
static void
test_txt_value(void **state)
{
	static const struct mdns_instance instance = {
	    .txt = {"path", "Name=est.example.net", "name=evil.example",
		"pake=spake2plus", "empty=", "na=short", "p=a=b"},
	    .n_txt = 7,
	};
	static const struct mdns_instance none;

	(void)state;
	assert_string_equal(
	    "est.example.net", mdns_txt_value(&instance, "name"));
	assert_string_equal(
	    "est.example.net", mdns_txt_value(&instance, "NAME"));
	assert_string_equal("", mdns_txt_value(&instance, "path"));
	assert_string_equal("", mdns_txt_value(&instance, "empty"));
	assert_string_equal("short", mdns_txt_value(&instance, "na"));
	assert_string_equal("a=b", mdns_txt_value(&instance, "p"));
	assert_null(mdns_txt_value(&instance, "n"));
	assert_null(mdns_txt_value(&instance, "names"));
	assert_null(mdns_txt_value(&instance, "name="));
	assert_null(mdns_txt_value(&instance, "est.example.net"));
	assert_null(mdns_txt_value(&instance, ""));
	assert_null(mdns_txt_value(&none, "name"));
}

static void
test_merged_by_name(void **state)
{
	struct instances list = {0};
	struct instance_entry *a = instances_get(&list, "Estuary", 0);
	struct instance_entry *b = instances_get(&list, "Other", 0);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_ptr_not_equal(a, b);
	assert_ptr_equal(a, instances_get(&list, "eSTUARY", 5));
	assert_int_equal(2, list.n);
	assert_string_equal("Estuary", a->instance.name);

	assert_int_equal(0, add(&list, a, "10.77.1.1", 2));
	assert_int_equal(-ERR_EXISTS, add(&list, a, "10.77.1.1", 3));
	assert_int_equal(0, add(&list, a, "fd77::1", 2));
	assert_int_equal(2, a->instance.n_addresses);
	assert_int_equal(0, b->instance.n_addresses);
	assert_string_equal("estuary-1a2b.local", a->instance.host);
	instances_fini(&list);
}

static void
test_names_refused(void **state)
{
	struct instances list = {0};

	(void)state;
	assert_null(instances_get(&list, "", 0));
	assert_null(instances_get(&list, "a\x1b[31m", 0));
	assert_null(instances_get(&list, "\xff", 0));
	assert_int_equal(0, list.n);
	instances_fini(&list);
}

static void
test_number_of_instances_is_bounded(void **state)
{
	struct instances list = {0};
	char name[32];

	(void)state;
	for (int i = 0; i < 10 * INSTANCES_MAX; i++) {
		snprintf(name, sizeof(name), "instance %d", i);
		if (i < INSTANCES_MAX)
			assert_non_null(instances_get(&list, name, 0));
		else
			assert_null(instances_get(&list, name, 0));
	}
	assert_int_equal(INSTANCES_MAX, list.n);
	assert_non_null(instances_get(&list, "instance 3", 0));
	instances_fini(&list);
}

static void
test_link_local_comes_last(void **state)
{
	struct instances list = {0};
	struct instance_entry *e = instances_get(&list, "Estuary", 0);
	const struct sockaddr_in6 *in6;

	(void)state;
	assert_int_equal(0, add(&list, e, "fe80::1", 7));
	assert_int_equal(0, add(&list, e, "169.254.3.4", 7));
	assert_int_equal(0, add(&list, e, "fd77::1", 7));
	assert_int_equal(0, add(&list, e, "10.77.1.1", 7));
	/* The same address on another link is another one. */
	assert_int_equal(0, add(&list, e, "fe80::1", 8));
	assert_int_equal(5, e->instance.n_addresses);
	assert_address(&e->instance, 0, "[fd77::1]:8443");
	assert_address(&e->instance, 1, "10.77.1.1:8443");
	assert_address(&e->instance, 3, "169.254.3.4:8443");
	in6 = (const void *)&e->instance.addresses[0];
	assert_int_equal(0, in6->sin6_scope_id);
	in6 = (const void *)&e->instance.addresses[2];
	assert_int_equal(7, in6->sin6_scope_id);
	in6 = (const void *)&e->instance.addresses[4];
	assert_int_equal(8, in6->sin6_scope_id);
	instances_fini(&list);
}

static void
test_number_of_addresses_is_bounded(void **state)
{
	struct instances list = {0};
	struct instance_entry *e = instances_get(&list, "Estuary", 0);
	char text[IP_TEXT_MAX];

	(void)state;
	for (int i = 1; i <= 20; i++) {
		snprintf(text, sizeof(text), "fe80::%x", i);
		assert_int_equal(i <= MDNS_ADDRESSES_MAX ? 0 : -ERR_EXISTS,
		    add(&list, e, text, 2));
	}
	/* Better ones push link-local ones out, but not each other. */
	for (int i = 1; i <= 20; i++) {
		snprintf(text, sizeof(text), "10.0.0.%d", i);
		assert_int_equal(i <= MDNS_ADDRESSES_MAX ? 0 : -ERR_EXISTS,
		    add(&list, e, text, 2));
	}
	assert_int_equal(MDNS_ADDRESSES_MAX, e->instance.n_addresses);
	assert_address(&e->instance, 0, "10.0.0.1:8443");
	assert_address(&e->instance, 7, "10.0.0.8:8443");
	assert_int_equal(-ERR_EXISTS, add(&list, e, "fe80::99", 2));
	instances_fini(&list);
}

static void
test_addresses_refused(void **state)
{
	static const char *const bad[] = {"0.0.0.0", "0.1.2.3", "127.0.0.1",
	    "127.9.9.9", "224.0.0.251", "255.255.255.255", "::", "::1",
	    "ff02::fb", "::ffff:10.0.0.1", "::10.0.0.1"};
	struct instances list = {0};
	struct instance_entry *e = instances_get(&list, "Estuary", 0);
	struct instance_answer answer = {
	    .host = "h.local", .port = 1, .allow_loopback = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-ERR_INVALID, add(&list, e, bad[i], 2));
	assert_int_equal(0, e->instance.n_addresses);
	assert_string_equal("", e->instance.host);

	assert_int_equal(0, ip_parse(&answer.ip, "127.0.0.1"));
	assert_int_equal(0, instances_add_answer(&list, e, &answer, 0));
	assert_int_equal(0, ip_parse(&answer.ip, "::1"));
	assert_int_equal(0, instances_add_answer(&list, e, &answer, 0));
	assert_int_equal(0, ip_parse(&answer.ip, "10.0.0.1"));
	answer.port = 0;
	assert_int_equal(
	    -ERR_INVALID, instances_add_answer(&list, e, &answer, 0));
	instances_fini(&list);
}

static void
test_hosts_refused(void **state)
{
	static const char *const bad[] = {"", ".", "a b.local", "a\nb.local",
	    "a\\.b.local", "-a.local", "a_b.local", "\xc3\xa9.local"};
	struct instances list = {0};
	struct instance_entry *e = instances_get(&list, "Estuary", 0);
	struct instance_answer answer = {.port = 1};
	char host[300];

	(void)state;
	assert_int_equal(0, ip_parse(&answer.ip, "10.0.0.1"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		answer.host = bad[i];
		assert_int_equal(
		    -ERR_INVALID, instances_add_answer(&list, e, &answer, 0));
	}
	for (size_t i = 0; i < sizeof(host) - 1; i++)
		host[i] = i % 2 == 0 ? 'a' : '.';
	host[sizeof(host) - 1] = '\0';
	answer.host = host;
	assert_int_equal(
	    -ERR_INVALID, instances_add_answer(&list, e, &answer, 0));
	answer.host = "first.local.";
	assert_int_equal(0, instances_add_answer(&list, e, &answer, 0));
	answer.host = "second.local";
	answer.port = 2;
	assert_int_equal(0, instances_add_answer(&list, e, &answer, 0));
	assert_string_equal("first.local", e->instance.host);
	assert_int_equal(2, e->instance.n_addresses);
	instances_fini(&list);
}

static bool
add_txt(struct mdns_instance *instance, const char *text)
{
	return instance_add_txt(instance, (const uint8_t *)text, strlen(text));
}

static void
test_txt_is_bounded(void **state)
{
	struct mdns_instance instance = {0};
	uint8_t text[300];
	char number[16];

	(void)state;
	memset(text, 'k', sizeof(text));
	assert_false(instance_add_txt(&instance, text, 0));
	assert_false(instance_add_txt(&instance, text, 256));
	assert_false(instance_add_txt(&instance, text, 300));
	assert_true(instance_add_txt(&instance, text, 255));
	assert_int_equal(255, strlen(instance.txt[0]));
	assert_false(instance_add_txt(&instance, (const uint8_t *)"a=\0b", 4));
	assert_false(add_txt(&instance, "=value"));
	for (int i = 1; i < 100; i++) {
		snprintf(number, sizeof(number), "k%d", i);
		assert_int_equal(i < MDNS_TXT_MAX, add_txt(&instance, number));
	}
	assert_int_equal(MDNS_TXT_MAX, instance.n_txt);
	assert_string_equal("k15", instance.txt[15]);
}

static void
test_ready_and_settled(void **state)
{
	struct instances list = {0};
	struct instance_entry *e;

	(void)state;
	/* Nothing found: only the time-out ends it. */
	assert_false(instances_are_settled(&list, 100000, 500));
	e = instances_get(&list, "Estuary", 900);
	e->n_lookups = 2;
	assert_false(instance_is_ready(e, 1000, 500));
	assert_int_equal(0, add(&list, e, "10.0.0.1", 2)); /* at 1000 */
	e->n_lookups = 1;
	assert_false(instance_is_ready(e, 1499, 500));
	assert_true(instance_is_ready(e, 1500, 500));
	assert_true(instance_is_ready(e, 1000, 0));
	e->n_lookups = 0;
	assert_true(instance_is_ready(e, 1001, 500));
	e->reported = true;
	assert_false(instance_is_ready(e, 9000, 500));
	assert_false(instances_are_settled(&list, 1499, 500));
	assert_true(instances_are_settled(&list, 1500, 500));

	/* One that is still being looked up holds the end back, one that has
	 * no address does not. */
	e = instances_get(&list, "Other", 2000);
	e->n_lookups = 1;
	assert_false(instances_are_settled(&list, 9000, 500));
	e->n_lookups = 0;
	assert_false(instances_are_settled(&list, 2499, 500));
	assert_true(instances_are_settled(&list, 2500, 500));
	assert_false(instance_is_ready(e, 9000, 500));
	instances_fini(&list);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_txt_value),
	    cmocka_unit_test(test_merged_by_name),
	    cmocka_unit_test(test_names_refused),
	    cmocka_unit_test(test_number_of_instances_is_bounded),
	    cmocka_unit_test(test_link_local_comes_last),
	    cmocka_unit_test(test_number_of_addresses_is_bounded),
	    cmocka_unit_test(test_addresses_refused),
	    cmocka_unit_test(test_hosts_refused),
	    cmocka_unit_test(test_txt_is_bounded),
	    cmocka_unit_test(test_ready_and_settled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
