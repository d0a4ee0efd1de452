#include "tests/unit/cmocka.h"

#include <string.h>

#include "mdns/service.h"

static struct mdns_service
good_service(void)
{
	return (struct mdns_service){
	    .instance = "Estuary",
	    .type = "_est._tcp",
	    .port = 8443,
	    .txt = {"txtvers=1", "path=/.well-known/est", "flag"},
	    .n_txt = 3,
	};
}

static void
check(int expected, const struct mdns_service *service)
{
	struct service_list list;
	struct reason why;

	assert_int_equal(expected, service_list_copy(&list, service, 1, &why));
	if (expected == 0)
		service_list_fini(&list);
}

static void
test_good_service(void **state)
{
	struct mdns_service s = good_service();

	(void)state;
	check(0, &s);
	strcpy(s.instance, "Étuaire im Büro #2. links");
	check(0, &s);
	memset(s.instance, 'x', 63);
	check(0, &s);
	s.n_txt = 0;
	check(0, &s);
}

static void
test_names_refused(void **state)
{
	static const char *const types[] = {
	    "", "est", "_est", "_est._sctp", "_est._tcp.local", "_e s._tcp"};
	struct mdns_service s = good_service();

	(void)state;
	s.instance[0] = '\0';
	check(-ERR_INVALID, &s);
	memset(s.instance, 'x', sizeof(s.instance));
	check(-ERR_INVALID, &s);
	strcpy(s.instance, "\xff\xfe");
	check(-ERR_INVALID, &s);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		s = good_service();
		strcpy(s.type, types[i]);
		check(-ERR_INVALID, &s);
	}
	s = good_service();
	memset(s.type, 'x', sizeof(s.type));
	check(-ERR_INVALID, &s);
	s = good_service();
	s.port = 0;
	check(-ERR_INVALID, &s);
}

/* [RFC6763 6.4] */
static void
test_txt_refused(void **state)
{
	struct mdns_service s = good_service();

	(void)state;
	strcpy(s.txt[1], "=value");
	check(-ERR_INVALID, &s);
	strcpy(s.txt[1], "");
	check(-ERR_INVALID, &s);
	strcpy(s.txt[1], "k\tey=value");
	check(-ERR_INVALID, &s);
	memset(s.txt[1], 'k', sizeof(s.txt[1]));
	check(-ERR_INVALID, &s);
	s = good_service();
	s.n_txt = MDNS_TXT_MAX + 1;
	check(-ERR_TOO_LARGE, &s);
	s.n_txt = 6;
	for (size_t i = 0; i < s.n_txt; i++) {
		memset(s.txt[i], 'k', 255);
		s.txt[i][255] = '\0';
	}
	check(-ERR_TOO_LARGE, &s);
	s.n_txt = 5;
	check(0, &s);
}

static void
test_lists(void **state)
{
	struct mdns_service two[2] = {good_service(), good_service()};
	static const struct mdns_service many[MDNS_SERVICES_MAX + 1];
	struct service_list a, b;
	struct reason why;

	(void)state;
	assert_int_equal(
	    -ERR_TOO_LARGE, service_list_copy(&a, many, ARRAY_LEN(many), &why));
	assert_int_equal(0, service_list_copy(&a, NULL, 0, &why));
	assert_int_equal(0, service_list_copy(&b, two, 2, &why));
	assert_false(service_list_equal(&a, &b));
	service_list_fini(&a);
	assert_int_equal(0, service_list_copy(&a, two, 2, &why));
	assert_true(service_list_equal(&a, &b));
	strcpy(a.items[1].txt[2], "other");
	assert_false(service_list_equal(&a, &b));
	service_list_fini(&a);
	service_list_fini(&a);
	service_list_fini(&b);
}

static void
test_config(void **state)
{
	struct mdns_config config = {.host_name = "estuary-1a2b"};
	struct reason why;

	(void)state;
	assert_int_equal(0, mdns_config_check(&config, &why));
	strcpy(config.interfaces[0], "eth0");
	config.n_interfaces = 1;
	assert_int_equal(0, mdns_config_check(&config, &why));
	config.n_interfaces = 2;
	assert_int_equal(-ERR_INVALID, mdns_config_check(&config, &why));
	config.n_interfaces = MDNS_INTERFACES_MAX + 1;
	assert_int_equal(-ERR_TOO_LARGE, mdns_config_check(&config, &why));
	config.n_interfaces = 0;
	strcpy(config.host_name, "two.labels");
	assert_int_equal(-ERR_INVALID, mdns_config_check(&config, &why));
	config.host_name[0] = '\0';
	assert_int_equal(-ERR_INVALID, mdns_config_check(&config, &why));
	memset(config.host_name, 'x', sizeof(config.host_name));
	assert_int_equal(-ERR_INVALID, mdns_config_check(&config, &why));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_service),
	    cmocka_unit_test(test_names_refused),
	    cmocka_unit_test(test_txt_refused),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
