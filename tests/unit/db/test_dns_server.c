#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/certificate.h"
#include "db/dns_server.h"
#include "tests/unit/db/support.h"

#define NOW 10000
#define LATER 20000

struct add {
	const char *serial, *adn, *label;
	int64_t not_after;
	const char *state;
};

static int
add_run(struct store_txn *txn, void *arg)
{
	struct add *add = arg;
	const struct certificate certificate = {.serial = add->serial,
	    .subject = "CN=x",
	    .profile = "dns-server",
	    .identity = add->adn,
	    .issued_at = NOW,
	    .not_before = NOW,
	    .not_after = add->not_after != 0 ? add->not_after : LATER,
	    .der = {(const uint8_t *)add->serial, strlen(add->serial)}};
	struct dns_server server = {.adn = add->adn,
	    .label = add->label,
	    .port = 8853,
	    .dohpath = "/q{?dns}",
	    .addresses = "192.0.2.1,::1"};
	int err =
	    certificate_put(txn, &server.certificate_id, &certificate, "uid 0");

	return err != 0
		   ? err
		   : dns_server_add(txn, &add->state, &server, NOW, "uid 0");
}

/* Adds one with a certificate of its own; returns its state. */
static const char *
add(struct fixture *f, const char *serial, const char *adn, const char *label)
{
	struct add a = {.serial = serial, .adn = adn, .label = label};

	assert_int_equal(0, in_txn(f->store, add_run, &a));
	return a.state;
}

struct which {
	const char *adn, *label, *serial;
};

static int
promote_run(struct store_txn *txn, void *arg)
{
	const struct which *w = arg;

	return dns_server_promote(txn, w->adn, w->label, NOW + 1, "uid 0");
}

static int
promote(struct fixture *f, const char *adn, const char *label)
{
	struct which w = {.adn = adn, .label = label};

	return in_txn(f->store, promote_run, &w);
}

static int
retire_run(struct store_txn *txn, void *arg)
{
	const struct which *w = arg;

	return dns_server_retire(
	    txn, w->adn, w->label, w->serial, NOW + 1, "uid 0");
}

static int
retire(
    struct fixture *f, const char *adn, const char *label, const char *serial)
{
	struct which w = {.adn = adn, .label = label, .serial = serial};

	return in_txn(f->store, retire_run, &w);
}

/* "serial:state" of each, with blanks between. */
static int
describe(void *arg, const struct dns_server *s)
{
	char *text = arg;

	snprintf(text + strlen(text), 256 - strlen(text), "%s%s:%s",
	    *text != '\0' ? " " : "", s->serial, s->state);
	return 0;
}

static void
assert_list(struct fixture *f, const char *expected)
{
	char text[256] = "";

	assert_int_equal(0, dns_server_list(f->reader, describe, text));
	assert_string_equal(expected, text);
}

static void
assert_published(
    struct fixture *f, const char *label, int64_t now, const char *expected)
{
	char text[256] = "";

	assert_int_equal(
	    0, dns_server_published(f->reader, label, now, describe, text));
	assert_string_equal(expected, text);
}

static int64_t
count_audit(struct fixture *f, const char *event, const char *detail)
{
	char sql[256];

	snprintf(sql, sizeof(sql),
	    "SELECT count(*) FROM audit WHERE event = '%s' AND detail = '%s'"
	    " AND actor = 'uid 0' AND subject = 'dns.example'",
	    event, detail);
	return sql_number(f->path, sql);
}

static int
check_fields(void *arg, const struct dns_server *s)
{
	(*(int *)arg)++;
	assert_string_equal("doh", s->label);
	assert_string_equal("dns.example", s->adn);
	assert_int_equal(8853, s->port);
	assert_string_equal("/q{?dns}", s->dohpath);
	assert_string_equal("192.0.2.1,::1", s->addresses);
	assert_string_equal("current", s->state);
	assert_string_equal("a1", s->serial);
	assert_string_equal("valid", s->certificate_state);
	assert_int_equal(NOW, s->not_before);
	assert_int_equal(LATER, s->not_after);
	assert_int_equal(2, s->der.len);
	assert_memory_equal("a1", s->der.data, 2);
	return 0;
}

static void
test_fields(void **state)
{
	struct fixture *f = *state;
	int n = 0;

	assert_string_equal("current", add(f, "a1", "dns.example", "doh"));
	assert_int_equal(0, dns_server_list(f->reader, check_fields, &n));
	assert_int_equal(
	    0, dns_server_published(f->reader, "doh", NOW, check_fields, &n));
	assert_int_equal(2, n);
}

static void
test_current_next_and_replaced(void **state)
{
	struct fixture *f = *state;

	assert_string_equal("current", add(f, "a1", "dns.example", "doh"));
	assert_string_equal("next", add(f, "a2", "dns.example", "doh"));
	assert_string_equal("next", add(f, "a3", "dns.example", "doh"));
	assert_list(f, "a1:current a2:retired a3:next");
	assert_int_equal(3, count_audit(f, "dns-server.add", "doh"));
}

/* Labels and ADNs have nothing to do with each other. */
static void
test_labels_and_names_are_independent(void **state)
{
	struct fixture *f = *state;

	assert_string_equal("current", add(f, "a1", "dns.example", "doh"));
	assert_string_equal("current", add(f, "a2", "dns.example", "domain-s"));
	assert_string_equal("current", add(f, "b1", "other.example", "doh"));
	assert_string_equal("next", add(f, "a3", "dns.example", "doh"));
	assert_string_equal("next", add(f, "a4", "dns.example", "domain-s"));
	assert_int_equal(0, promote(f, "dns.example", "doh"));
	assert_list(f, "a1:retired a3:current a2:current a4:next b1:current");
	assert_int_equal(0, retire(f, "dns.example", "domain-s", NULL));
	assert_list(
	    f, "a1:retired a3:current a2:retired a4:retired b1:current");
}

static void
test_promote(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(-ERR_NOT_FOUND, promote(f, "dns.example", NULL));
	add(f, "a1", "dns.example", "doh");
	assert_int_equal(-ERR_NOT_FOUND, promote(f, "dns.example", NULL));
	assert_list(f, "a1:current");
	add(f, "a2", "dns.example", "doh");
	assert_int_equal(-ERR_NOT_FOUND, promote(f, "dns.example", "domain-s"));
	assert_int_equal(-ERR_NOT_FOUND, promote(f, "example", "doh"));
	assert_int_equal(0, count_audit(f, "dns-server.promote", "doh"));
	assert_int_equal(0, promote(f, "dns.example", "doh"));
	assert_list(f, "a1:retired a2:current");
	assert_int_equal(1, count_audit(f, "dns-server.promote", "doh"));
	assert_int_equal(-ERR_NOT_FOUND, promote(f, "dns.example", "doh"));
}

/* All labels at once: those without a next one keep their current. */
static void
test_promote_all_labels(void **state)
{
	struct fixture *f = *state;

	add(f, "a1", "dns.example", "doh");
	add(f, "a2", "dns.example", "domain-s");
	add(f, "a3", "dns.example", "doh");
	assert_int_equal(0, promote(f, "dns.example", NULL));
	assert_list(f, "a1:retired a3:current a2:current");
	assert_int_equal(1, count_audit(f, "dns-server.promote", "doh"));
	assert_int_equal(0, count_audit(f, "dns-server.promote", "domain-s"));
}

static void
test_retire(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(-ERR_NOT_FOUND, retire(f, "dns.example", NULL, NULL));
	add(f, "a1", "dns.example", "doh");
	add(f, "a2", "dns.example", "doh");
	assert_int_equal(
	    -ERR_NOT_FOUND, retire(f, "dns.example", "domain-s", NULL));
	assert_int_equal(
	    -ERR_NOT_FOUND, retire(f, "dns.example", NULL, "ffff"));
	assert_int_equal(
	    0, sql_number(f->path, "SELECT count(*) FROM audit WHERE"
				   " event = 'dns-server.retire'"));
	assert_int_equal(0, retire(f, "dns.example", NULL, NULL));
	assert_list(f, "a1:retired a2:retired");
	assert_true(sql_number(f->path, "SELECT count(*) FROM audit WHERE"
					" event = 'dns-server.retire'"
					" AND subject = 'dns.example'") > 0);
	assert_int_equal(-ERR_NOT_FOUND, retire(f, "dns.example", NULL, NULL));
	/* A new one is current again. */
	assert_string_equal("current", add(f, "a3", "dns.example", "doh"));
}

static void
test_retire_by_serial(void **state)
{
	struct fixture *f = *state;

	add(f, "a1", "dns.example", "doh");
	add(f, "a2", "dns.example", "doh");
	assert_int_equal(
	    -ERR_NOT_FOUND, retire(f, "other.example", NULL, "a2"));
	assert_int_equal(0, retire(f, "dns.example", NULL, "a2"));
	assert_list(f, "a1:current a2:retired");
}

static void
test_published(void **state)
{
	struct fixture *f = *state;
	struct add short_lived = {.serial = "c1",
	    .adn = "dns.example",
	    .label = "domain-s",
	    .not_after = NOW + 100};

	add(f, "a1", "dns.example", "doh");
	add(f, "a2", "dns.example", "doh");
	add(f, "a3", "dns.example", "doh"); /* retires a2 */
	add(f, "b1", "another.example", "doh");
	assert_int_equal(0, in_txn(f->store, add_run, &short_lived));
	/* Current ones first, whatever their names. */
	assert_published(
	    f, NULL, NOW, "b1:current a1:current c1:current a3:next");
	assert_published(f, "doh", NOW, "b1:current a1:current a3:next");
	assert_published(f, "domain-s", NOW, "c1:current");
	assert_published(f, "https", NOW, "");
	assert_published(f, "", NOW, "");
	/* Expired ones go, at the very second. */
	assert_published(f, "domain-s", NOW + 99, "c1:current");
	assert_published(f, "domain-s", NOW + 100, "");
	assert_published(f, NULL, LATER, "");
}

static void
test_revoked_is_not_published(void **state)
{
	struct fixture *f = *state;

	add(f, "a1", "dns.example", "doh");
	add(f, "a2", "dns.example", "doh");
	fixture_close(f);
	sql_change(f->path,
	    "UPDATE certificate SET state = 'revoked' WHERE serial = 'a1'");
	fixture_open(f, STORE_OPEN);
	assert_published(f, NULL, NOW, "a2:next");
}

static int
add_for_no_certificate(struct store_txn *txn, void *arg)
{
	const struct dns_server server = {.adn = "dns.example",
	    .label = "doh",
	    .port = 443,
	    .dohpath = "",
	    .addresses = "",
	    .certificate_id = 999};
	const char *state;

	(void)arg;
	return dns_server_add(txn, &state, &server, NOW, "uid 0");
}

static void
test_unknown_certificate_refused(void **state)
{
	struct fixture *f = *state;

	assert_true(in_txn(f->store, add_for_no_certificate, NULL) < 0);
	assert_list(f, "");
	assert_int_equal(0, count_audit(f, "dns-server.add", "doh"));
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_fields),
	    T(test_current_next_and_replaced),
	    T(test_labels_and_names_are_independent),
	    T(test_promote),
	    T(test_promote_all_labels),
	    T(test_retire),
	    T(test_retire_by_serial),
	    T(test_published),
	    T(test_revoked_is_not_published),
	    T(test_unknown_certificate_refused),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
