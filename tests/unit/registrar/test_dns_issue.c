#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ca/key.h"
#include "db/certificate.h"
#include "db/dns_server.h"
#include "registrar/dns_issue.h"
#include "tests/unit/registrar/support.h"
#include "ca/signer_process.h"

#define ADN "dns.example.net"

static struct office *office;
static struct key *key;

static void
issue_done(struct dns_issue *issue)
{
	(void)issue;
	sem_post(&office->done);
}

/* A request for dns.example.net, DoT; tests change what they are about. */
static struct dns_issue *
new_issue(struct office *o)
{
	struct dns_issue *issue = calloc(1, sizeof(*issue));

	assert_non_null(issue);
	issue->registrar = o->registrar;
	strcpy(issue->entry.adn, ADN);
	strcpy(issue->entry.services[0].label, "domain-s");
	issue->entry.services[0].port = 853;
	issue->entry.n_services = 1;
	strcpy(issue->actor, "uid 0");
	issue->done = issue_done;
	office = o;
	return issue;
}

static void
add_doh(struct dns_issue *issue, const char *dohpath)
{
	struct dns_service_request *s =
	    &issue->entry.services[issue->entry.n_services++];

	strcpy(s->label, "doh");
	s->port = 443;
	strcpy(s->dohpath, dohpath);
}

static void
add_address(struct dns_issue *issue, const char *text)
{
	assert_int_equal(
	    0, ip_parse(
		   &issue->entry.addresses[issue->entry.n_addresses++], text));
}

static void
free_issue(struct dns_issue *issue)
{
	blob_fini(&issue->sign.cert);
	free(issue);
}

/* Submits it with a CSR of this subject and these names, and waits. */
static int
issue_with(struct dns_issue *issue, const char *cn, const struct names *names)
{
	static const struct names none;
	struct blob der = {0};
	struct csr *csr = NULL;
	int err;

	assert_int_equal(
	    0, key_make_csr(&der, key, cn, names != NULL ? names : &none));
	assert_int_equal(0, csr_parse(&csr, blob_bytes(&der), NULL));
	blob_fini(&der);
	err = registrar_dns_issue(issue, csr);
	csr_free(csr);
	if (err == 0) {
		sem_wait(&office->done);
		err = issue->result;
	}
	if (err != 0) {
		assert_null(issue->sign.cert.data);
		assert_true(strlen(issue->why.text) > 0);
	}
	return err;
}

static int64_t
number(struct office *o, const char *sql)
{
	return sql_number(o->db->path, sql);
}

struct published {
	struct office *o;
	struct bytes der;
	int n;
};

static int
check_published(void *arg, const struct dns_server *s)
{
	struct published *p = arg;

	p->n++;
	assert_string_equal(ADN, s->adn);
	assert_string_equal("current", s->state);
	assert_string_equal("192.0.2.1,2001:db8::1", s->addresses);
	assert_true(bytes_equal(p->der, s->der));
	if (strcmp(s->label, "doh") == 0) {
		assert_int_equal(443, s->port);
		assert_string_equal("/dns-query{?dns}", s->dohpath);
	} else {
		assert_string_equal("domain-s", s->label);
		assert_int_equal(853, s->port);
		assert_string_equal("", s->dohpath);
	}
	return 0;
}

static void
test_good_request(void **state)
{
	struct dns_issue *issue = new_issue(*state);
	struct published p = {.o = *state};
	static struct cert_info info;
	struct names asked = {.n = 0};

	add_doh(issue, "/dns-query{?dns}");
	add_address(issue, "192.0.2.1");
	add_address(issue, "2001:db8::1");
	assert_int_equal(0, names_add(&asked, NAME_DNS, "DNS.example.net"));
	assert_int_equal(0, names_add_srv(&asked, "doh", ADN));
	assert_int_equal(0, names_add(&asked, NAME_IP, "192.0.2.1"));
	assert_int_equal(0, issue_with(issue, "DNS.Example.NET", &asked));
	assert_string_equal("current", issue->entry.services[0].state);
	assert_string_equal("current", issue->entry.services[1].state);
	p.der = blob_bytes(&issue->sign.cert);
	assert_int_equal(0, cert_parse(&info, p.der, NULL));
	assert_string_equal(info.serial, issue->serial);
	assert_int_equal(5, info.names.n);
	assert_true(names_has(&info.names, NAME_DNS, ADN));
	assert_true(names_has(&info.names, NAME_SRV, "_domain-s." ADN));
	assert_true(names_has(&info.names, NAME_SRV, "_doh." ADN));
	assert_true(names_has(&info.names, NAME_IP, "192.0.2.1"));
	assert_true(names_has(&info.names, NAME_IP, "2001:db8::1"));
	assert_int_equal(0, dns_server_published(p.o->db->reader, NULL,
				clock_now(), check_published, &p));
	assert_int_equal(2, p.n);
	assert_int_equal(1, number(p.o, "SELECT count(*) FROM certificate WHERE"
					" profile = 'dns-server'"
					" AND identity = '" ADN "'"));
	free_issue(issue);
}

static void
test_second_is_next(void **state)
{
	struct dns_issue *first = new_issue(*state),
			 *second = new_issue(*state);

	assert_int_equal(0, issue_with(first, "", NULL));
	assert_int_equal(0, issue_with(second, ADN, NULL));
	assert_string_equal("current", first->entry.services[0].state);
	assert_string_equal("next", second->entry.services[0].state);
	assert_string_not_equal(first->serial, second->serial);
	free_issue(first);
	free_issue(second);
}

/* DNS names are kept in one way of writing, or the second certificate of a
 * server would not be its next one. */
static void
test_names_are_kept_in_lower_case(void **state)
{
	struct dns_issue *first = new_issue(*state),
			 *second = new_issue(*state);

	strcpy(first->entry.adn, "DNS.Example.net.");
	assert_int_equal(0, issue_with(first, "", NULL));
	assert_int_equal(0, issue_with(second, "", NULL));
	assert_string_equal("next", second->entry.services[0].state);
	assert_int_equal(2, number(*state, "SELECT count(*) FROM dns_server"
					   " WHERE adn = '" ADN "'"));
	free_issue(first);
	free_issue(second);
}

/* Nothing of a refused request is kept. */
static void
refused(void **state, struct dns_issue *issue, const char *cn,
    const struct names *names, const char *says)
{
	int err = issue_with(issue, cn, names);

	if (err != -ERR_REFUSED && err != -ERR_INVALID)
		fail_msg("%s: %d", says, err);
	if (strstr(issue->why.text, says) == NULL)
		fail_msg("%s: %s", says, issue->why.text);
	assert_int_equal(0, number(*state, "SELECT count(*) FROM certificate"));
	assert_int_equal(0, number(*state, "SELECT count(*) FROM dns_server"));
	free_issue(issue);
}

static void
test_wrong_domain_refused(void **state)
{
	static const char *const bad[] = {"dns.example.org", "notexample.net",
	    "net", "dns.example.net.example.org", "-.example.net", "",
	    "*.example.net", "192.0.2.1", "a b.example.net"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct dns_issue *issue = new_issue(*state);

		strcpy(issue->entry.adn, bad[i]);
		refused(state, issue, "", NULL, "");
	}
}

/* server.name is the appliance's own, however it is written. */
static void
test_server_name_refused(void **state)
{
	static const char *const bad[] = {
	    "est.example.net", "EST.Example.NET", "est.example.net."};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct dns_issue *issue = new_issue(*state);

		strcpy(issue->entry.adn, bad[i]);
		refused(state, issue, "", NULL, "server.name");
	}
}

static void
test_wrong_services_refused(void **state)
{
	static const struct {
		const char *label;
		uint16_t port;
		const char *dohpath, *says;
	} bad[] = {{"https", 443, "", "https"}, {"", 853, "", "label"},
	    {"DOH", 443, "/dns-query{?dns}", "DOH"},
	    {"domain-s", 0, "", "port"},
	    {"domain-s", 853, "/dns-query{?dns}", "dohpath"},
	    {"doh", 443, "", "dohpath"}, {"doh", 443, "/dns-query", "dohpath"},
	    {"doh", 443, "dns-query{?dns}", "dohpath"},
	    {"doh", 443, "https://x/{?dns}", "dohpath"},
	    {"doh", 443, "/a b{?dns}", "dohpath"},
	    {"doh", 443, "/a\n{?dns}", "dohpath"}};
	struct dns_issue *issue;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		issue = new_issue(*state);
		strcpy(issue->entry.services[0].label, bad[i].label);
		issue->entry.services[0].port = bad[i].port;
		strcpy(issue->entry.services[0].dohpath, bad[i].dohpath);
		refused(state, issue, "", NULL, bad[i].says);
	}
	issue = new_issue(*state);
	issue->entry.n_services = 0;
	refused(state, issue, "", NULL, "label");
	issue = new_issue(*state);
	issue->entry.services[1] = issue->entry.services[0];
	issue->entry.services[1].port = 8853;
	issue->entry.n_services = 2;
	refused(state, issue, "", NULL, "twice");
}

static void
test_addresses_outside_refused(void **state)
{
	static const char *const bad[] = {"192.0.3.1", "127.0.0.1",
	    "2001:db9::1", "::1", "::ffff:192.0.2.1", "0.0.0.0"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct dns_issue *issue = new_issue(*state);

		add_address(issue, "192.0.2.1");
		add_address(issue, bad[i]);
		refused(state, issue, "", NULL, bad[i]);
	}
}

/* Nothing that the CSR asks for is dropped in silence. */
static void
test_csr_with_other_names_refused(void **state)
{
	static const struct {
		enum name_type type;
		const char *text;
	} bad[] = {{NAME_DNS, "other.example.net"}, {NAME_DNS, "*.example.net"},
	    {NAME_DNS, "est.example.net"}, {NAME_IP, "192.0.2.2"},
	    {NAME_SRV, "_doh." ADN}, {NAME_SRV, "_domain-s.x.example.net"}};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct dns_issue *issue = new_issue(*state);
		struct names asked = {.n = 0};

		add_address(issue, "192.0.2.1");
		assert_int_equal(0, names_add(&asked, NAME_DNS, ADN));
		assert_int_equal(
		    0, names_add(&asked, bad[i].type, bad[i].text));
		refused(state, issue, ADN, &asked, bad[i].text);
	}
}

static void
test_csr_with_foreign_subject_refused(void **state)
{
	refused(state, new_issue(*state), "other.example.net", NULL, "subject");
	refused(state, new_issue(*state), "x" ADN, NULL, "subject");
	refused(state, new_issue(*state), "est.example.net", NULL, "subject");
}

/* No certificate leaves that the store does not know. */
static void
test_stopped_store_hands_nothing_out(void **state)
{
	struct office *o = *state;
	struct dns_issue *issue = new_issue(o);

	store_stop(o->db->store);
	assert_int_equal(-ERR_CLOSED, issue_with(issue, "", NULL));
	free_issue(issue);
}

static void
test_failed_commit_hands_nothing_out(void **state)
{
	struct office *o = *state;
	struct dns_issue *issue = new_issue(o);

	/* Behind the store's back: the row cannot be written. */
	sql_change(o->db->path, "DROP TABLE dns_server");
	assert_int_equal(-ERR_IO, issue_with(issue, "", NULL));
	assert_int_equal(0, number(o, "SELECT count(*) FROM certificate"));
	free_issue(issue);
}

static void
test_signer_refuses(void **state)
{
	struct office *o = *state;
	struct dns_issue *issue = new_issue(o);

	/* The signer's own answer, not ours: past the end of its CA. */
	clock_set_offset((int64_t)20 * 366 * 86400);
	assert_true(issue_with(issue, "", NULL) < 0);
	clock_set_offset(0);
	assert_int_equal(0, number(o, "SELECT count(*) FROM certificate"));
	free_issue(issue);
}

static void
test_label_defaults(void **state)
{
	const char *dohpath = NULL;
	uint16_t port = 0;

	(void)state;
	assert_int_equal(0, dns_label_defaults("domain-s", &port, &dohpath));
	assert_int_equal(853, port);
	assert_string_equal("", dohpath);
	assert_int_equal(0, dns_label_defaults("doh", &port, &dohpath));
	assert_int_equal(443, port);
	assert_string_equal("/dns-query{?dns}", dohpath);
	assert_int_equal(
	    -ERR_NOT_FOUND, dns_label_defaults("doq", &port, &dohpath));
}

static int
make_key(void **state)
{
	(void)state;
	return key_generate(&key);
}

static int
drop_key(void **state)
{
	(void)state;
	key_free(key);
	return 0;
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(                                       \
	    test, office_setup_with_ca, office_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    T(test_good_request),
	    T(test_second_is_next),
	    T(test_names_are_kept_in_lower_case),
	    T(test_wrong_domain_refused),
	    T(test_server_name_refused),
	    T(test_wrong_services_refused),
	    T(test_addresses_outside_refused),
	    T(test_csr_with_other_names_refused),
	    T(test_csr_with_foreign_subject_refused),
	    T(test_stopped_store_hands_nothing_out),
	    T(test_failed_commit_hands_nothing_out),
	    T(test_signer_refuses),
	    cmocka_unit_test(test_label_defaults),
	};

	log_set_level(LOG_LEVEL_ERROR);
	if (signer_is_called(argc, argv))
		return signer_main(argv);
	return cmocka_run_group_tests(tests, make_key, drop_key);
}
