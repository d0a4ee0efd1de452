#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/log.h"
#include "db/device.h"
#include "db/manufacturer.h"
#include "db/voucher_request.h"
#include "tests/unit/db/support.h"

#define T0 1700000000

static int
begin_run(struct store_txn *txn, void *arg)
{
	const struct manufacturer m = {.name = "Acme",
	    .policy = "allow",
	    .serial_source = "subject",
	    .nonceless = "own",
	    .enrollment = "allow"};
	const struct device device = {.manufacturer_id = 1,
	    .serial_number = "A-1",
	    .idevid = {(const uint8_t *)"x", 1}};
	int64_t id;
	int err = manufacturer_add(txn, &m, "uid 0");

	(void)arg;
	return err == 0 ? device_seen(txn, &id, &device, T0) : err;
}

struct put {
	struct voucher_request request;
	int64_t now;
};

static int
put_run(struct store_txn *txn, void *arg)
{
	const struct put *put = arg;

	return voucher_request_put(txn, &put->request, put->now);
}

struct seen {
	char state[16], reason[16], voucher[16];
	int64_t outcome, created_at, changed_at;
};

static int
look(void *arg, const struct voucher_request *r)
{
	struct seen *seen = arg;

	memset(seen, 0, sizeof(*seen));
	strcpy(seen->state, r->state);
	strcpy(seen->reason, r->reason);
	if (r->voucher.len != 0)
		memcpy(seen->voucher, r->voucher.data, r->voucher.len);
	seen->outcome = r->outcome;
	seen->created_at = r->created_at;
	seen->changed_at = r->changed_at;
	return 0;
}

/* A device that asks for something else each time keeps the disk small. */
static void
test_many(void **state)
{
	struct fixture *f = *state;
	struct put put = {.request = {.device_id = 1, .state = "asking"}};
	struct seen seen;

	assert_int_equal(0, in_txn(f->store, begin_run, NULL));
	for (int i = 0; i < 3 * VOUCHER_REQUESTS_EACH; i++) {
		put.now = T0 + i;
		put.request.request_sha256[0] = (uint8_t)i;
		assert_int_equal(0, in_txn(f->store, put_run, &put));
	}
	assert_int_equal(VOUCHER_REQUESTS_EACH,
	    sql_number(f->path, "SELECT count(*) FROM voucher_request"));
	assert_int_equal(
	    0, voucher_request_find(f->reader, 1, put.request.request_sha256,
		   put.now, look, &seen));
	put.request.request_sha256[0] = 0;
	assert_int_equal(-ERR_NOT_FOUND,
	    voucher_request_find(f->reader, 1, put.request.request_sha256,
		put.now, look, &seen));
}

static void
test_request(void **state)
{
	struct fixture *f = *state;
	struct put put = {
	    .request = {.device_id = 1, .state = "asking"}, .now = T0};
	uint8_t other[32] = {1};
	struct seen seen;

	assert_int_equal(0, in_txn(f->store, begin_run, NULL));
	assert_int_equal(0, in_txn(f->store, put_run, &put));
	assert_int_equal(
	    0, voucher_request_find(f->reader, 1, put.request.request_sha256,
		   T0 + 5, look, &seen));
	assert_string_equal("asking", seen.state);
	assert_int_equal(-ERR_NOT_FOUND,
	    voucher_request_find(f->reader, 1, other, T0, look, &seen));
	assert_int_equal(
	    -ERR_NOT_FOUND, voucher_request_find(f->reader, 2,
				put.request.request_sha256, T0, look, &seen));
	put.request.state = "answered";
	put.request.voucher = (struct bytes){(const uint8_t *)"VOUCHER", 7};
	put.request.media_type = "application/voucher-cms+json";
	put.now = T0 + 10;
	assert_int_equal(0, in_txn(f->store, put_run, &put));
	assert_int_equal(
	    0, voucher_request_find(f->reader, 1, put.request.request_sha256,
		   T0 + 11, look, &seen));
	assert_string_equal("answered", seen.state);
	assert_string_equal("VOUCHER", seen.voucher);
	assert_int_equal(T0, seen.created_at);
	assert_int_equal(T0 + 10, seen.changed_at);
}

static void
test_old_ones_go(void **state)
{
	struct fixture *f = *state;
	struct put put = {.request = {.device_id = 1,
			      .state = "failed",
			      .outcome = 4,
			      .reason = "no"},
	    .now = T0};
	int64_t late = T0 + VOUCHER_REQUEST_KEEP_S;
	struct seen seen;

	assert_int_equal(0, in_txn(f->store, begin_run, NULL));
	assert_int_equal(0, in_txn(f->store, put_run, &put));
	assert_int_equal(
	    0, voucher_request_find(f->reader, 1, put.request.request_sha256,
		   late - 1, look, &seen));
	assert_int_equal(4, seen.outcome);
	assert_string_equal("no", seen.reason);
	assert_int_equal(
	    -ERR_NOT_FOUND, voucher_request_find(f->reader, 1,
				put.request.request_sha256, late, look, &seen));
	put.request.request_sha256[0] = 1;
	put.now = late;
	assert_int_equal(0, in_txn(f->store, put_run, &put));
	assert_int_equal(
	    1, sql_number(f->path, "SELECT count(*) FROM voucher_request"));
}

static int
stock_run(struct store_txn *txn, void *arg)
{
	return stock_voucher_put(txn, arg, "uid 0");
}

static int
look_at_stock(void *arg, const struct stock_voucher *v)
{
	struct bytes *wanted = arg;

	return bytes_equal(*wanted, v->voucher) ? 0 : -ERR_INVALID;
}

static void
test_stock(void **state)
{
	static const char type[] = "application/voucher+cose";
	struct fixture *f = *state;
	struct bytes old = {(const uint8_t *)"OLD", 3},
		     new = {(const uint8_t *)"NEW", 3};
	struct stock_voucher v = {.manufacturer_id = 1,
	    .serial_number = "A-1",
	    .media_type = type,
	    .voucher = old,
	    .expires_on = T0 + 10,
	    .fetched_at = T0};

	assert_int_equal(0, in_txn(f->store, begin_run, NULL));
	assert_int_equal(0, in_txn(f->store, stock_run, &v));
	assert_int_equal(0, stock_voucher_find(f->reader, 1, "A-1", type,
				T0 + 9, look_at_stock, &old));
	assert_int_equal(
	    -ERR_NOT_FOUND, stock_voucher_find(f->reader, 1, "A-1", type,
				T0 + 10, look_at_stock, &old));
	assert_int_equal(-ERR_NOT_FOUND,
	    stock_voucher_find(f->reader, 1, "A-1",
		"application/voucher-cms+json", T0, look_at_stock, &old));
	assert_int_equal(-ERR_NOT_FOUND, stock_voucher_find(f->reader, 1, "A-2",
					     type, T0, look_at_stock, &old));
	v.voucher = new;
	v.expires_on = 0;
	assert_int_equal(0, in_txn(f->store, stock_run, &v));
	assert_int_equal(0, stock_voucher_find(f->reader, 1, "A-1", type,
				T0 + 1000000, look_at_stock, &new));
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_request), T(test_many), T(test_old_ones_go), T(test_stock)};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
