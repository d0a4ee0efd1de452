#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/voucher/support.h"
#include "voucher/audit_log.h"

static int
parse(struct audit_log *out, const char *text, struct reason *why)
{
	struct blob json = {0};
	int err;

	blob_of_text(&json, text);
	err = audit_log_parse(out, blob_bytes(&json), why);
	blob_fini(&json);
	return err;
}

#define EVENT(more)                                                            \
	"{\"date\":\"2020-01-02T03:04:05Z\",\"domainID\":\"AQID\","            \
	"\"assertion\":\"logged\"" more "}"
#define LOG(events, more) "{\"version\":1,\"events\":[" events "]" more "}"

/* [RFC8995 5.8.1] */
static void
test_good(void **state)
{
	struct reason why = {""};
	struct audit_log log;

	(void)state;
	if (parse(&log,
		LOG(EVENT(",\"nonce\":\"abc\",\"truncated\":\"7\",\"x\":1") "," EVENT(
			",\"nonce\":null") "," EVENT("") "," EVENT(",\"nonce\":"
								   "\"NULL\""),
		    ",\"truncation\":{\"nonced duplicates\":\"1\","
		    "\"nonceless duplicates\":2},\"y\":[]"),
		&why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(log.n_events, 4);
	assert_int_equal(log.events[0].date, 1577934245);
	assert_string_equal(log.events[0].nonce, "abc");
	assert_int_equal(log.events[0].truncated, 7);
	assert_int_equal(log.events[0].domain_id_len, 3);
	assert_int_equal(log.events[0].assertion, VOUCHER_LOGGED);
	for (size_t i = 1; i < 4; i++)
		assert_string_equal(log.events[i].nonce, "");
	assert_int_equal(log.nonced_duplicates, 1);
	assert_int_equal(log.nonceless_duplicates, 2);
	assert_int_equal(log.arbitrary, 0);
	audit_log_fini(&log);
	assert_int_equal(parse(&log, LOG("", ""), &why), 0);
	assert_int_equal(log.n_events, 0);
	audit_log_fini(&log);
}

static void
test_bad_refused(void **state)
{
	static const char *const bad[] = {"", "[]", "null", "{}",
	    "{\"events\":[]}", "{\"version\":1}",
	    "{\"version\":null,\"events\":[]}",
	    "{\"version\":-1,\"events\":[]}", "{\"version\":1.5,\"events\":[]}",
	    "{\"version\":\"one\",\"events\":[]}",
	    "{\"version\":9999999999,\"events\":[]}",
	    "{\"version\":1,\"events\":{}}", "{\"version\":1,\"events\":null}",
	    "{\"version\":1,\"version\":1,\"events\":[]}",
	    LOG("", ",\"events\":[]"), LOG("", ",\"truncation\":[]") "x",
	    LOG("", ",\"truncation\":{\"arbitrary\":-1}"),
	    LOG("", ",\"truncation\":{\"arbitrary\":\"many\"}"), LOG("1", ""),
	    LOG("null", ""), LOG("{}", ""), LOG("[]", ""),
	    LOG(EVENT(",\"date\":\"2020-01-02T03:04:05Z\""), ""),
	    LOG(EVENT(",\"nonce\":1"), ""), LOG(EVENT(",\"nonce\":[]"), ""),
	    LOG(EVENT(",\"nonce\":\"\\n\""), ""),
	    LOG(EVENT(",\"nonce\":\"a\\u0000\""), ""),
	    LOG(EVENT(",\"truncated\":-1"), ""),
	    LOG(EVENT(",\"truncated\":[]"), ""),
	    LOG("{\"date\":\"yesterday\",\"domainID\":\"AQID\","
		"\"assertion\":\"logged\"}",
		""),
	    LOG("{\"date\":0,\"domainID\":\"AQID\",\"assertion\":\"logged\"}",
		""),
	    LOG("{\"date\":\"2020-01-02T03:04:05Z\",\"domainID\":\"\","
		"\"assertion\":\"logged\"}",
		""),
	    LOG("{\"date\":\"2020-01-02T03:04:05Z\",\"domainID\":\"A\","
		"\"assertion\":\"logged\"}",
		""),
	    LOG("{\"date\":\"2020-01-02T03:04:05Z\",\"domainID\":7,"
		"\"assertion\":\"logged\"}",
		""),
	    LOG("{\"date\":\"2020-01-02T03:04:05Z\",\"domainID\":\"AQID\"}",
		""),
	    LOG("{\"date\":\"2020-01-02T03:04:05Z\",\"domainID\":\"AQID\","
		"\"assertion\":\"guessed\"}",
		""),
	    LOG("{\"date\":\"2020-01-02T03:04:05Z\",\"domainID\":\"AQID\","
		"\"assertion\":1}",
		"")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};
		struct audit_log log;

		if (parse(&log, bad[i], &why) != -ERR_INVALID)
			fail_msg("%s is taken", bad[i]);
		assert_reason(&why, "RFC 8995 5.8.1");
	}
}

/* A domainID and a nonce of the greatest length, and of one more. */
static void
test_lengths(void **state)
{
	struct {
		const char *name;
		size_t len;
		int err;
	} cases[] = {{"nonce", VOUCHER_NONCE_MAX, 0},
	    {"nonce", VOUCHER_NONCE_MAX + 1, -ERR_INVALID},
	    {"domainID", 84, 0},             /* 63 octets */
	    {"domainID", 88, -ERR_INVALID}}; /* 66 octets */

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		bool nonce = strcmp(cases[i].name, "nonce") == 0;
		char value[256], text[1024];
		struct audit_log log;

		memset(value, 'A', cases[i].len);
		value[cases[i].len] = '\0';
		snprintf(text, sizeof(text),
		    LOG("{\"date\":\"2020-01-02T03:04:05Z\","
			"\"assertion\":\"verified\",\"%s\":\"%s\"%s}",
			""),
		    cases[i].name, value,
		    nonce ? ",\"domainID\":\"AQID\"" : "");
		assert_int_equal(parse(&log, text, NULL), cases[i].err);
		if (cases[i].err == 0)
			audit_log_fini(&log);
	}
}

static void
test_size_refused(void **state)
{
	static const struct audit_log_event event = {
	    .domain_id_len = 20, .assertion = VOUCHER_LOGGED};
	struct blob spaces = {
	    malloc(AUDIT_LOG_MAX_BYTES + 1), AUDIT_LOG_MAX_BYTES + 1};
	struct reason why = {""};
	struct audit_log none;

	(void)state;
	for (size_t n = AUDIT_LOG_EVENTS_MAX; n <= AUDIT_LOG_EVENTS_MAX + 1;
	     n++) {
		struct audit_log log = {.version = 1, .n_events = n}, again;
		struct blob json = {0};
		int err;

		log.events = calloc(n, sizeof(event));
		assert_non_null(log.events);
		for (size_t i = 0; i < n; i++)
			log.events[i] = event;
		assert_int_equal(audit_log_encode(&json, &log), 0);
		err = audit_log_parse(&again, blob_bytes(&json), &why);
		assert_int_equal(
		    err, n > AUDIT_LOG_EVENTS_MAX ? -ERR_TOO_LARGE : 0);
		if (err == 0)
			audit_log_fini(&again);
		audit_log_fini(&log);
		blob_fini(&json);
	}
	assert_reason(&why, "more than 256 events");
	memset(spaces.data, ' ', spaces.len);
	assert_int_equal(
	    audit_log_parse(&none, blob_bytes(&spaces), &why), -ERR_TOO_LARGE);
	assert_reason(&why, "too large");
	blob_fini(&spaces);
}

static void
test_round_trip(void **state)
{
	struct audit_log_event events[] = {{.date = 1700000000,
					       .domain_id = {1, 2, 255},
					       .domain_id_len = 3,
					       .nonce = "n\"1",
					       .assertion = VOUCHER_PROXIMITY},
	    {.date = 1600000000,
		.domain_id = {9},
		.domain_id_len = 1,
		.assertion = VOUCHER_VERIFIED,
		.truncated = 5}};
	struct audit_log log = {.version = 1,
	    .events = events,
	    .n_events = ARRAY_LEN(events),
	    .arbitrary = 3};
	struct blob json = {0};
	struct audit_log again;

	(void)state;
	assert_int_equal(audit_log_encode(&json, &log), 0);
	for (size_t len = 0; len < json.len; len++)
		assert_int_equal(audit_log_parse(&again,
				     (struct bytes){json.data, len}, NULL),
		    -ERR_INVALID);
	assert_int_equal(audit_log_parse(&again, blob_bytes(&json), NULL), 0);
	assert_int_equal(again.n_events, log.n_events);
	for (size_t i = 0; i < log.n_events; i++) {
		assert_int_equal(again.events[i].date, events[i].date);
		assert_int_equal(
		    again.events[i].domain_id_len, events[i].domain_id_len);
		assert_memory_equal(again.events[i].domain_id,
		    events[i].domain_id, events[i].domain_id_len);
		assert_string_equal(again.events[i].nonce, events[i].nonce);
		assert_int_equal(
		    again.events[i].truncated, events[i].truncated);
	}
	assert_int_equal(again.arbitrary, 3);
	audit_log_fini(&again);
	blob_fini(&json);
}

/* [RFC8995 5.8.2] Without a subject key identifier: SHA-256 of the
 * SubjectPublicKeyInfo. */
static void
test_domain_id(void **state)
{
	struct identity id = {.cert = NULL};
	uint8_t out[DOMAIN_ID_MAX], wanted[EVP_MAX_MD_SIZE];
	uint8_t *spki = NULL;
	size_t len = 0;
	int spki_len;

	(void)state;
	identity_init(&id, "domain", EVP_EC_gen("P-256"));
	assert_int_equal(domain_id_of(out, &len, blob_bytes(&id.der)), 0);
	assert_int_equal(len, 32);
	spki_len = i2d_PUBKEY(id.key, &spki);
	assert_true(spki_len > 0);
	assert_int_equal(EVP_Digest(spki, (size_t)spki_len, wanted, NULL,
			     EVP_sha256(), NULL),
	    1);
	assert_memory_equal(out, wanted, len);
	OPENSSL_free(spki);
	id.der.len--;
	assert_int_equal(
	    domain_id_of(out, &len, blob_bytes(&id.der)), -ERR_INVALID);
	identity_fini(&id);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad_refused),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_size_refused),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_domain_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
