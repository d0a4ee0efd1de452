#include "tests/unit/cmocka.h"

#include <string.h>

#include "ca/profile.h"

#define SERVER "est.example.net"
#define ADN "dns.example.net"

/* Names by their first character: @ IP, _ SRV, ! other, else DNS. */
static void
add(struct names *names, const char *text)
{
	enum name_type type = NAME_DNS;

	if (text[0] == '_')
		type = NAME_SRV;
	else if (text[0] == '@')
		type = NAME_IP;
	else if (text[0] == '!')
		type = NAME_OTHER;
	if (type == NAME_IP || type == NAME_OTHER)
		text++;
	assert_int_equal(0, names_add(names, type, text));
}

struct profile_case {
	enum profile_id id;
	const char *names[4];
	const char *says; /* NULL: fine */
};

static void
test_names(void **state)
{
	static const struct profile_case cases[] = {
	    {PROFILE_EST_SERVER, {SERVER}, NULL},
	    {PROFILE_EST_SERVER, {SERVER, "@10.0.0.1"}, NULL},
	    {PROFILE_EST_SERVER, {0}, "needed"},
	    {PROFILE_EST_SERVER, {"@10.0.0.1"}, "needed"},
	    {PROFILE_EST_SERVER, {ADN}, "only server.name"},
	    {PROFILE_EST_SERVER, {SERVER, ADN}, "one DNS name"},
	    {PROFILE_EST_SERVER, {SERVER, "_doh." SERVER}, "no SRV-IDs"},
	    {PROFILE_EST_SERVER, {SERVER, "!email"}, "type email"},
	    {PROFILE_EST_SERVER, {"*.example.net"}, "wildcard"},
	    {PROFILE_DNS_SERVER, {ADN}, NULL},
	    {PROFILE_DNS_SERVER, {ADN, "_domain-s." ADN}, NULL},
	    {PROFILE_DNS_SERVER,
		{ADN, "_domain-s." ADN, "_doh." ADN, "@fd00::1"}, NULL},
	    {PROFILE_DNS_SERVER, {"_doh." ADN}, "needed"},
	    {PROFILE_DNS_SERVER, {ADN, "x.example.net"}, "one DNS name"},
	    {PROFILE_DNS_SERVER, {ADN, "_est." ADN}, "label est"},
	    {PROFILE_DNS_SERVER, {ADN, "_doh.x.example.net"}, "is not of"},
	    {PROFILE_DNS_SERVER, {ADN, "_doh.example.net"}, "is not of"},
	    {PROFILE_DNS_SERVER, {"*.example.net"}, "wildcard"},
	    {PROFILE_DNS_SERVER, {ADN, "!URI"}, "type URI"},
	    {PROFILE_DNS_SERVER, {SERVER}, "reserved"},
	    {PROFILE_DNS_SERVER, {"EST.example.net"}, "reserved"},
	    {PROFILE_ENDPOINT, {0}, NULL},
	    {PROFILE_ENDPOINT, {"@10.0.0.1"}, NULL},
	    {PROFILE_ENDPOINT, {ADN, "x.example.net", "@fd00::1"}, NULL},
	    {PROFILE_ENDPOINT, {"*.example.net"}, "wildcard"},
	    {PROFILE_ENDPOINT, {ADN, "_doh." ADN}, "no SRV-IDs"},
	    {PROFILE_ENDPOINT, {"!email"}, "type email"},
	    {PROFILE_ENDPOINT, {ADN, "Est.Example.Net"}, "reserved"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct profile_case *t = &cases[i];
		struct names names = {0};
		struct reason why = {""};
		int err;

		for (size_t j = 0; j < 4 && t->names[j] != NULL; j++)
			add(&names, t->names[j]);
		err = profile_check_names(
		    profile_get(t->id), &names, SERVER, &why);
		if (t->says == NULL) {
			if (err != 0)
				fail_msg("%zu: %s", i, why.text);
		} else if (err != -ERR_REFUSED ||
			   strstr(why.text, t->says) == NULL) {
			fail_msg("%zu %s: %d %s", i, t->says, err, why.text);
		}
	}
}

static void
test_table(void **state)
{
	const struct profile *est = profile_find("est-server");
	const struct profile *dns = profile_find("dns-server");
	const struct profile *endpoint = profile_find("endpoint");

	(void)state;
	assert_ptr_equal(est, profile_get(PROFILE_EST_SERVER));
	assert_ptr_equal(dns, profile_get(PROFILE_DNS_SERVER));
	assert_null(profile_find("no-such"));
	assert_null(profile_get(0));
	assert_true(est->server_auth && est->cmc_ra && !est->client_auth);
	assert_true(dns->server_auth && dns->client_auth && !dns->cmc_ra);
	assert_int_equal(90, est->default_days);
	assert_int_equal(90, dns->default_days);
	assert_ptr_equal(endpoint, profile_get(PROFILE_ENDPOINT));
	assert_true(endpoint->client_auth && !endpoint->server_auth &&
		    !endpoint->cmc_ra && !endpoint->allow_srv);
	assert_int_equal(365, endpoint->default_days);
	assert_int_equal(365, endpoint->max_days);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
