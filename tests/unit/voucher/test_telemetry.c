#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/voucher/support.h"
#include "voucher/telemetry.h"

static int
parse_json(struct telemetry *out, const char *text, struct reason *why)
{
	struct blob body = {0};
	int err;

	blob_of_text(&body, text);
	err = telemetry_parse(out, false, blob_bytes(&body), why);
	blob_fini(&body);
	return err;
}

static int
parse_cbor(struct telemetry *out, const char *hex, struct reason *why)
{
	struct blob body = {0};
	int err;

	blob_of_hex(&body, hex);
	err = telemetry_parse(out, true, blob_bytes(&body), why);
	blob_fini(&body);
	return err;
}

/* [RFC8995 5.7] */
static void
test_json(void **state)
{
	struct telemetry t;

	(void)state;
	assert_int_equal(
	    parse_json(&t, "{\"version\":1,\"status\":true}", NULL), 0);
	assert_int_equal(t.version, 1);
	assert_true(t.status);
	assert_string_equal(t.reason, "");
	assert_string_equal(t.context, "");
	assert_int_equal(
	    parse_json(&t,
		" {\"status\":false,\"version\":\"2\",\"reason\":\"a\\nb"
		"\\u00fc\",\"reason-context\":{\"x\":[1,2.5,null]},"
		"\"Reason\":1,\"more\":{}} ",
		NULL),
	    0);
	assert_int_equal(t.version, 2);
	assert_false(t.status);
	assert_string_equal(t.reason, "a?b??");
	assert_string_equal(t.context, "{\"x\":[1,2.5,null]}");
	assert_int_equal(parse_json(&t,
			     "{\"version\":1,\"status\":true,\"reason\":null,"
			     "\"reason-context\":null}",
			     NULL),
	    0);
	assert_string_equal(t.context, "");
}

static void
test_bad_json_refused(void **state)
{
	static const char *const bad[] = {"", "{}", "[]", "true", "null",
	    "{\"version\":1}", "{\"status\":true}",
	    "{\"version\":null,\"status\":true}",
	    "{\"version\":-1,\"status\":true}",
	    "{\"version\":1.0,\"status\":true}",
	    "{\"version\":\"1x\",\"status\":true}",
	    "{\"version\":\"\",\"status\":true}",
	    "{\"version\":1001,\"status\":true}",
	    "{\"version\":99999999999999999999,\"status\":true}",
	    "{\"version\":1,\"status\":\"true\"}",
	    "{\"version\":1,\"status\":1}", "{\"version\":1,\"status\":null}",
	    "{\"Version\":1,\"Status\":true}",
	    "{\"version\":1,\"version\":1,\"status\":true}",
	    "{\"version\":1,\"status\":true,\"status\":false}",
	    "{\"version\":1,\"status\":true,\"reason\":1}",
	    "{\"version\":1,\"status\":true,\"reason\":\"a\\u0000\"}",
	    "{\"version\":1,\"status\":true}x",
	    "{\"version\":1,\"status\":true,\"x\":\"\xff\"}"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};
		struct telemetry t;

		if (parse_json(&t, bad[i], &why) != -ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
		assert_reason(&why, "RFC 8995 5.7");
	}
}

#define VERSION "6776657273696f6e"
#define STATUS "66737461747573"
#define REASON "66726561736f6e"
#define CONTEXT "6e726561736f6e2d636f6e74657874"

static void
test_cbor(void **state)
{
	struct telemetry t;

	(void)state;
	assert_int_equal(
	    parse_cbor(&t, "a2" VERSION "01" STATUS "f5", NULL), 0);
	assert_int_equal(t.version, 1);
	assert_true(t.status);
	assert_int_equal(parse_cbor(&t,
			     "a5" STATUS "f4" VERSION "02" REASON "626162"
			     "0000" CONTEXT "a10102",
			     NULL),
	    0);
	assert_false(t.status);
	assert_string_equal(t.reason, "ab");
	assert_string_equal(t.context, "(given in CBOR)");
	assert_int_equal(
	    parse_cbor(&t,
		"a4" STATUS "f4" VERSION "02" REASON "f6" CONTEXT "f6", NULL),
	    0);
	assert_string_equal(t.context, "");
}

static void
test_bad_cbor_refused(void **state)
{
	static const char *const bad[] = {"", "a0", "80", "f5",
	    "a1" VERSION "01", "a1" STATUS "f5", "a2" VERSION "20" STATUS "f5",
	    "a2" VERSION "1903e9" STATUS "f5",
	    "a2" VERSION "1bffffffffffffffff" STATUS "f5",
	    "a2" VERSION "f93c00" STATUS "f5", "a2" VERSION "01" STATUS "f6",
	    "a2" VERSION "01" STATUS "f7", "a2" VERSION "01" STATUS "01",
	    /* Floats, about which libcbor must not be asked. */
	    "a2" VERSION "01" STATUS "f93c00",
	    "a3" VERSION "01" STATUS "f5" REASON "fb3ff0000000000000",
	    "a3" VERSION "01" STATUS "f5" VERSION "01",
	    "a3" VERSION "01" STATUS "f5" REASON "01",
	    "a3" VERSION "01" STATUS "f5" REASON "4161",
	    "a3" VERSION "01" STATUS "f5" REASON "61ff",
	    "a4" VERSION "01" STATUS "f500010002",
	    "a2" VERSION "01" STATUS "f500", "a2" VERSION "01" STATUS};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};
		struct telemetry t;

		if (parse_cbor(&t, bad[i], &why) != -ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
		assert_reason(&why, "RFC 8995 5.7");
	}
}

/* Cut to fit, and never more than that; nesting as deep as it goes. */
static void
test_long(void **state)
{
	char text[TELEMETRY_MAX_BYTES + 2];
	struct reason why = {""};
	struct telemetry t;
	int n = snprintf(text, sizeof(text),
	    "{\"version\":1,\"status\":false,\"reason\":\"%01000d\","
	    "\"reason-context\":",
	    7);

	(void)state;
	memset(text + n, '[', 1900);
	memset(text + n + 1900, ']', 1900);
	strcpy(text + n + 3800, "}");
	assert_int_equal(parse_json(&t, text, &why), 0);
	assert_int_equal(strlen(t.reason), TELEMETRY_REASON_MAX - 1);
	assert_int_equal(strlen(t.context), TELEMETRY_REASON_MAX - 1);
	memset(text, '[', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\0';
	assert_int_equal(parse_json(&t, text, &why), -ERR_INVALID);
	memset(text, ' ', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse_json(&t, text, &why), -ERR_TOO_LARGE);
	assert_reason(&why, "too large");
}

static void
test_round_trip(void **state)
{
	const struct telemetry cases[] = {{.version = 1, .status = true},
	    {.version = 1, .reason = "no \"trust\" anchor"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		for (int cbor = 0; cbor < 2; cbor++) {
			struct blob body = {0};
			struct telemetry t;

			assert_int_equal(
			    telemetry_encode(&body, cbor, &cases[i]), 0);
			assert_int_equal(
			    telemetry_parse(&t, cbor, blob_bytes(&body), NULL),
			    0);
			assert_int_equal(t.version, cases[i].version);
			assert_int_equal(t.status, cases[i].status);
			assert_string_equal(t.reason, cases[i].reason);
			for (size_t len = 0; len < body.len; len++)
				assert_int_equal(
				    telemetry_parse(&t, cbor,
					(struct bytes){body.data, len}, NULL),
				    -ERR_INVALID);
			blob_fini(&body);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_bad_json_refused),
	    cmocka_unit_test(test_cbor),
	    cmocka_unit_test(test_bad_cbor_refused),
	    cmocka_unit_test(test_long),
	    cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
