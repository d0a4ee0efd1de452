#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/log.h"
#include "db/device.h"
#include "db/manufacturer.h"
#include "tests/unit/db/support.h"

#define T0 1700000000

static struct manufacturer
acme(void)
{
	return (struct manufacturer){.name = "Acme",
	    .policy = "list",
	    .serials = "A-*\nB",
	    .serial_source = "subject",
	    .serial_pattern = "SN:{}",
	    .anchors = "PEM",
	    .masa_url = "masa.example",
	    .masa_hosts = "*.masa.example",
	    .masa_private = true,
	    .masa_tls_anchors = "TLS",
	    .voucher_anchors = "V",
	    .masa_credential = "user:secret",
	    .cose_type = "application/voucher+cose",
	    .base64_bodies = true,
	    .known_domains = "AAEC",
	    .nonceless = "own",
	    .enrollment = "ask",
	    .allow_names = "*.example.net",
	    .created_at = T0,
	    .changed_at = T0};
}

static int
add_run(struct store_txn *txn, void *arg)
{
	return manufacturer_add(txn, arg, "uid 0");
}

static int
change_run(struct store_txn *txn, void *arg)
{
	return manufacturer_change(txn, arg, "uid 0");
}

static int
remove_run(struct store_txn *txn, void *arg)
{
	return manufacturer_remove(txn, arg, T0, "uid 0");
}

struct seen {
	int n;
	bool has_credential, base64, plain;
	char credential[32], policy[16], serials[32], allow_names[32];
	int64_t created_at, changed_at;
};

static int
look(void *arg, const struct manufacturer *m)
{
	struct seen *seen = arg;

	seen->n++;
	seen->has_credential = m->has_credential;
	seen->base64 = m->base64_bodies;
	seen->plain = m->plain_root;
	strcpy(seen->credential, m->masa_credential);
	strcpy(seen->policy, m->policy);
	strcpy(seen->serials, m->serials);
	strcpy(seen->allow_names, m->allow_names);
	seen->created_at = m->created_at;
	seen->changed_at = m->changed_at;
	return 0;
}

static int
load_run(struct store_txn *txn, void *arg)
{
	return manufacturer_load(txn, look, arg);
}

static struct seen
load(struct fixture *f)
{
	struct seen seen = {0};

	assert_int_equal(0, in_txn(f->store, load_run, &seen));
	return seen;
}

static void
test_values(void **state)
{
	struct fixture *f = *state;
	struct manufacturer m = acme();
	struct seen seen = {0};

	assert_int_equal(0, in_txn(f->store, add_run, &m));
	assert_int_equal(-ERR_EXISTS, in_txn(f->store, add_run, &m));
	assert_int_equal(0, manufacturer_list(f->reader, look, &seen));
	assert_int_equal(1, seen.n);
	assert_true(seen.has_credential);
	/* Only a transaction reads the secret. */
	assert_string_equal("", seen.credential);
	assert_string_equal("A-*\nB", seen.serials);
	assert_string_equal("*.example.net", seen.allow_names);
	assert_true(seen.base64);
	assert_false(seen.plain);
	seen = load(f);
	assert_string_equal("user:secret", seen.credential);
}

static void
test_change(void **state)
{
	struct fixture *f = *state;
	struct manufacturer m = acme();
	struct seen seen;

	assert_int_equal(0, in_txn(f->store, add_run, &m));
	m.policy = "allow";
	m.serials = NULL;
	m.masa_credential = NULL;
	m.plain_root = true;
	m.created_at = 1;
	m.changed_at = T0 + 1;
	assert_int_equal(0, in_txn(f->store, change_run, &m));
	seen = load(f);
	assert_string_equal("allow", seen.policy);
	assert_string_equal("", seen.serials);
	assert_string_equal("*.example.net", seen.allow_names);
	assert_false(seen.has_credential);
	assert_true(seen.plain);
	assert_int_equal(T0, seen.created_at);
	assert_int_equal(T0 + 1, seen.changed_at);
	m.name = "x";
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, change_run, &m));
	assert_int_equal(
	    2, sql_number(f->path, "SELECT count(*) FROM audit WHERE"
				   " event LIKE 'manufacturer.%'"));
}

static int
seen_run(struct store_txn *txn, void *arg)
{
	const struct device device = {.manufacturer_id = 1,
	    .serial_number = "A-1",
	    .idevid = {(const uint8_t *)"x", 1}};
	int64_t id;

	(void)arg;
	return device_seen(txn, &id, &device, T0);
}

static void
test_remove(void **state)
{
	struct fixture *f = *state;
	struct manufacturer m = acme();
	char name[] = "Acme", nobody[] = "x";

	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, remove_run, nobody));
	assert_int_equal(0, in_txn(f->store, add_run, &m));
	assert_int_equal(0, in_txn(f->store, remove_run, name));
	assert_int_equal(0, load(f).n);
	assert_int_equal(0, in_txn(f->store, add_run, &m));
	assert_int_equal(2, sql_number(f->path, "SELECT id FROM manufacturer"));
}

static void
test_remove_with_devices(void **state)
{
	struct fixture *f = *state;
	struct manufacturer m = acme();
	char name[] = "Acme";

	assert_int_equal(0, in_txn(f->store, add_run, &m));
	assert_int_equal(0, in_txn(f->store, seen_run, NULL));
	assert_int_equal(-ERR_EXISTS, in_txn(f->store, remove_run, name));
	assert_int_equal(1, load(f).n);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_values), T(test_change),
	    T(test_remove), T(test_remove_with_devices)};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
