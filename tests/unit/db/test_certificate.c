#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/certificate.h"
#include "tests/unit/db/support.h"

struct put {
	const char *serial;
	int64_t id;
};

static int
put_run(struct store_txn *txn, void *arg)
{
	struct put *put = arg;
	const struct certificate certificate = {.serial = put->serial,
	    .subject = "CN=x",
	    .profile = "dns-server",
	    .identity = "dns.example.net",
	    .issued_at = 5000,
	    .not_before = 4000,
	    .not_after = 6000,
	    .der = {(const uint8_t *)"\0der", 4}};

	return certificate_put(txn, &put->id, &certificate, "uid 0");
}

static int64_t
put(struct fixture *f, const char *serial)
{
	struct put p = {.serial = serial};

	assert_int_equal(0, in_txn(f->store, put_run, &p));
	return p.id;
}

struct seen {
	char serials[16][64];
	int64_t ids[16];
	size_t n;
};

static int
take(void *arg, const struct certificate *c)
{
	struct seen *seen = arg;

	assert_true(seen->n < ARRAY_LEN(seen->ids));
	strncpy(seen->serials[seen->n], c->serial, 63);
	seen->ids[seen->n++] = c->id;
	return 0;
}

static void
test_newest_first_in_pages(void **state)
{
	struct fixture *f = *state;
	int64_t before = 0;
	int expected = 6;

	for (int i = 0; i < 7; i++) {
		char serial[16];

		snprintf(serial, sizeof(serial), "%02x", (unsigned int)i);
		put(f, serial);
	}
	for (int page = 0; page < 3; page++) {
		struct seen seen = {.n = 0};

		assert_int_equal(
		    0, certificate_list(f->reader, before, 3, take, &seen));
		assert_int_equal(page < 2 ? 3 : 1, seen.n);
		for (size_t i = 0; i < seen.n; i++) {
			assert_int_equal('0' + expected--, seen.serials[i][1]);
			before = seen.ids[i];
		}
	}
	assert_int_equal(-1, expected);
}

static int
check_one(void *arg, const struct certificate *c)
{
	assert_int_equal(*(int64_t *)arg, c->id);
	assert_string_equal("0a", c->serial);
	assert_string_equal("CN=x", c->subject);
	assert_string_equal("dns-server", c->profile);
	assert_string_equal("dns.example.net", c->identity);
	assert_int_equal(5000, c->issued_at);
	assert_int_equal(4000, c->not_before);
	assert_int_equal(6000, c->not_after);
	assert_string_equal("valid", c->state);
	assert_int_equal(4, c->der.len);
	assert_memory_equal("\0der", c->der.data, 4);
	return 17;
}

static void
test_get(void **state)
{
	struct fixture *f = *state;
	int64_t id = put(f, "0a"), n;

	put(f, "0b");
	assert_int_equal(17, certificate_get(f->reader, "0a", check_one, &id));
	assert_int_equal(
	    -ERR_NOT_FOUND, certificate_get(f->reader, "0c", check_one, &id));
	assert_int_equal(
	    -ERR_NOT_FOUND, certificate_get(f->reader, "", check_one, &id));
	assert_int_equal(0, certificate_count(f->reader, &n));
	assert_int_equal(2, n);
}

static void
test_duplicate_serial_refused(void **state)
{
	struct fixture *f = *state;
	struct put again = {.serial = "0a"};
	int64_t n;

	put(f, "0a");
	assert_int_equal(-ERR_EXISTS, in_txn(f->store, put_run, &again));
	assert_int_equal(0, certificate_count(f->reader, &n));
	assert_int_equal(1, n);
	assert_int_equal(1,
	    sql_number(f->path,
		"SELECT count(*) FROM audit WHERE event = 'certificate.issue'"
		" AND actor = 'uid 0' AND subject = '0a'"));
}

static int
put_and_fail(struct store_txn *txn, void *arg)
{
	int err = put_run(txn, arg);

	return err != 0 ? err : -ERR_REFUSED;
}

/* The certificate and its audit row come and go together. */
static void
test_undone_with_its_audit_row(void **state)
{
	struct fixture *f = *state;
	struct put p = {.serial = "0a"};

	assert_int_equal(-ERR_REFUSED, in_txn(f->store, put_and_fail, &p));
	assert_int_equal(
	    0, sql_number(f->path, "SELECT count(*) FROM certificate"));
	assert_int_equal(0, sql_number(f->path, "SELECT count(*) FROM audit"));
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_newest_first_in_pages),
	    T(test_get),
	    T(test_duplicate_serial_refused),
	    T(test_undone_with_its_audit_row),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
