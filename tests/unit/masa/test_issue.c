#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/masa/support.h"

#define NOW INT64_C(1800000000)

static int
issue_and_open(struct voucher_opened *out, const struct fixture *f,
    const struct masa_case *c, enum voucher_format format,
    enum masa_fault fault)
{
	const struct masa_issue issue = {.signer = f->voucher_signer,
	    .format = format,
	    .now = NOW,
	    .nonceless_s = 1200,
	    .fault = fault,
	    .stranger = blob_bytes(&f->masa_ca.der)};
	const struct voucher_open_params params = {
	    .format = format, .kind = VOUCHER_VOUCHER};
	struct blob artifact = {0};
	struct reason why = {""};
	int err;

	assert_int_equal(0, masa_issue(&artifact, c, &issue));
	err = voucher_open(out, blob_bytes(&artifact), &params, &why);
	blob_fini(&artifact);
	if (err == 0)
		assert_true(bytes_equal(blob_bytes(&out->signer),
		    blob_bytes(&f->voucher_cert.der)));
	return err;
}

/* [RFC8995 5.6] */
static void
test_nonced(void **state)
{
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all_formats); i++) {
		struct voucher_opened opened;
		struct masa_case c;

		judge_good(
		    &c, f, &(struct scenario){.serial = NULL}, all_formats[i]);
		assert_int_equal(0,
		    issue_and_open(&opened, f, &c, all_formats[i], FAULT_NONE));
		assert_int_equal(0, voucher_check(&opened.v, NULL));
		assert_string_equal(SERIAL_FREE, opened.v.serial_number);
		assert_true(
		    voucher_nonce_equal(&c.request.v.nonce, &opened.v.nonce));
		assert_int_equal(VOUCHER_PROXIMITY, opened.v.assertion);
		assert_int_equal(NOW, opened.v.created_on);
		assert_int_equal(0, opened.v.expires_on);
		assert_int_equal(0, opened.v.idevid_issuer.len);
		assert_true(
		    bytes_equal(blob_bytes(&opened.v.pinned_domain_cert),
			blob_bytes(&f->home.issuing.der)));
		/* The signer's CA comes along. */
		assert_true(opened.certs.n != 0);
		assert_true(bytes_equal(
		    blob_bytes(&opened.certs.items[opened.certs.n - 1]),
		    blob_bytes(&f->voucher_ca.der)));
		voucher_opened_fini(&opened);
		masa_case_fini(&c);
	}
}

static void
test_nonceless(void **state)
{
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all_formats); i++) {
		struct voucher_opened opened;
		struct masa_case c;

		judge_good(&c, f,
		    &(struct scenario){
			.nonceless = true, .tls_client = &f->customer},
		    all_formats[i]);
		assert_int_equal(0,
		    issue_and_open(&opened, f, &c, all_formats[i], FAULT_NONE));
		assert_int_equal(0, opened.v.nonce.len);
		assert_int_equal(NOW + 1200, opened.v.expires_on);
		voucher_opened_fini(&opened);
		masa_case_fini(&c);
	}
}

static void
test_faults(void **state)
{
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all_formats); i++) {
		enum voucher_format format = all_formats[i];
		struct voucher_opened opened;
		struct masa_case c;

		judge_good(&c, f, &(struct scenario){.serial = NULL}, format);
		assert_int_equal(0,
		    issue_and_open(&opened, f, &c, format, FAULT_WRONG_SERIAL));
		assert_string_not_equal(SERIAL_FREE, opened.v.serial_number);
		voucher_opened_fini(&opened);
		assert_int_equal(0,
		    issue_and_open(&opened, f, &c, format, FAULT_WRONG_NONCE));
		assert_false(
		    voucher_nonce_equal(&c.request.v.nonce, &opened.v.nonce));
		voucher_opened_fini(&opened);
		assert_int_equal(
		    0, issue_and_open(&opened, f, &c, format, FAULT_WRONG_PIN));
		assert_true(
		    bytes_equal(blob_bytes(&opened.v.pinned_domain_cert),
			blob_bytes(&f->masa_ca.der)));
		voucher_opened_fini(&opened);
		assert_int_equal(
		    0, issue_and_open(&opened, f, &c, format, FAULT_EXPIRED));
		assert_in_range(opened.v.expires_on, 1, NOW - 1);
		voucher_opened_fini(&opened);
		assert_int_equal(
		    -ERR_REFUSED, issue_and_open(&opened, f, &c, format,
				      FAULT_WRONG_SIGNATURE));
		assert_int_equal(-ERR_INVALID,
		    issue_and_open(&opened, f, &c, format, FAULT_GARBAGE));
		masa_case_fini(&c);
	}
}

/* --- what is remembered --- */

static void
assert_nonce(const struct masa_case *like, const char *data, size_t len,
    bool is_text, const char *expected)
{
	struct masa_case c = *like;
	struct masa_record record;

	memcpy(c.request.v.nonce.data, data, len);
	c.request.v.nonce.len = len;
	c.request.v.nonce.is_text = is_text;
	assert_int_equal(0, masa_record_of(&record, &c, NOW));
	assert_string_equal(expected, record.voucher.nonce);
	assert_string_equal("proximity", record.voucher.assertion);
	assert_int_equal(NOW, record.voucher.issued_at);
	assert_true(record.voucher.domain_id.len >= 20);
}

static void
test_record(void **state)
{
	const struct fixture *f = *state;
	struct masa_case c;

	judge_good(&c, f, &(struct scenario){.serial = NULL}, VOUCHER_CMS_JSON);
	assert_nonce(&c, "any text", 8, true, "any text");
	assert_nonce(&c, "any text", 8, false, "YW55IHRleHQ=");
	assert_nonce(&c, "a\0b", 3, true, "YQBi");
	assert_nonce(&c, "\xc3\xa4", 2, true, "w6Q=");
	assert_nonce(&c, "", 0, false, "");
	masa_case_fini(&c);
}

static int
add_vouchers(struct store_txn *txn, void *arg)
{
	struct masa_voucher *voucher = arg;
	int err = 0;

	for (int i = 0; i < MASA_LOG_EVENTS_MAX + 5 && err == 0; i++) {
		voucher->issued_at = NOW + i;
		err = masa_voucher_add(txn, voucher);
	}
	return err;
}

/* [RFC8995 5.8.1] */
static void
test_audit_log(void **state)
{
	const struct fixture *f = *state;
	struct masa_case c;
	struct masa_record record;
	struct audit_log log;
	struct blob json = {0};
	struct reason why = {""};

	judge_good(&c, f, &(struct scenario){.serial = NULL}, VOUCHER_CMS_JSON);
	assert_int_equal(0, masa_audit_log(&json, f->reader, c.device.id));
	assert_int_equal(0, audit_log_parse(&log, blob_bytes(&json), &why));
	assert_int_equal(0, log.n_events);
	audit_log_fini(&log);
	blob_fini(&json);

	assert_int_equal(0, masa_record_of(&record, &c, NOW));
	assert_int_equal(0, in_txn(f->store, add_vouchers, &record.voucher));
	assert_int_equal(0, masa_audit_log(&json, f->reader, c.device.id));
	if (audit_log_parse(&log, blob_bytes(&json), &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(MASA_LOG_EVENTS_MAX, log.n_events);
	assert_int_equal(5, log.arbitrary);
	assert_int_equal(NOW + MASA_LOG_EVENTS_MAX + 4, log.events[0].date);
	assert_string_equal(NONCE, log.events[0].nonce);
	assert_int_equal(VOUCHER_PROXIMITY, log.events[0].assertion);
	assert_true(bytes_equal(
	    record.voucher.domain_id, (struct bytes){log.events[0].domain_id,
					  log.events[0].domain_id_len}));
	audit_log_fini(&log);
	blob_fini(&json);
	masa_case_fini(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nonced),
	    cmocka_unit_test(test_nonceless),
	    cmocka_unit_test(test_faults),
	    cmocka_unit_test(test_record),
	    cmocka_unit_test(test_audit_log),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
