#include "tests/unit/cmocka.h"

#include <string.h>

#include "db/masa.h"
#include "tests/unit/db/support.h"

static const uint8_t octets[] = {1, 2, 3, 0, 5};
static const struct bytes idevid = {octets, 5}, owner = {octets, 3};

/* The file of a voucher service in place of the appliance's. */
static int
setup(void **state)
{
	struct fixture *f;
	struct reason why = {""};

	fixture_setup(state);
	f = *state;
	fixture_close(f);
	strcat(f->path, ".masa");
	if (masa_store_open(&f->store, f->path, STORE_CREATE, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(0, store_reader_open(&f->reader, f->store));
	return 0;
}

static int
add(struct store_txn *txn, void *serial)
{
	return masa_device_add(txn, serial, idevid);
}

static int
own(struct store_txn *txn, void *serial)
{
	return masa_device_own(txn, serial, owner);
}

static char first[] = "D-1", second[] = "D-2";

static void
test_devices(void **state)
{
	struct fixture *f = *state;
	struct masa_device device;

	assert_int_equal(0, in_txn(f->store, add, first));
	assert_int_equal(-ERR_EXISTS, in_txn(f->store, add, first));
	assert_int_equal(0, masa_device_get(&device, f->reader, first));
	assert_true(bytes_equal(idevid, blob_bytes(&device.idevid)));
	assert_int_equal(0, device.owner.len);
	masa_device_fini(&device);
	assert_int_equal(
	    -ERR_NOT_FOUND, masa_device_get(&device, f->reader, second));
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, own, second));
	assert_int_equal(0, in_txn(f->store, own, first));
	assert_int_equal(0, masa_device_get(&device, f->reader, first));
	assert_true(bytes_equal(owner, blob_bytes(&device.owner)));
	masa_device_fini(&device);
}

/* --- vouchers --- */

static int
add_voucher(struct store_txn *txn, void *voucher)
{
	return masa_voucher_add(txn, voucher);
}

struct seen {
	size_t n;
	char nonces[8][16];
};

static int
each(void *arg, const struct masa_voucher *voucher)
{
	struct seen *seen = arg;

	assert_true(bytes_equal(owner, voucher->domain_id));
	assert_string_equal("logged", voucher->assertion);
	strcpy(seen->nonces[seen->n++], voucher->nonce);
	return 0;
}

static void
test_vouchers(void **state)
{
	struct fixture *f = *state;
	struct masa_voucher voucher = {.device_id = 1,
	    .issued_at = 7,
	    .domain_id = owner,
	    .nonce = "a",
	    .assertion = "logged"};
	struct seen seen = {.n = 0};
	int64_t n = -1;

	/* A device that is not there has none. */
	assert_int_equal(-ERR_EXISTS, in_txn(f->store, add_voucher, &voucher));
	assert_int_equal(0, in_txn(f->store, add, first));
	assert_int_equal(0, in_txn(f->store, add, second));
	assert_int_equal(0, in_txn(f->store, add_voucher, &voucher));
	voucher.nonce = "";
	assert_int_equal(0, in_txn(f->store, add_voucher, &voucher));
	voucher.nonce = "c";
	assert_int_equal(0, in_txn(f->store, add_voucher, &voucher));
	voucher.device_id = 2;
	assert_int_equal(0, in_txn(f->store, add_voucher, &voucher));

	assert_int_equal(0, masa_voucher_count(&n, f->reader, 1));
	assert_int_equal(3, n);
	assert_int_equal(0, masa_voucher_list(f->reader, 1, 2, each, &seen));
	assert_int_equal(2, seen.n);
	assert_string_equal("c", seen.nonces[0]);
	assert_string_equal("", seen.nonces[1]);
	assert_int_equal(1, sql_number(f->path, "SELECT count(*) FROM domain"));
}

/* A file is one program's: neither takes the other's. */
static void
test_files_refused(void **state)
{
	struct fixture *f = *state;
	struct store *store = NULL;
	struct reason why = {""};

	assert_int_equal(
	    MASA_APPLICATION_ID, sql_number(f->path, "PRAGMA application_id"));
	fixture_close(f);
	assert_int_equal(
	    -ERR_REFUSED, store_open(&store, f->path, STORE_OPEN, &why));
	assert_non_null(strstr(why.text, "another application"));
	f->path[strlen(f->path) - strlen(".masa")] = '\0';
	assert_int_equal(
	    -ERR_REFUSED, masa_store_open(&store, f->path, STORE_OPEN, &why));
	assert_non_null(strstr(why.text, "another application"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_devices),
	    TEST(test_vouchers),
	    TEST(test_files_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
