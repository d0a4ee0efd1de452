#include "tests/unit/cmocka.h"

#include <string.h>

#include "server/services.h"
#include "server/zone.h"

struct fixture {
	struct zone zone;
	struct mdns_service services[2];
	struct zone_dns_server servers[8];
	struct buf text;
	struct reason why;
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->services[0] = (struct mdns_service){.instance = "Estuary",
	    .type = "_est._tcp",
	    .port = 8443,
	    .txt = {"txtvers=1", "name=est.lab.test"},
	    .n_txt = 2};
	strcpy(f->zone.domain, "lab.test");
	f->zone.server_name = "est.lab.test";
	f->zone.services = f->services;
	f->zone.n_services = 1;
	f->zone.servers = f->servers;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	buf_fini(&f->text);
	free(f);
	return 0;
}

static void
add_address(struct ip_addr *list, size_t *n, const char *text)
{
	assert_int_equal(0, ip_parse(&list[(*n)++], text));
}

static struct zone_dns_server *
add_server(struct fixture *f, const char *adn, const char *label, uint16_t port,
    bool current)
{
	struct zone_dns_server *s = &f->servers[f->zone.n_servers++];

	strcpy(s->adn, adn);
	strcpy(s->label, label);
	s->port = port;
	s->current = current;
	return s;
}

static void
compose(struct fixture *f)
{
	buf_fini(&f->text);
	f->text = (struct buf){0};
	assert_int_equal(0, zone_compose(&f->text, &f->zone, &f->why));
}

/* How many lines equal this one. */
static int
count_lines(const struct fixture *f, const char *line)
{
	size_t len = strlen(line);
	int n = 0;

	for (const char *p = buf_text(&f->text); *p != '\0';) {
		size_t line_len = strcspn(p, "\n");

		n += line_len == len && memcmp(p, line, len) == 0;
		p += line_len + (p[line_len] == '\n');
	}
	return n;
}

#define assert_line(f, line) assert_int_equal(1, count_lines((f), (line)))
#define assert_no_line(f, line) assert_int_equal(0, count_lines((f), (line)))

/* [RFC6763 4.1] [RFC6763 6.1] [RFC6763 11] */
static void
test_est_server(void **state)
{
	struct fixture *f = *state;

	compose(f);
	assert_line(f, "b._dns-sd._udp.lab.test. 3600 IN PTR lab.test.");
	assert_line(f, "lb._dns-sd._udp.lab.test. 3600 IN PTR lab.test.");
	assert_line(f, "_services._dns-sd._udp.lab.test. 3600 IN PTR "
		       "_est._tcp.lab.test.");
	assert_line(f, "_est._tcp.lab.test. 3600 IN PTR "
		       "Estuary._est._tcp.lab.test.");
	assert_line(f, "Estuary._est._tcp.lab.test. 3600 IN SRV 0 0 8443 "
		       "est.lab.test.");
	assert_line(f, "Estuary._est._tcp.lab.test. 3600 IN TXT \"txtvers=1\" "
		       "\"name=est.lab.test\"");
	assert_null(strstr(buf_text(&f->text), "resolver.arpa"));
	f->services[0].n_txt = 0;
	compose(f);
	assert_line(f, "Estuary._est._tcp.lab.test. 3600 IN TXT \"\"");
}

/* [RFC8995 8.6] The registrar, at the same place. */
static void
test_registrar(void **state)
{
	struct fixture *f = *state;

	services_describe_registrar(&f->services[1], &f->services[0]);
	f->zone.n_services = 2;
	compose(f);
	assert_line(f, "_services._dns-sd._udp.lab.test. 3600 IN PTR "
		       "_est._tcp.lab.test.");
	assert_line(f, "_services._dns-sd._udp.lab.test. 3600 IN PTR "
		       "_brski-registrar._tcp.lab.test.");
	assert_line(f, "_brski-registrar._tcp.lab.test. 3600 IN PTR "
		       "Estuary._brski-registrar._tcp.lab.test.");
	assert_line(f, "Estuary._brski-registrar._tcp.lab.test. 3600 IN SRV "
		       "0 0 8443 est.lab.test.");
	assert_line(f, "Estuary._brski-registrar._tcp.lab.test. 3600 IN TXT "
		       "\"est-tls\" \"jose\" \"cose\"");
	assert_line(f, "b._dns-sd._udp.lab.test. 3600 IN PTR lab.test.");
}

/* [RFC6763 4.3] */
static void
test_instance_is_escaped(void **state)
{
	struct fixture *f = *state;

	strcpy(f->services[0].instance, "M\xc3\xbcller. \\ \"x\";($)@");
	compose(f);
	assert_line(f, "_est._tcp.lab.test. 3600 IN PTR "
		       "M\\195\\188ller\\.\\032\\\\\\032\\034x\\034\\059\\040"
		       "\\036\\041\\064._est._tcp.lab.test.");
}

static void
test_text_is_escaped(void **state)
{
	struct fixture *f = *state;

	strcpy(f->services[0].txt[0], "k=a\"b\\c;\n\xff");
	memset(f->services[0].txt[1], 'x', 255);
	f->services[0].txt[1][255] = '\0';
	f->services[0].txt[1][1] = '=';
	compose(f);
	assert_non_null(strstr(buf_text(&f->text),
	    " IN TXT \"k=a\\\"b\\\\c;\\010\\255\" \"x=xxx"));
}

static void
test_addresses(void **state)
{
	struct fixture *f = *state;

	compose(f);
	assert_non_null(strstr(buf_text(&f->text), "; est.lab.test. needs A"));
	add_address(f->zone.addresses, &f->zone.n_addresses, "192.0.2.1");
	add_address(f->zone.addresses, &f->zone.n_addresses, "2001:db8::1");
	compose(f);
	assert_line(f, "est.lab.test. 3600 IN A 192.0.2.1");
	assert_line(f, "est.lab.test. 3600 IN AAAA 2001:db8::1");
	assert_null(strstr(buf_text(&f->text), "needs A"));
	/* Out of the zone: for another one. */
	strcpy(f->zone.domain, "other.test");
	compose(f);
	assert_no_line(f, "est.lab.test. 3600 IN A 192.0.2.1");
	assert_line(f, "; est.lab.test. 3600 IN A 192.0.2.1");
	assert_line(f, "Estuary._est._tcp.other.test. 3600 IN SRV 0 0 8443 "
		       "est.lab.test.");
}

/* Nothing but comments and records of this zone. */
static void
assert_within(const struct fixture *f)
{
	for (const char *p = buf_text(&f->text); *p != '\0';) {
		size_t len = strcspn(p, "\n"), owner = strcspn(p, " ");
		char name[512];

		if (len > 0 && p[0] != ';') {
			assert_true(owner > 1 && owner < sizeof(name));
			memcpy(name, p, owner - 1);
			name[owner - 1] = '\0';
			assert_true(p[owner - 1] == '.');
			assert_true(domain_within(name, f->zone.domain));
		}
		p += len + (p[len] == '\n');
	}
}

/* [RFC9461 3] [RFC9461 4.1] [RFC9461 5] [RFC9462 4] */
static void
test_dns_servers(void **state)
{
	struct fixture *f = *state;
	struct zone_dns_server *s;

	/* The one to be comes first, and has another port. */
	add_server(f, "dns.lab.test", "domain-s", 8853, false);
	s = add_server(f, "dns.lab.test", "doh", 443, true);
	strcpy(s->dohpath, "/q\"{?dns}");
	add_address(s->addresses, &s->n_addresses, "192.0.2.53");
	add_address(s->addresses, &s->n_addresses, "192.0.2.55");
	s = add_server(f, "dns.lab.test", "domain-s", 853, true);
	add_address(s->addresses, &s->n_addresses, "192.0.2.53");
	add_address(s->addresses, &s->n_addresses, "2001:db8::53");
	add_address(s->addresses, &s->n_addresses, "192.0.2.54");
	add_server(f, "dns.other.test", "domain-s", 853, true);
	compose(f);
	assert_within(f);
	assert_line(
	    f, "_domain-s._tcp.lab.test. 3600 IN SRV 0 0 853 dns.lab.test.");
	assert_line(f, "_domain-s._tcp.dns.lab.test. 3600 IN SRV 0 0 853 "
		       "dns.lab.test.");
	assert_line(f, "_dns.dns.lab.test. 3600 IN SVCB 1 dns.lab.test. "
		       "alpn=\"dot\" port=853 ipv4hint=192.0.2.53,192.0.2.54 "
		       "ipv6hint=2001:db8::53");
	assert_line(f, "_dns.dns.lab.test. 3600 IN SVCB 2 dns.lab.test. "
		       "alpn=\"h2\" port=443 ipv4hint=192.0.2.53,192.0.2.55 "
		       "dohpath=\"/q\\\"{?dns}\"");
	assert_line(f, "dns.lab.test. 3600 IN A 192.0.2.53");
	assert_line(f, "dns.lab.test. 3600 IN A 192.0.2.55");
	assert_line(f, "dns.lab.test. 3600 IN AAAA 2001:db8::53");
	assert_null(strstr(buf_text(&f->text), "8853"));
	assert_line(f, "_domain-s._tcp.lab.test. 3600 IN SRV 0 0 853 "
		       "dns.other.test.");
	assert_line(f, "; _domain-s._tcp.dns.other.test. 3600 IN SRV 0 0 853 "
		       "dns.other.test.");
	assert_line(f, "; _dns.dns.other.test. 3600 IN SVCB 1 dns.other.test. "
		       "alpn=\"dot\" port=853");
	assert_line(f, "; _dns.resolver.arpa. 3600 IN SVCB 1 dns.other.test. "
		       "alpn=\"dot\" port=853");
	assert_line(f, "; _dns.resolver.arpa. 3600 IN SVCB 2 dns.lab.test. "
		       "alpn=\"h2\" port=443 ipv4hint=192.0.2.53,192.0.2.55 "
		       "dohpath=\"/q\\\"{?dns}\"");
}

static void
test_addresses_come_once(void **state)
{
	struct fixture *f = *state;
	struct zone_dns_server *s =
	    add_server(f, "est.lab.test", "domain-s", 853, true);

	add_address(s->addresses, &s->n_addresses, "192.0.2.1");
	add_address(f->zone.addresses, &f->zone.n_addresses, "192.0.2.1");
	compose(f);
	assert_line(f, "est.lab.test. 3600 IN A 192.0.2.1");
	/* The zone's own name. */
	strcpy(s->adn, "lab.test");
	compose(f);
	assert_line(f, "lab.test. 3600 IN A 192.0.2.1");
	assert_line(
	    f, "_domain-s._tcp.lab.test. 3600 IN SRV 0 0 853 lab.test.");
}

static int
refused(struct fixture *f)
{
	int err = zone_compose(&f->text, &f->zone, &f->why);

	assert_int_equal(0, f->text.len);
	assert_true(err == 0 || f->why.text[0] != '\0');
	return err;
}

/* [RFC6762 3] */
static void
test_local_is_refused(void **state)
{
	struct fixture *f = *state;

	strcpy(f->zone.domain, "local");
	assert_int_equal(-ERR_REFUSED, refused(f));
	strcpy(f->zone.domain, "lab.local");
	assert_int_equal(-ERR_REFUSED, refused(f));
	strcpy(f->zone.domain, "notlocal");
	compose(f);
}

/* A domain name of len characters, of labels of 49. */
static void
long_name(char *out, size_t len)
{
	memset(out, 'a', len);
	for (size_t i = 49; i + 1 < len; i += 50)
		out[i] = '.';
	out[len] = '\0';
}

static void
test_length_is_refused(void **state)
{
	struct fixture *f = *state;
	size_t below = strlen("_services._dns-sd._udp.");

	long_name(f->zone.domain, DOMAIN_MAX - below);
	compose(f);
	buf_fini(&f->text);
	f->text = (struct buf){0};
	long_name(f->zone.domain, DOMAIN_MAX - below + 1);
	assert_int_equal(-ERR_INVALID, refused(f));
	/* A long instance takes more. */
	memset(f->services[0].instance, 'i', 63);
	below = 63 + strlen("._est._tcp.");
	long_name(f->zone.domain, DOMAIN_MAX - below + 1);
	assert_int_equal(-ERR_INVALID, refused(f));
	long_name(f->zone.domain, DOMAIN_MAX - below);
	compose(f);
	buf_fini(&f->text);
	f->text = (struct buf){0};
	add_server(f, "", "domain-s", 853, true);
	long_name(
	    f->servers[0].adn, DOMAIN_MAX - strlen("_domain-s._tcp.") + 1);
	assert_int_equal(-ERR_INVALID, refused(f));
}

int
main(void)
{
#define zone_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    zone_test(test_est_server),
	    zone_test(test_registrar),
	    zone_test(test_instance_is_escaped),
	    zone_test(test_text_is_escaped),
	    zone_test(test_addresses),
	    zone_test(test_dns_servers),
	    zone_test(test_addresses_come_once),
	    zone_test(test_local_is_refused),
	    zone_test(test_length_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
