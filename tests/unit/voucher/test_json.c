#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/voucher/support.h"
#include "voucher/json.h"

#define ROOT "ietf-voucher:voucher"
#define REQUEST "ietf-voucher-request:voucher"

static int
decode(struct voucher *out, const char *text, bool plain_root,
    enum voucher_kind kind, struct reason *why)
{
	struct blob json = {0};
	int err;

	blob_of_text(&json, text);
	err =
	    voucher_json_decode(out, blob_bytes(&json), kind, plain_root, why);
	blob_fini(&json);
	return err;
}

/* A voucher with these members. */
static int
decode_members(struct voucher *out, const char *members, struct reason *why)
{
	char text[1024];

	snprintf(text, sizeof(text), "{\"" ROOT "\":{%s}}", members);
	return decode(out, text, false, VOUCHER_VOUCHER, why);
}

/* [RFC8366 5] */
static void
test_members(void **state)
{
	struct voucher v;
	struct reason why = {""};

	(void)state;
	if (decode_members(&v,
		"\"assertion\":\"logged\",\"serial-number\":\"A 1\","
		"\"nonce\":\"\\u00fc\",\"created-on\":"
		"\"2020-01-02T03:04:05.678+01:00\",\"pinned-domain-cert\":"
		"\"AQI\\nD\\/w==\",\"domain-cert-revocation-checks\":false,"
		"\"est-domain\":\"unknown\",\"x\":{\"nonce\":\"no\"}",
		&why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(v.assertion, VOUCHER_LOGGED);
	assert_string_equal(v.serial_number, "A 1");
	assert_int_equal(v.nonce.len, 2);
	assert_memory_equal(v.nonce.data, "\xc3\xbc", 2);
	assert_int_equal(v.created_on, 1577930645);
	assert_int_equal(v.pinned_domain_cert.len, 4);
	assert_int_equal(v.domain_cert_revocation_checks, 0);
	assert_int_equal(v.expires_on, 0);
	voucher_fini(&v);
}

/* [RFC8366 5] */
static void
test_bad_members_refused(void **state)
{
	static const char *const bad[] = {/* Types. */
	    "\"assertion\":2", "\"assertion\":null", "\"assertion\":[]",
	    "\"serial-number\":1", "\"serial-number\":{}", "\"nonce\":1",
	    "\"nonce\":null", "\"created-on\":1577930645",
	    "\"created-on\":true", "\"pinned-domain-cert\":[\"AQID\"]",
	    "\"domain-cert-revocation-checks\":\"false\"",
	    "\"domain-cert-revocation-checks\":0",
	    "\"domain-cert-revocation-checks\":null",
	    /* Values. */
	    "\"assertion\":\"\"", "\"assertion\":\"Logged\"",
	    "\"serial-number\":\"\"", "\"serial-number\":\"\\n\"",
	    "\"nonce\":\"\"", "\"expires-on\":\"never\"",
	    "\"expires-on\":\"1970-01-01T00:00:00Z\"",
	    "\"pinned-domain-cert\":\"\"", "\"pinned-domain-cert\":\"AQI\"",
	    "\"pinned-domain-cert\":\"AQ-_\"",
	    "\"pinned-domain-cert\":\"-----BEGIN\"",
	    /* NUL, in a value and in a key; twice; big numbers; bad UTF-8. */
	    "\"serial-number\":\"a\\u0000b\"", "\"serial-number\\u0000\":\"a\"",
	    "\"x\\u0000\":1", "\"serial-number\":\"a\",\"serial-number\":\"b\"",
	    "\"serial-number\":\"a\",\"serial\\u002dnumber\":\"b\"",
	    "\"x\":1,\"x\":1", "\"x\":{\"y\":1,\"y\":1}",
	    "\"x\":123456789012345678901234567890", "\"x\":1e999",
	    "\"x\":-1e999", "\"x\":01", "\"x\":\"\xff\"",
	    "\"x\":\"\xed\xa0\x80\"", "\"x\":\"\\ud800\"", "\"\xc0\x80\":1",
	    "\"x\":tru", "\"x\":NaN", "\"x\":'a'", "\"x\":1,", "\"nonce\"",
	    "/**/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};
		struct voucher v;

		if (decode_members(&v, bad[i], &why) != -ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
		assert_reason(&why, "RFC 8366 5");
		voucher_fini(&v);
	}
}

static void
test_roots(void **state)
{
	static const char *const bad[] = {"", " ", "{}", "[]", "null", "\"\"",
	    "{\"voucher\":{}}", "{\"" ROOT "\":[]}", "{\"" ROOT "\":null}",
	    "{\"" ROOT "\":{}} x", "{\"" ROOT "\":{}}{}", "[{\"" ROOT "\":{}}]",
	    "{\"" ROOT "\":{}", "{\"" ROOT "\":{},\"" ROOT "\":{}}",
	    "{\"" ROOT "\":{},\"" REQUEST "\":{}}",
	    "{\"" ROOT "\":{},\"x\":{}}", "{\"" REQUEST "\":{}}",
	    "\xef\xbb\xbf{\"" ROOT "\":{}}"};
	struct voucher v;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};

		if (decode(&v, bad[i], false, VOUCHER_VOUCHER, &why) !=
		    -ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
		assert_reason(&why, "RFC 8366 5");
	}
	assert_int_equal(
	    decode(&v, " {\"" ROOT "\":{}}\n", false, VOUCHER_VOUCHER, NULL),
	    0);
	assert_int_equal(
	    decode(&v, "{\"" ROOT "\":{}}", false, VOUCHER_REQUEST, NULL),
	    -ERR_INVALID);
	assert_int_equal(
	    decode(&v, "{\"" ROOT "\":{}}", true, VOUCHER_REQUEST, NULL), 0);
	assert_int_equal(
	    decode(&v, "{\"" REQUEST "\":{}}", true, VOUCHER_REQUEST, NULL), 0);
	assert_int_equal(decode(&v, "{\"" REQUEST "\":{},\"" ROOT "\":{}}",
			     true, VOUCHER_REQUEST, NULL),
	    -ERR_INVALID);
	assert_int_equal(
	    decode(&v, "{\"" REQUEST "\":{}}", true, VOUCHER_VOUCHER, NULL),
	    -ERR_INVALID);
}

/* 10,000 and more levels, closed or not. */
static void
test_depth_refused(void **state)
{
	static const char *const opening[] = {"[", "{\"a\":"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(opening); i++) {
		struct buf json CLEANUP(buf_fini) = {0};
		struct reason why = {""};
		struct voucher v;

		buf_adds(&json, "{\"" ROOT "\":{\"x\":");
		for (int depth = 0; depth < 10000; depth++)
			buf_adds(&json, opening[i]);
		assert_int_equal(buf_status(&json), 0);
		assert_int_equal(voucher_json_decode(&v, buf_octets(&json),
				     VOUCHER_VOUCHER, false, &why),
		    -ERR_INVALID);
		buf_adds(&json, "1");
		for (int depth = 0; depth < 10000; depth++)
			buf_adds(&json, i == 0 ? "]" : "}");
		buf_adds(&json, "}}");
		if (json.len <= VOUCHER_MAX_BYTES)
			assert_int_equal(
			    voucher_json_decode(&v, buf_octets(&json),
				VOUCHER_VOUCHER, false, &why),
			    -ERR_INVALID);
		assert_reason(&why, "depth");
		voucher_fini(&v);
	}
}

static void
test_size_refused(void **state)
{
	struct blob json = {
	    calloc(1, VOUCHER_MAX_BYTES + 1), VOUCHER_MAX_BYTES + 1};
	struct reason why = {""};
	struct voucher v;

	(void)state;
	memset(json.data, ' ', json.len);
	assert_int_equal(voucher_json_decode(&v, blob_bytes(&json),
			     VOUCHER_VOUCHER, false, &why),
	    -ERR_TOO_LARGE);
	assert_reason(&why, "too large");
	blob_fini(&json);
}

static void
test_round_trip(void **state)
{
	static const enum voucher_kind kinds[] = {
	    VOUCHER_REQUEST, VOUCHER_VOUCHER};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		for (int plain = 0; plain < 2; plain++) {
			struct voucher v, again;
			struct blob json = {0};

			voucher_fill(&v, kinds[i]);
			assert_int_equal(
			    voucher_json_encode(&json, &v, plain), 0);
			assert_int_equal(
			    voucher_json_decode(&again, blob_bytes(&json),
				kinds[i], plain, NULL),
			    0);
			assert_vouchers_equal(&v, &again);
			voucher_fini(&again);
			for (size_t len = 0; len < json.len; len++) {
				struct blob cut = {0};

				assert_int_equal(
				    blob_copy(
					&cut, (struct bytes){json.data, len}),
				    0);
				assert_int_equal(voucher_json_decode(&again,
						     blob_bytes(&cut), kinds[i],
						     plain, NULL),
				    -ERR_INVALID);
				voucher_fini(&again);
				blob_fini(&cut);
			}
			voucher_fini(&v);
			blob_fini(&json);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_members),
	    cmocka_unit_test(test_bad_members_refused),
	    cmocka_unit_test(test_roots),
	    cmocka_unit_test(test_depth_refused),
	    cmocka_unit_test(test_size_refused),
	    cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
