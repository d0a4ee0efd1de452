#include "tests/unit/cmocka.h"

#include <string.h>

#include "tests/unit/voucher/vectors.h"
#include "voucher/artifact.h"
#include "voucher/audit_log.h"
#include "voucher/telemetry.h"

struct vector {
	const char *file;
	enum voucher_format format;
	enum voucher_kind kind;
	const char *signer; /* certificate that did not come along, or NULL */
	const char *serial;
	enum voucher_assertion assertion;
	size_t nonce_len;
	bool prior;
};

static const struct vector vectors[] = {
    {"rfc8995-appC/vr_00-D0-E5-F2-00-02.der", VOUCHER_CMS_JSON, VOUCHER_REQUEST,
	NULL, "00-D0-E5-F2-00-02", VOUCHER_PROXIMITY, 22, false},
    {"rfc8995-appC/parboiled_vr_00-D0-E5-F2-00-02.der", VOUCHER_CMS_JSON,
	VOUCHER_REQUEST, NULL, "00-D0-E5-F2-00-02", VOUCHER_PROXIMITY, 22,
	true},
    {"rfc8995-appC/voucher_00-D0-E5-F2-00-02.der", VOUCHER_CMS_JSON,
	VOUCHER_VOUCHER, NULL, "00-D0-E5-F2-00-02", VOUCHER_LOGGED, 22, false},
    {"rfc8366bis/vr_00-D0-E5-F2-00-02.pkcs", VOUCHER_CMS_JSON, VOUCHER_REQUEST,
	NULL, "00-D0-E5-F2-00-02", VOUCHER_PROXIMITY, 22, false},
    {"rfc8366bis/voucher_00-D0-E5-F2-00-02.pkcs", VOUCHER_CMS_JSON,
	VOUCHER_VOUCHER, NULL, "00-D0-E5-F2-00-02", VOUCHER_LOGGED, 22, false},
    {"jws-voucher/draft16-pvr.jws.json", VOUCHER_JWS_JSON, VOUCHER_REQUEST,
	NULL, "kit-987654321", VOUCHER_ASSERTION_NONE, 24, false},
    {"jws-voucher/draft16-rvr.jws.json", VOUCHER_JWS_JSON, VOUCHER_REQUEST,
	NULL, "kit-987654321", VOUCHER_ASSERTION_NONE, 24, true},
    {"jws-voucher/draft16-voucher.jws.json", VOUCHER_JWS_JSON, VOUCHER_VOUCHER,
	NULL, "kit-987654321", VOUCHER_LOGGED, 24, false},
    {"constrained-voucher/cose-examples/pvr.cbor", VOUCHER_COSE_CBOR,
	VOUCHER_REQUEST, "constrained-voucher/cose-examples/pledge.pem",
	"JADA123456789", VOUCHER_PROXIMITY, 8, false},
    {"constrained-voucher/cose-examples/rvr.cbor", VOUCHER_COSE_CBOR,
	VOUCHER_REQUEST, NULL, "JADA123456789", VOUCHER_PROXIMITY, 8, true},
    {"constrained-voucher/cose-examples/voucher.cbor", VOUCHER_COSE_CBOR,
	VOUCHER_VOUCHER, "constrained-voucher/cose-examples/masa_ca.pem",
	"JADA123456789", VOUCHER_PROXIMITY, 8, false},
};

struct fixture {
	struct blob artifact;
	struct voucher_certs candidates;
	struct voucher_open_params params;
};

static void
fixture_init(struct fixture *f, const struct vector *vector)
{
	*f = (struct fixture){.artifact = {0}};
	vector_read(&f->artifact, vector->file);
	if (vector->signer != NULL) {
		vector_read_cert(&f->candidates.items[0], vector->signer);
		f->candidates.n = 1;
	}
	f->params.format = vector->format;
	f->params.kind = vector->kind;
	f->params.candidates = &f->candidates;
}

static void
fixture_fini(struct fixture *f)
{
	blob_fini(&f->artifact);
	voucher_certs_fini(&f->candidates);
}

static void
test_opens(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		const struct vector *vector = &vectors[i];
		struct voucher_opened opened;
		struct reason why = {""};
		struct fixture f;

		fixture_init(&f, vector);
		if (voucher_open(
			&opened, blob_bytes(&f.artifact), &f.params, &why) != 0)
			fail_msg("%s: %s", vector->file, why.text);
		assert_string_equal(opened.v.serial_number, vector->serial);
		if (opened.v.assertion != vector->assertion)
			fail_msg("%s: assertion %d", vector->file,
			    opened.v.assertion);
		if (opened.v.nonce.len != vector->nonce_len)
			fail_msg("%s: nonce of %zu octets", vector->file,
			    opened.v.nonce.len);
		assert_int_equal(opened.v.prior_signed_voucher_request.len != 0,
		    vector->prior);
		assert_int_equal(voucher_check(&opened.v, &why), 0);
		assert_true(opened.signer.len > 0);
		voucher_opened_fini(&opened);
		fixture_fini(&f);
	}
}

static void
test_truncated_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct fixture f;

		fixture_init(&f, &vectors[i]);
		/* A line feed behind JSON belongs to no value. */
		while (vectors[i].format == VOUCHER_JWS_JSON &&
		       f.artifact.data[f.artifact.len - 1] != '}')
			f.artifact.len--;
		for (size_t len = 0; len < f.artifact.len; len++) {
			/* Of its own size, so that sanitizers see an overrun.
			 */
			struct blob cut = {malloc(len + 1), len};
			struct voucher_opened opened;
			struct reason why = {""};

			memcpy(cut.data, f.artifact.data, len);
			if (voucher_open(&opened, blob_bytes(&cut), &f.params,
				&why) == 0)
				fail_msg("%s: opens with %zu octets",
				    vectors[i].file, len);
			assert_true(why.text[0] != '\0');
			blob_fini(&cut);
		}
		fixture_fini(&f);
	}
}

/* A changed octet either is refused, or changes nothing that is read. */
static void
test_tampered_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct fixture f;
		size_t step = 7, opened_anyway = 0, n = 0;

		fixture_init(&f, &vectors[i]);
		for (size_t at = 0; at < f.artifact.len; at += step) {
			struct voucher_opened opened;

			f.artifact.data[at] ^= 0x01;
			if (voucher_open(&opened, blob_bytes(&f.artifact),
				&f.params, NULL) == 0) {
				assert_string_equal(
				    opened.v.serial_number, vectors[i].serial);
				assert_int_equal(
				    opened.v.nonce.len, vectors[i].nonce_len);
				voucher_opened_fini(&opened);
				opened_anyway++;
			}
			f.artifact.data[at] ^= 0x01;
			n++;
		}
		/* Certificates are not covered by the signature. */
		assert_true(opened_anyway < n);
		fixture_fini(&f);
	}
}

static void
test_audit_log(void **state)
{
	struct audit_log log;
	struct reason why = {""};
	struct blob json = {0};

	(void)state;
	vector_read(&json, "rfc8995-appC/example-auditlog.json");
	if (audit_log_parse(&log, blob_bytes(&json), &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(log.version, 1);
	assert_int_equal(log.n_events, 2);
	assert_string_equal(log.events[0].nonce, "VOUFT-WwrEv0NuAQEHoV7Q");
	assert_int_equal(log.events[0].assertion, VOUCHER_PROXIMITY);
	assert_int_equal(log.events[0].domain_id_len, 20);
	assert_int_equal(log.nonceless_duplicates, 1);
	assert_int_equal(log.arbitrary, 2);
	audit_log_fini(&log);
	blob_fini(&json);
}

static void
test_telemetry(void **state)
{
	static const char *const files[] = {
	    "rfc8995-appC/example-telemetry.json",
	    "rfc8995-appC/example-enrollstatus.json"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct telemetry t;
		struct reason why = {""};
		struct blob json = {0};

		vector_read(&json, files[i]);
		if (telemetry_parse(&t, false, blob_bytes(&json), &why) != 0)
			fail_msg("%s: %s", files[i], why.text);
		assert_int_equal(t.version, 1);
		assert_string_equal(
		    t.reason, "Informative human readable message");
		assert_string_equal(t.context, "{\"additional\":\"JSON\"}");
		blob_fini(&json);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opens),
	    cmocka_unit_test(test_truncated_refused),
	    cmocka_unit_test(test_tampered_refused),
	    cmocka_unit_test(test_audit_log),
	    cmocka_unit_test(test_telemetry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
