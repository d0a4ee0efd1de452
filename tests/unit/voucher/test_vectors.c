#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
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

/* [RFC8995 C] */
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
		/* [RFC8995 3] Requests need less than vouchers. */
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
		size_t step = 17, opened_anyway = 0, n = 0;

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

/* Published artifacts of older shapes, and one voucher for another kind. What
 * is refused is refused for a reason that names a rule. */
struct old_vector {
	const char *file;
	enum voucher_format format;
	enum voucher_kind kind;
	const char *serial; /* NULL: refused */
	const char *reason;
};

static const struct old_vector old_vectors[] = {
    {"rfc8995-appC/vr_00-D0-E5-F2-00-02.pkcs", VOUCHER_CMS_JSON,
	VOUCHER_REQUEST, "00-D0-E5-F2-00-02", ""},
    {"rfc8995-appC/vr_00-D0-E5-F2-00-02.b64", VOUCHER_CMS_JSON, VOUCHER_REQUEST,
	"00-D0-E5-F2-00-02", ""},
    {"rfc8995-appC/parboiled_vr_00-D0-E5-F2-00-02.pkcs", VOUCHER_CMS_JSON,
	VOUCHER_REQUEST, "00-D0-E5-F2-00-02", ""},
    {"rfc8995-appC/parboiled_vr_00-D0-E5-F2-00-02.b64", VOUCHER_CMS_JSON,
	VOUCHER_REQUEST, "00-D0-E5-F2-00-02", ""},
    {"rfc8995-appC/voucher_00-D0-E5-F2-00-02.pkcs", VOUCHER_CMS_JSON,
	VOUCHER_VOUCHER, "00-D0-E5-F2-00-02", ""},
    {"rfc8995-appC/voucher_00-D0-E5-F2-00-02.b64", VOUCHER_CMS_JSON,
	VOUCHER_VOUCHER, "00-D0-E5-F2-00-02", ""},
    {"rfc8995-appC/parboiled_00-D0-E5-F2-00-02.b64", VOUCHER_CMS_JSON,
	VOUCHER_REQUEST, "00-D0-E5-F2-00-02", ""},
    {"rfc8366bis/vr_00-D0-E5-F2-00-02.b64", VOUCHER_CMS_JSON, VOUCHER_REQUEST,
	"00-D0-E5-F2-00-02", ""},
    {"rfc8366bis/voucher_00-D0-E5-F2-00-02.b64", VOUCHER_CMS_JSON,
	VOUCHER_VOUCHER, "00-D0-E5-F2-00-02", ""},
    {"constrained-voucher/cms-parboiled-request.bin", VOUCHER_CMS_JSON,
	VOUCHER_REQUEST, NULL, "the CMS has no content in it"},
    {"constrained-voucher/cms-parboiled-request.b64", VOUCHER_CMS_JSON,
	VOUCHER_REQUEST, NULL, "the CMS has no content in it"},
    {"constrained-voucher/cms-voucher2.bin", VOUCHER_CMS_JSON, VOUCHER_VOUCHER,
	NULL, "the CMS has no content in it"},
    {"constrained-voucher/cms-voucher2.b64", VOUCHER_CMS_JSON, VOUCHER_VOUCHER,
	NULL, "the CMS has no content in it"},
    {"constrained-voucher/vr_00-D0-E5-F2-00-03.vrq", VOUCHER_COSE_CBOR,
	VOUCHER_REQUEST, NULL, "the algorithm is none that is supported"},
    {"constrained-voucher/parboiled_vr_00-D0-E5-F2-00-03.vrq",
	VOUCHER_COSE_CBOR, VOUCHER_REQUEST, NULL,
	"the algorithm is none that is supported"},
    {"constrained-voucher/voucher_00-D0-E5-F2-00-03.vch", VOUCHER_COSE_CBOR,
	VOUCHER_VOUCHER, NULL, "the algorithm is none that is supported"},
    {"jws-voucher/voucher_request_01.b64", VOUCHER_JWS_JSON, VOUCHER_REQUEST,
	NULL, "the voucher is not a JSON object"},
    {"jws-voucher/parboiled_voucher_request_01.b64", VOUCHER_JWS_JSON,
	VOUCHER_REQUEST, NULL, "the voucher is not a JSON object"},
    {"jws-voucher/voucher_01.b64", VOUCHER_JWS_JSON, VOUCHER_VOUCHER, NULL,
	"the voucher is not a JSON object"},
};

/* .b64 in base64, or a compact JWS; .pkcs in PEM, or as it is. */
static void
read_artifact(struct blob *out, const char *file)
{
	static const char begin[] = "-----BEGIN CMS-----";
	struct blob text = {0};
	const char *body;
	size_t len;

	vector_read(&text, file);
	body = (const char *)text.data;
	len = text.len;
	if (len > sizeof(begin) &&
	    memcmp(body, begin, sizeof(begin) - 1) == 0) {
		body += sizeof(begin) - 1;
		len = (size_t)((const char *)memmem(
				   body, text.len - sizeof(begin), "-----", 5) -
			       body);
	} else if (strstr(file, ".b64") == NULL || memchr(body, '.', len)) {
		*out = text;
		return;
	}
	if (base64_decode(out, body, len) != 0)
		fail_msg("%s is not base64", file);
	blob_fini(&text);
}

static int
open_old(
    const struct old_vector *vector, struct bytes artifact, struct reason *why)
{
	struct voucher_open_params params = {
	    .format = vector->format, .kind = vector->kind};
	struct voucher_opened opened;
	int err = voucher_open(&opened, artifact, &params, why);

	if (err != 0)
		return err;
	if (vector->serial == NULL)
		fail_msg("%s: opens", vector->file);
	assert_string_equal(opened.v.serial_number, vector->serial);
	voucher_opened_fini(&opened);
	return 0;
}

static void
test_older_shapes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(old_vectors); i++) {
		const struct old_vector *vector = &old_vectors[i];
		struct blob artifact = {0};
		struct reason why = {""};
		int err;

		read_artifact(&artifact, vector->file);
		err = open_old(vector, blob_bytes(&artifact), &why);
		if (err != 0 &&
		    (vector->serial != NULL || why.text[0] == '\0' ||
			strstr(why.text, vector->reason) == NULL))
			fail_msg("%s: %s", vector->file, why.text);
		for (size_t len = 0; len < artifact.len; len += 3) {
			struct blob cut = {0};
			struct reason reason = {""};

			assert_int_equal(
			    blob_copy(&cut, (struct bytes){artifact.data, len}),
			    0);
			assert_int_not_equal(
			    open_old(vector, blob_bytes(&cut), &reason), 0);
			assert_true(reason.text[0] != '\0');
			blob_fini(&cut);
		}
		blob_fini(&artifact);
	}
}

/* The status that an older pledge sent, in CBOR. */
static void
test_cbor_telemetry(void **state)
{
	struct blob text = {0}, cbor = {0};
	struct reason why = {""};
	struct telemetry t;
	size_t n = 0;

	(void)state;
	vector_read(&text, "constrained-voucher/voucher-status.hex");
	for (size_t i = 0; i < text.len; i++)
		if (strchr(" \r\n", text.data[i]) == NULL)
			text.data[n++] = text.data[i];
	cbor.len = n / 2;
	cbor.data = malloc(cbor.len);
	text.data = realloc(text.data, n + 1);
	text.data[n] = '\0';
	assert_int_equal(
	    hex_decode(cbor.data, cbor.len, (const char *)text.data), 0);
	if (telemetry_parse(&t, true, blob_bytes(&cbor), &why) != 0)
		assert_true(strstr(why.text, "RFC 8995 5.7") != NULL);
	blob_fini(&text);
	blob_fini(&cbor);
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
	    cmocka_unit_test(test_cbor_telemetry),
	    cmocka_unit_test(test_older_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
