#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/clock.h"
#include "client/pledge_voucher.h"
#include "tests/unit/ca/craft.h"

#define SERIAL "SN-1"
#define MASA_URL "1.3.6.1.5.5.7.1.32"
#define REGISTRAR_EKU "serverAuth,clientAuth,1.3.6.1.5.5.7.3.28"

static const enum voucher_format formats[] = {
    VOUCHER_CMS_JSON, VOUCHER_JWS_JSON, VOUCHER_COSE_CBOR};

struct fixture {
	struct crafted masa_ca, masa, stranger, other_device, device;
	struct crafted root, registrar, dns_server, endpoint;
	struct pledge_identity identity;
	struct voucher_nonce nonce;
	/* The second one has the signer too, for COSE, which carries no
	 * certificate. */
	struct cert_list anchors, more_anchors;
	int64_t now;
	struct reason why;
};

static void
make(struct crafted *out, const char *cn, const struct crafted *issuer,
    const char *name, const char *value)
{
	struct craft craft = {
	    .cn = cn, .issuer = issuer, .exts = {{name, value}}};

	craft_cert(out, &craft);
}

static void
make_ca(struct crafted *out, const char *cn)
{
	const struct craft craft = {.cn = cn, .serial = 1, .exts = {CRAFT_CA}};

	craft_cert(out, &craft);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->now = clock_now();
	make_ca(&f->masa_ca, "masa ca");
	make(&f->masa, "masa", &f->masa_ca, NULL, NULL);
	make(&f->stranger, "stranger", NULL, NULL, NULL);
	make(&f->device, "device", &f->masa_ca, NULL, NULL);
	make(&f->other_device, "other", &f->masa_ca, MASA_URL,
	    "ASN1:IA5STRING:masa.example");
	make_ca(&f->root, "domain");
	make(&f->registrar, "registrar", &f->root, "extendedKeyUsage",
	    REGISTRAR_EKU);
	make(&f->dns_server, "dns", &f->root, "extendedKeyUsage", "serverAuth");
	make(&f->endpoint, "endpoint", &f->root, "extendedKeyUsage",
	    "clientAuth,1.3.6.1.5.5.7.3.28");
	craft_list_add(&f->anchors, &f->masa_ca);
	craft_list_add(&f->more_anchors, &f->masa_ca);
	craft_list_add(&f->more_anchors, &f->masa);
	craft_list_add(&f->identity.chain, &f->device);
	assert_int_equal(0, idevid_parse(&f->identity.idevid,
				blob_bytes(&f->device.der), &f->why));
	f->identity.serial_number = SERIAL;
	f->nonce = (struct voucher_nonce){
	    .data = "0123456789abcdefghijkl==", .len = 24, .is_text = true};
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	struct crafted *all[] = {&f->masa_ca, &f->masa, &f->stranger,
	    &f->other_device, &f->device, &f->root, &f->registrar,
	    &f->dns_server, &f->endpoint};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		crafted_fini(all[i]);
	cert_list_fini(&f->anchors);
	cert_list_fini(&f->more_anchors);
	pledge_identity_fini(&f->identity);
	free(f);
	return 0;
}

/* A voucher that is good. */
static void
fill(struct voucher *v, const struct fixture *f)
{
	voucher_init(v, VOUCHER_VOUCHER);
	v->assertion = VOUCHER_PROXIMITY;
	v->created_on = f->now;
	v->nonce = f->nonce;
	strcpy(v->serial_number, SERIAL);
	assert_int_equal(
	    0, blob_copy(&v->pinned_domain_cert, blob_bytes(&f->root.der)));
}

static void
sign(struct blob *out, const struct voucher *v, const struct crafted *by,
    enum voucher_format format)
{
	const struct voucher_sign_params params = {
	    .format = format, .n_chain = format != VOUCHER_COSE_CBOR};
	struct voucher_signer *signer = NULL;
	struct blob cert = {0}, key = {0};

	crafted_pem(&cert, &key, by);
	assert_int_equal(0, voucher_signer_new(&signer, blob_bytes(&cert),
				blob_bytes(&key), NULL));
	assert_int_equal(0, voucher_sign(out, v, signer, &params));
	voucher_signer_free(signer);
	blob_fini(&cert);
	blob_fini(&key);
}

static struct pledge_expectation
expectation(const struct fixture *f, enum voucher_format format)
{
	return (struct pledge_expectation){
	    .format = format,
	    .anchors =
		format == VOUCHER_COSE_CBOR ? &f->more_anchors : &f->anchors,
	    .identity = &f->identity,
	    .nonce = &f->nonce,
	    .now = f->now,
	};
}

/* Frees the voucher. */
static int
judge_by(struct fixture *f, struct voucher *v, const struct crafted *by,
    const struct pledge_expectation *e)
{
	struct voucher_opened opened;
	struct blob artifact = {0};
	int err;

	sign(&artifact, v, by, e->format);
	f->why.text[0] = '\0';
	err = pledge_voucher_open(&opened, blob_bytes(&artifact), e, &f->why);
	if (err == 0) {
		assert_string_equal(SERIAL, opened.v.serial_number);
		voucher_opened_fini(&opened);
	}
	blob_fini(&artifact);
	voucher_fini(v);
	return err;
}

/* [RFC8995 5.6.1] */
static void
test_good(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct pledge_expectation e = expectation(f, formats[i]);
		struct voucher v;

		fill(&v, f);
		if (judge_by(f, &v, &f->masa, &e) != 0)
			fail_msg("format %d: %s", formats[i], f->why.text);
	}
}

/* [RFC8995 5.6.1] Each field wrong once. */
enum fault {
	OTHER_SERIAL = 1,
	LONGER_SERIAL,
	OTHER_NONCE,
	NO_NONCE,
	EXPIRED,
	BY_AGENT,
	PINS_KEY,
	OTHER_ISSUER,
	WANTS_REVOCATION,
	N_FAULTS
};

static void
spoil(struct voucher *v, enum fault fault)
{
	static const uint8_t octets[26] = {4, 24, 48, 22, 128, 20};
	const struct bytes other = {octets, sizeof(octets)};

	switch (fault) {
	case OTHER_SERIAL:
		strcpy(v->serial_number, "SN-2");
		break;
	case LONGER_SERIAL:
		strcpy(v->serial_number, SERIAL "0");
		break;
	case OTHER_NONCE:
		v->nonce.data[0] ^= 1;
		break;
	case NO_NONCE:
		v->nonce.len = 0;
		break;
	case EXPIRED:
		v->expires_on = v->created_on - 1;
		break;
	case BY_AGENT:
		v->assertion = VOUCHER_AGENT_PROXIMITY;
		break;
	case PINS_KEY:
		blob_fini(&v->pinned_domain_cert);
		assert_int_equal(0, blob_copy(&v->pinned_domain_pubk, other));
		break;
	case OTHER_ISSUER:
		assert_int_equal(0, blob_copy(&v->idevid_issuer, other));
		break;
	default:
		v->domain_cert_revocation_checks = 1;
	}
}

static void
test_fields_refused(void **state)
{
	static const char *const names[N_FAULTS] = {
	    [OTHER_SERIAL] = "serial-number",
	    [LONGER_SERIAL] = "serial-number",
	    [OTHER_NONCE] = "nonce",
	    [NO_NONCE] = "nonce",
	    [EXPIRED] = "expires-on",
	    [BY_AGENT] = "assertion",
	    [PINS_KEY] = "pinned-domain-cert",
	    [OTHER_ISSUER] = "idevid-issuer",
	    [WANTS_REVOCATION] = "domain-cert-revocation-checks",
	};
	struct fixture *f = *state;

	for (enum fault fault = 1; fault < N_FAULTS; fault++) {
		struct pledge_expectation e = expectation(f, VOUCHER_CMS_JSON);
		struct voucher v;

		fill(&v, f);
		spoil(&v, fault);
		assert_int_equal(-ERR_REFUSED, judge_by(f, &v, &f->masa, &e));
		if (strstr(f->why.text, names[fault]) == NULL)
			fail_msg("%s: %s", names[fault], f->why.text);
	}
}

static void
test_issuer(void **state)
{
	struct fixture *f = *state;
	struct pledge_expectation e = expectation(f, VOUCHER_CMS_JSON);
	const struct blob *issuer = &f->identity.idevid.issuer;
	const struct bytes without_tag = {issuer->data + 2, issuer->len - 2};
	struct voucher v;

	fill(&v, f);
	assert_int_equal(0, blob_copy(&v.idevid_issuer, blob_bytes(issuer)));
	assert_int_equal(0, judge_by(f, &v, &f->masa, &e));
	fill(&v, f);
	assert_int_equal(0, blob_copy(&v.idevid_issuer, without_tag));
	assert_int_equal(0, judge_by(f, &v, &f->masa, &e));
}

/* [RFC8366 5.3] Without a nonce it has to end some time. */
static void
test_nonceless(void **state)
{
	struct fixture *f = *state;
	struct pledge_expectation e = expectation(f, VOUCHER_JWS_JSON);
	const struct voucher_nonce none = {.len = 0};
	struct voucher v;

	e.accept_nonceless = true;
	fill(&v, f);
	v.nonce.len = 0;
	assert_int_equal(-ERR_REFUSED, judge_by(f, &v, &f->masa, &e));
	assert_non_null(strstr(f->why.text, "for ever"));
	fill(&v, f);
	v.nonce.len = 0;
	v.expires_on = f->now + 60;
	assert_int_equal(0, judge_by(f, &v, &f->masa, &e));
	/* Who sent none does not take somebody else's. */
	e.nonce = &none;
	fill(&v, f);
	assert_int_equal(-ERR_REFUSED, judge_by(f, &v, &f->masa, &e));
}

/* [RFC8995 5.6.1] */
static void
test_signers_refused(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct pledge_expectation e = expectation(f, formats[i]);
		struct voucher v;

		fill(&v, f);
		assert_int_not_equal(0, judge_by(f, &v, &f->stranger, &e));
		fill(&v, f);
		assert_int_not_equal(0, judge_by(f, &v, &f->other_device, &e));
		if (formats[i] != VOUCHER_COSE_CBOR)
			assert_non_null(strstr(f->why.text, "by a device"));
		/* After its certificate's end. */
		e.now += 10 * 365 * CRAFT_DAY;
		fill(&v, f);
		assert_int_equal(-ERR_REFUSED, judge_by(f, &v, &f->masa, &e));
	}
}

/* A request is no voucher, and neither is a part of one. */
static void
test_others_refused(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct pledge_expectation e = expectation(f, formats[i]);
		struct voucher_opened opened;
		struct blob artifact = {0};
		struct voucher v;

		fill(&v, f);
		sign(&artifact, &v, &f->masa, formats[i]);
		for (size_t len = 0; len < artifact.len; len += 7)
			assert_int_not_equal(
			    0, pledge_voucher_open(&opened,
				   (struct bytes){artifact.data, len}, &e,
				   &f->why));
		blob_fini(&artifact);
		v.kind = VOUCHER_REQUEST;
		assert_int_not_equal(0, judge_by(f, &v, &f->masa, &e));
	}
}

/* --- the registrar --- */

static int
judge_registrar(struct fixture *f, const struct crafted *pinned,
    const struct crafted *leaf, int64_t now)
{
	struct cert_list chain = {0};
	int err;

	craft_list_add(&chain, leaf);
	err = pledge_judge_registrar(
	    blob_bytes(&pinned->der), &chain, now, &f->why);
	cert_list_fini(&chain);
	return err;
}

/* [RFC8995 5.6.2] [RFC7030 3.6.1] */
static void
test_registrar(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    0, judge_registrar(f, &f->root, &f->registrar, f->now));
	assert_int_equal(
	    0, judge_registrar(f, &f->registrar, &f->registrar, f->now));
	/* Pinned itself, it need not say that it is one. */
	assert_int_equal(
	    0, judge_registrar(f, &f->dns_server, &f->dns_server, f->now));
}

static void
test_registrar_refused(void **state)
{
	struct fixture *f = *state;
	int64_t later = f->now + 10 * 365 * CRAFT_DAY;

	assert_int_equal(-ERR_REFUSED,
	    judge_registrar(f, &f->masa_ca, &f->registrar, f->now));
	assert_non_null(strstr(f->why.text, "5.6.2"));
	assert_int_equal(-ERR_REFUSED,
	    judge_registrar(f, &f->registrar, &f->dns_server, f->now));
	assert_int_equal(
	    -ERR_REFUSED, judge_registrar(f, &f->root, &f->registrar, later));
	/* Others that the same CA has certified. */
	assert_int_equal(
	    -ERR_REFUSED, judge_registrar(f, &f->root, &f->dns_server, f->now));
	assert_non_null(strstr(f->why.text, "cmcRA"));
	assert_int_equal(
	    -ERR_REFUSED, judge_registrar(f, &f->root, &f->endpoint, f->now));
	assert_int_equal(-ERR_REFUSED,
	    judge_registrar(f, &f->endpoint, &f->endpoint, f->now));
}

/* [RFC8995 5.9.1] */
static void
test_trust(void **state)
{
	struct fixture *f = *state;
	const struct crafted *pinned[] = {&f->root, &f->registrar};
	struct cert_list cacerts = {0}, other = {0};
	struct trust *trust = NULL;

	craft_list_add(&cacerts, &f->root);
	craft_list_add(&other, &f->masa_ca);
	for (size_t i = 0; i < ARRAY_LEN(pinned); i++) {
		struct bytes der = blob_bytes(&pinned[i]->der);

		assert_int_equal(
		    0, pledge_trust(&trust, &cacerts, der, f->now, &f->why));
		trust_free(trust);
		assert_int_equal(-ERR_REFUSED,
		    pledge_trust(&trust, &other, der, f->now, &f->why));
		assert_non_null(strstr(f->why.text, "pinned domain"));
	}
	cert_list_fini(&cacerts);
	cert_list_fini(&other);
}

int
main(void)
{
#define voucher_test(test)                                                     \
	cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    voucher_test(test_good),
	    voucher_test(test_fields_refused),
	    voucher_test(test_issuer),
	    voucher_test(test_nonceless),
	    voucher_test(test_signers_refused),
	    voucher_test(test_others_refused),
	    voucher_test(test_registrar),
	    voucher_test(test_registrar_refused),
	    voucher_test(test_trust),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
