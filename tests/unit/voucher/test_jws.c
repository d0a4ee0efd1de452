#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "tests/unit/voucher/support.h"
#include "voucher/jws.h"
#include "voucher/sigalg.h"

#define CONTENT "{\"ietf-voucher:voucher\":{}}"
/* The payload, the protected header and the signature, in base64url. */
#define GENERAL                                                                \
	"{\"payload\":\"@1\",\"signatures\":[{\"protected\":\"@2\","           \
	"\"signature\":\"@3\"}]}"

static int
setup(void **state)
{
	static struct identity id;

	identity_init(&id, "signer", EVP_EC_gen("P-256"));
	*state = &id;
	return 0;
}

static int
teardown(void **state)
{
	identity_fini(*state);
	return 0;
}

static void
base64url(struct buf *out, struct bytes octets)
{
	assert_int_equal(base64url_encode(out, octets), 0);
}

/* A JWS in this form around CONTENT, signed for real. */
static void
build(struct buf *out, const char *form, const char *header,
    const struct identity *id)
{
	struct buf payload CLEANUP(buf_fini) = {0};
	struct buf protected CLEANUP(buf_fini) = {0};
	struct buf signature CLEANUP(buf_fini) = {0};
	struct buf input CLEANUP(buf_fini) = {0};
	struct blob octets = {0};

	base64url(&payload, text_bytes(CONTENT));
	base64url(&protected, text_bytes(header));
	buf_printf(&input, "%s.%s", buf_text(&protected), buf_text(&payload));
	assert_int_equal(sigalg_sign(&octets, sigalg_of_key(id->key), id->key,
			     buf_octets(&input)),
	    0);
	base64url(&signature, blob_bytes(&octets));
	blob_fini(&octets);
	for (; *form != '\0'; form++) {
		if (*form != '@') {
			buf_add(out, form, 1);
			continue;
		}
		form++;
		buf_adds(out, buf_text(*form == '1'   ? &payload
				       : *form == '2' ? &protected
						      : &signature));
	}
	assert_int_equal(buf_status(out), 0);
}

/* With the signer as a candidate. */
static int
open_octets(struct bytes jws, const struct identity *id, struct reason *why)
{
	struct voucher_certs candidates = {.n = 0}, certs = {.n = 0};
	struct blob content = {0}, signer = {0}, copy = {0};
	int err;

	assert_int_equal(blob_copy(&copy, jws), 0);
	assert_int_equal(
	    voucher_certs_add(&candidates, blob_bytes(&id->der)), 0);
	err = jws_open_content(
	    &content, &signer, &certs, blob_bytes(&copy), &candidates, why);
	if (err == 0) {
		assert_true(
		    bytes_equal(blob_bytes(&signer), blob_bytes(&id->der)));
		assert_true(
		    bytes_equal(blob_bytes(&content), text_bytes(CONTENT)));
	}
	voucher_certs_fini(&candidates);
	voucher_certs_fini(&certs);
	blob_fini(&content);
	blob_fini(&signer);
	blob_fini(&copy);
	return err;
}

static int
open_form(const char *form, const char *header, const struct identity *id,
    struct reason *why)
{
	struct buf jws CLEANUP(buf_fini) = {0};

	build(&jws, form, header, id);
	return open_octets(buf_octets(&jws), id, why);
}

/* A protected header with n copies of the certificate in x5c. */
static void
header_with_certs(struct buf *out, const struct identity *id, size_t n)
{
	struct buf cert CLEANUP(buf_fini) = {0};

	assert_int_equal(base64_encode(&cert, blob_bytes(&id->der), 0), 0);
	buf_adds(out, "{\"alg\":\"ES256\",\"x5c\":[");
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s\"%s\"", i != 0 ? "," : "", buf_text(&cert));
	buf_adds(out, "]}");
	assert_int_equal(buf_status(out), 0);
}

static void
test_good(void **state)
{
	static const char *const headers[] = {"{\"alg\":\"ES256\"}",
	    "{\"alg\":\"ES256\",\"typ\":\"voucher-jws+json\",\"x\":[1]}"};
	static const char other_header[] =
	    "{\"payload\":\"@1\",\"x\":1,\"signatures\":[{\"header\":{\"kid\""
	    ":\"1\"},\"protected\":\"@2\",\"signature\":\"@3\"}]}\n";
	struct buf header CLEANUP(buf_fini) = {0};
	struct reason why = {""};

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		if (open_form(GENERAL, headers[i], *state, &why) != 0)
			fail_msg("%s: %s", headers[i], why.text);
	if (open_form(other_header, headers[0], *state, &why) != 0)
		fail_msg("%s", why.text);
	header_with_certs(&header, *state, VOUCHER_CERTS_MAX + 1);
	if (open_form(GENERAL, buf_text(&header), *state, &why) != 0)
		fail_msg("%s", why.text);
}

static void
test_bad_headers_refused(void **state)
{
	static const struct {
		const char *header, *reason;
	} cases[] = {
	    {"", "not JSON"},
	    {"[]", "not JSON"},
	    {"{\"alg\":\"ES256\"}}", "not JSON"},
	    {"{\"alg\":\"ES256\",\"alg\":\"ES256\"}", "not JSON"},
	    {"{\"alg\":\"ES256\",\"x\":\"\\u0000\"}", "not JSON"},
	    {"{\"alg\":\"ES256\",\"x\":\"\xff\"}", "not JSON"},
	    {"{}", "alg"},
	    {"{\"alg\":\"none\"}", "alg"},
	    {"{\"alg\":\"None\"}", "alg"},
	    {"{\"alg\":\"\"}", "alg"},
	    {"{\"alg\":null}", "alg"},
	    {"{\"alg\":[\"ES256\"]}", "alg"},
	    {"{\"alg\":\"HS256\"}", "alg"},
	    {"{\"alg\":\"es256\"}", "alg"},
	    {"{\"alg\":\"ES256K\"}", "alg"},
	    /* [RFC7515 4.1.11] */
	    {"{\"alg\":\"ES256\",\"crit\":[\"b64\"],\"b64\":false}",
		"critical"},
	    {"{\"alg\":\"ES256\",\"crit\":[]}", "critical"},
	    {"{\"alg\":\"ES256\",\"crit\":null}", "critical"},
	    {"{\"alg\":\"ES256\",\"typ\":\"JOSE\"}", "typ"},
	    {"{\"alg\":\"ES256\",\"typ\":null}", "typ"},
	    /* [RFC7515 4.1.6] */
	    {"{\"alg\":\"ES256\",\"x5c\":[]}", "x5c"},
	    {"{\"alg\":\"ES256\",\"x5c\":null}", "x5c"},
	    {"{\"alg\":\"ES256\",\"x5c\":\"AQID\"}", "x5c"},
	    {"{\"alg\":\"ES256\",\"x5c\":[\"\"]}", "x5c"},
	    {"{\"alg\":\"ES256\",\"x5c\":[\"AQID\"]}", "x5c"},
	    {"{\"alg\":\"ES256\",\"x5c\":[\"MIIB\"]}", "x5c"},
	    {"{\"alg\":\"ES256\",\"x5c\":[7]}", "x5c"},
	    {"{\"alg\":\"ES256\",\"x5c\":[[\"AQID\"]]}", "x5c"},
	};
	struct reason why = {""};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		why.text[0] = '\0';
		if (open_form(GENERAL, cases[i].header, *state, &why) !=
		    -ERR_INVALID)
			fail_msg("%s is taken", cases[i].header);
		assert_reason(&why, "RFC 7515");
		assert_reason(&why, cases[i].reason);
	}
}

/* More certificates than there may be, and one that is none behind a good one.
 */
static void
test_bad_certificates_refused(void **state)
{
	struct buf header CLEANUP(buf_fini) = {0};
	struct reason why = {""};

	header_with_certs(&header, *state, 40);
	assert_int_equal(open_form(GENERAL, buf_text(&header), *state, &why),
	    -ERR_TOO_LARGE);
	assert_reason(&why, "x5c");
	buf_fini(&header);
	header_with_certs(&header, *state, 1);
	header.len -= 2;
	buf_adds(&header, ",\"MAA=\"]}");
	assert_int_equal(
	    open_form(GENERAL, buf_text(&header), *state, &why), -ERR_INVALID);
	assert_reason(&why, "x5c");
}

/* Another one's certificate in x5c: it did not sign, though a candidate did. */
static void
test_another_leaf_refused(void **state)
{
	struct buf header CLEANUP(buf_fini) = {0};
	struct identity other = {.cert = NULL};
	struct reason why = {""};

	identity_init(&other, "signer", EVP_EC_gen("P-256"));
	header_with_certs(&header, &other, 1);
	assert_int_equal(
	    open_form(GENERAL, buf_text(&header), *state, &why), -ERR_REFUSED);
	assert_reason(&why, "RFC 7515 5.2");
	identity_fini(&other);
}

#define PARTS "\"protected\":\"@2\",\"signature\":\"@3\""

static void
test_bad_forms_refused(void **state)
{
	static const struct {
		const char *form, *reason;
	} cases[] = {
	    {"", "not a JSON object"},
	    {"[" GENERAL "]", "not a JSON object"},
	    {GENERAL "@1", "not a JSON object"},
	    {"@2.@1.@3", "not a JSON object"},
	    {"{\"payload\":\"@1\",\"payload\":\"@1\",\"signatures\":["
	     "{" PARTS "}]}",
		"not a JSON object"},
	    {"{\"payload\":\"@1\",\"signatures\":[{" PARTS
	     ",\"signature\":\"\"}]}",
		"not a JSON object"},
	    {"{\"signatures\":[{" PARTS "}]}", "no payload"},
	    {"{\"payload\":{},\"signatures\":[{" PARTS "}]}", "no payload"},
	    /* [RFC7515 7.2.1] Flattened, none, two, and others that are
	     * none. */
	    {"{\"payload\":\"@1\"," PARTS "}", "exactly one signature"},
	    {"{\"payload\":\"@1\",\"signatures\":[]}", "exactly one signature"},
	    {"{\"payload\":\"@1\",\"signatures\":{" PARTS "}}",
		"exactly one signature"},
	    {"{\"payload\":\"@1\",\"signatures\":[{" PARTS "},{" PARTS "}]}",
		"exactly one signature"},
	    {"{\"payload\":\"@1\",\"signatures\":[null]}",
		"exactly one signature"},
	    {"{\"payload\":\"@1\",\"signatures\":[{\"header\":{\"alg\":"
	     "\"ES256\"},\"signature\":\"@3\"}]}",
		"exactly one signature"},
	    {"{\"payload\":\"@1\",\"signatures\":[{\"protected\":\"@2\"}]}",
		"signature is not base64url"},
	    {"{\"payload\":\"@1\",\"signatures\":[{\"protected\":\"@2\","
	     "\"signature\":\"@3=\"}]}",
		"signature is not base64url"},
	    {"{\"payload\":\"@1\",\"signatures\":[{\"protected\":\"@2=\","
	     "\"signature\":\"@3\"}]}",
		"header is not base64url"},
	    /* [RFC7515 4] The unprotected header repeats the protected one. */
	    {"{\"payload\":\"@1\",\"signatures\":[{\"header\":{\"alg\":"
	     "\"none\"}," PARTS "}]}",
		"unprotected"},
	    {"{\"payload\":\"@1\",\"signatures\":[{\"header\":{\"crit\":"
	     "[]}," PARTS "}]}",
		"unprotected"},
	    {"{\"payload\":\"@1\",\"signatures\":[{\"header\":7," PARTS "}]}",
		"unprotected"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reason why = {""};

		if (open_form(cases[i].form, "{\"alg\":\"ES256\"}", *state,
			&why) != -ERR_INVALID)
			fail_msg("%s is taken", cases[i].form);
		assert_reason(&why, "RFC 7515");
		assert_reason(&why, cases[i].reason);
	}
}

/* What is signed is the text, not what it decodes to. */
static void
test_bad_signature_refused(void **state)
{
	static const char *const forms[] = {
	    "{\"payload\":\"@1\",\"signatures\":[{\"protected\":\"@2\","
	    "\"signature\":\"\"}]}",
	    "{\"payload\":\"@1\",\"signatures\":[{\"protected\":\"@2\","
	    "\"signature\":\"AAAA\"}]}",
	    "{\"payload\":\"@1\",\"signatures\":[{\"protected\":\"@2\","
	    "\"signature\":\"@3AAAA\"}]}",
	    "{\"payload\":\"@1 \",\"signatures\":[{" PARTS "}]}",
	    "{\"payload\":\"\",\"signatures\":[{" PARTS "}]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct reason why = {""};

		if (open_form(forms[i], "{\"alg\":\"ES256\"}", *state, &why) !=
		    -ERR_REFUSED)
			fail_msg("%s: %s", forms[i], why.text);
		assert_reason(&why, "RFC 7515 5.2");
	}
	/* An algorithm that the key does not fit. */
	assert_int_equal(
	    open_form(GENERAL, "{\"alg\":\"ES384\"}", *state, NULL),
	    -ERR_REFUSED);
	assert_int_equal(
	    open_form(GENERAL, "{\"alg\":\"RS256\"}", *state, NULL),
	    -ERR_REFUSED);
}

/* 1,024 bits are no signature any more. */
static void
test_weak_key_refused(void **state)
{
	struct identity weak = {.cert = NULL};
	struct reason why = {""};
	struct voucher_certs candidates = {.n = 0}, certs = {.n = 0};
	struct blob content = {0}, signer = {0};
	struct buf jws CLEANUP(buf_fini) = {0};
	struct buf payload CLEANUP(buf_fini) = {0};
	uint8_t signature[128];
	size_t len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct buf encoded CLEANUP(buf_fini) = {0};

	(void)state;
	identity_init(&weak, "weak", EVP_RSA_gen(1024));
	assert_null(sigalg_of_key(weak.key));
	base64url(&payload, text_bytes("{\"alg\":\"RS256\"}"));
	buf_adds(&payload, ".");
	base64url(&payload, text_bytes(CONTENT));
	assert_int_equal(EVP_DigestSignInit_ex(
			     ctx, NULL, "SHA256", NULL, NULL, weak.key, NULL),
	    1);
	assert_int_equal(EVP_DigestSign(ctx, signature, &len,
			     (const uint8_t *)payload.data, payload.len),
	    1);
	base64url(&encoded, (struct bytes){signature, len});
	*strchr(payload.data, '.') = '\0';
	buf_printf(&jws,
	    "{\"payload\":\"%s\",\"signatures\":[{\"protected\":\"%s\","
	    "\"signature\":\"%s\"}]}",
	    payload.data + strlen(payload.data) + 1, payload.data,
	    buf_text(&encoded));
	assert_int_equal(
	    voucher_certs_add(&candidates, blob_bytes(&weak.der)), 0);
	assert_int_equal(jws_open_content(&content, &signer, &certs,
			     buf_octets(&jws), &candidates, &why),
	    -ERR_REFUSED);
	voucher_certs_fini(&candidates);
	EVP_MD_CTX_free(ctx);
	identity_fini(&weak);
}

static void
test_truncated_refused(void **state)
{
	struct buf jws CLEANUP(buf_fini) = {0};

	build(&jws, GENERAL, "{\"alg\":\"ES256\"}", *state);
	for (size_t len = 0; len < jws.len; len++)
		assert_int_equal(
		    open_octets(
			(struct bytes){(uint8_t *)jws.data, len}, *state, NULL),
		    -ERR_INVALID);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad_headers_refused),
	    cmocka_unit_test(test_bad_certificates_refused),
	    cmocka_unit_test(test_another_leaf_refused),
	    cmocka_unit_test(test_bad_forms_refused),
	    cmocka_unit_test(test_bad_signature_refused),
	    cmocka_unit_test(test_weak_key_refused),
	    cmocka_unit_test(test_truncated_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
