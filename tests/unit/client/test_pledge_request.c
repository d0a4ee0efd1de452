#include "tests/unit/cmocka.h"

#include <string.h>

#include "client/pledge_onboard.h"
#include "client/pledge_options.h"
#include "tests/unit/ca/craft.h"

#define SERIAL "SN-1"
#define NOW INT64_C(1800000000)

static const enum voucher_format formats[] = {
    VOUCHER_CMS_JSON, VOUCHER_JWS_JSON, VOUCHER_COSE_CBOR};

struct fixture {
	struct crafted device, registrar;
	struct pledge_identity identity;
	struct pledge_request_params params;
	struct reason why;
};

static int
setup(void **state)
{
	const struct craft craft = {.cn = "thing"};
	struct fixture *f = calloc(1, sizeof(*f));
	struct blob cert = {0}, key = {0};

	assert_non_null(f);
	craft_cert(&f->device, &craft);
	craft_cert(&f->registrar, &craft);
	crafted_pem(&cert, &key, &f->device);
	craft_list_add(&f->identity.chain, &f->device);
	f->identity.serial_number = SERIAL;
	assert_int_equal(0, voucher_signer_new(&f->identity.signer,
				blob_bytes(&cert), blob_bytes(&key), &f->why));
	f->params = (struct pledge_request_params){
	    .identity = &f->identity,
	    .registrar_cert = blob_bytes(&f->registrar.der),
	    .now = NOW,
	};
	blob_fini(&cert);
	blob_fini(&key);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	crafted_fini(&f->device);
	crafted_fini(&f->registrar);
	pledge_identity_fini(&f->identity);
	free(f);
	return 0;
}

/* What a registrar makes of it. */
static int
open_request(struct voucher_opened *out, const struct fixture *f,
    const struct blob *artifact, enum voucher_format format)
{
	struct voucher_certs candidates = {.n = 0};
	const struct voucher_open_params params = {.format = format,
	    .kind = VOUCHER_REQUEST,
	    .candidates = &candidates};
	int err;

	assert_int_equal(
	    0, voucher_certs_add(&candidates, blob_bytes(&f->device.der)));
	err = voucher_open(out, blob_bytes(artifact), &params, NULL);
	voucher_certs_fini(&candidates);
	return err;
}

/* The request with that fault; its format is f->params.format. */
static int
make_and_open(struct voucher_opened *out, struct voucher_nonce *nonce,
    struct fixture *f, enum pledge_misbehaviour misbehave)
{
	struct blob artifact = {0};
	int err;

	f->params.misbehave = misbehave;
	assert_int_equal(
	    0, pledge_request_make(&artifact, nonce, &f->params, &f->why));
	err = open_request(out, f, &artifact, f->params.format);
	blob_fini(&artifact);
	return err;
}

/* [RFC8995 5.2] */
static void
test_request(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct voucher_opened opened;
		struct voucher_nonce nonce, another;

		f->params.format = formats[i];
		assert_int_equal(0, make_and_open(&opened, &nonce, f, BEHAVE));
		assert_int_equal(VOUCHER_PROXIMITY, opened.v.assertion);
		assert_int_equal(NOW, opened.v.created_on);
		assert_string_equal(SERIAL, opened.v.serial_number);
		assert_true(voucher_nonce_equal(&nonce, &opened.v.nonce));
		assert_int_equal(
		    formats[i] == VOUCHER_COSE_CBOR ? 16 : 24, nonce.len);
		assert_true(
		    bytes_equal(blob_bytes(&opened.v.proximity_registrar_cert),
			f->params.registrar_cert));
		/* [RFC8995 2.3] Its IDevID signs. */
		assert_true(bytes_equal(
		    blob_bytes(&opened.signer), blob_bytes(&f->device.der)));
		voucher_opened_fini(&opened);
		assert_int_equal(
		    0, make_and_open(&opened, &another, f, BEHAVE));
		assert_false(voucher_nonce_equal(&nonce, &another));
		voucher_opened_fini(&opened);
	}
}

static void
test_spoiled_fields(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct voucher_opened opened;
		struct voucher_nonce nonce;

		f->params.format = formats[i];
		assert_int_equal(0,
		    make_and_open(&opened, &nonce, f, MISBEHAVE_WRONG_SERIAL));
		assert_string_not_equal(SERIAL, opened.v.serial_number);
		voucher_opened_fini(&opened);
		assert_int_equal(
		    0, make_and_open(&opened, &nonce, f, MISBEHAVE_STALE));
		assert_int_equal(NOW - 86400, opened.v.created_on);
		voucher_opened_fini(&opened);
		assert_int_equal(
		    0, make_and_open(&opened, &nonce, f, MISBEHAVE_NO_NONCE));
		assert_int_equal(0, opened.v.nonce.len);
		assert_int_equal(0, nonce.len);
		voucher_opened_fini(&opened);
		assert_int_equal(0, make_and_open(&opened, &nonce, f,
					MISBEHAVE_WRONG_PROXIMITY));
		assert_false(
		    bytes_equal(blob_bytes(&opened.v.proximity_registrar_cert),
			f->params.registrar_cert));
		voucher_opened_fini(&opened);
	}
}

static void
test_spoiled_artifacts(void **state)
{
	static const enum pledge_misbehaviour spoiled[] = {
	    MISBEHAVE_BAD_SIGNATURE, MISBEHAVE_TRUNCATE, MISBEHAVE_BIG};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		for (size_t k = 0; k < ARRAY_LEN(spoiled); k++) {
			struct voucher_opened opened;
			struct voucher_nonce nonce;

			f->params.format = formats[i];
			assert_int_not_equal(
			    0, make_and_open(&opened, &nonce, f, spoiled[k]));
		}
}

static bool
wants(enum voucher_format format, const char *txt)
{
	struct mdns_instance instance = {.n_txt = 0};

	while (*txt != '\0') {
		size_t len = strcspn(txt, " ");

		memcpy(instance.txt[instance.n_txt++], txt, len);
		txt += len + (txt[len] == ' ');
	}
	return pledge_wants_instance(&format, &instance);
}

/* [draft-ietf-anima-brski-discovery] */
static void
test_variations(void **state)
{
	(void)state;
	assert_true(wants(VOUCHER_CMS_JSON, ""));
	assert_true(wants(VOUCHER_CMS_JSON, "txtvers=1"));
	assert_true(wants(VOUCHER_CMS_JSON, "est-tls jose cose"));
	assert_true(wants(VOUCHER_CMS_JSON, "EST-TLS"));
	assert_false(wants(VOUCHER_CMS_JSON, "jose"));
	assert_false(wants(VOUCHER_CMS_JSON, "prm-jose"));
	assert_false(wants(VOUCHER_CMS_JSON, "cmp"));
	assert_true(wants(VOUCHER_JWS_JSON, "est-tls jose"));
	assert_false(wants(VOUCHER_JWS_JSON, ""));
	assert_false(wants(VOUCHER_JWS_JSON, "prm-jose est-tls"));
	assert_true(wants(VOUCHER_COSE_CBOR, "est-tls jose cose"));
	assert_false(wants(VOUCHER_COSE_CBOR, "est-tls jose"));
}

/* --- the command line --- */

/* Options borrow the texts of the line until the next one. */
static int
parse(struct pledge_options *out, const char *line, struct reason *why)
{
	static char text[512];
	char *argv[32] = {text}, *rest = NULL;
	int argc = 1;

	strcpy(text, line);
	argv[0] = strtok_r(text, " ", &rest);
	while ((argv[argc] = strtok_r(NULL, " ", &rest)) != NULL)
		argc++;
	return pledge_options_parse(out, argc, argv, why);
}

#define ONBOARD "p onboard --idevid c --key k --masa-anchor a"

static void
test_options(void **state)
{
	struct pledge_options o;
	struct reason why;

	(void)state;
	assert_int_equal(0, parse(&o, ONBOARD, &why));
	assert_int_equal(PLEDGE_ONBOARD, o.command);
	assert_int_equal(VOUCHER_CMS_JSON, o.format);
	assert_int_equal(PLEDGE_PATIENCE_S, o.patience_s);
	assert_int_equal(
	    0, parse(&o,
		   ONBOARD " --format cose --registrar [::1]:8443 --patience 5 "
			   "--interface eth0 --misbehave other-idevid "
			   "--other-idevid d --other-key e --accept-nonceless",
		   &why));
	assert_int_equal(VOUCHER_COSE_CBOR, o.format);
	assert_int_equal(MISBEHAVE_OTHER_IDEVID, o.misbehave);
	assert_true(o.accept_nonceless);
	assert_int_equal(5, o.patience_s);
	assert_int_equal(0, parse(&o, "p check --name a.test --json", &why));
	assert_string_equal("a.test", o.base.qname);
	assert_int_equal(0, parse(&o, "p renew --registrar h", &why));
	assert_int_equal(0, parse(&o, "p --help", &why));
	assert_int_equal(PLEDGE_HELP, o.command);
}

static void
test_options_refused(void **state)
{
	static const char *const lines[] = {
	    "p",
	    "p onboard",
	    "p onboard --idevid c --key k",
	    "p nonsense",
	    "p check more",
	    "p check --idevid c",
	    "p renew --json",
	    ONBOARD " --format pem",
	    ONBOARD " --misbehave nicely",
	    ONBOARD " --misbehave other-idevid",
	    ONBOARD " --other-idevid d --other-key e",
	    ONBOARD " --registrar h:0",
	    ONBOARD " --patience x",
	    ONBOARD " --patience 345601",
	    ONBOARD " --unknown",
	    ONBOARD " --accept",
	    ONBOARD " --accept a\rb",
	};
	struct pledge_options o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct reason why = {""};

		if (parse(&o, lines[i], &why) != -ERR_INVALID)
			fail_msg("not refused: %s", lines[i]);
		assert_string_not_equal("", why.text);
	}
}

int
main(void)
{
#define request_test(test)                                                     \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    request_test(test_request),
	    request_test(test_spoiled_fields),
	    request_test(test_spoiled_artifacts),
	    cmocka_unit_test(test_variations),
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_options_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
