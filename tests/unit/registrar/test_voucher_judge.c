#include "tests/unit/cmocka.h"

#include <string.h>

#include <openssl/pem.h>

#include "base/base64.h"
#include "base/clock.h"
#include "registrar/audit_policy.h"
#include "registrar/voucher_judge.h"
#include "registrar/voucher_request.h"
#include "tests/unit/ca/craft.h"

#define SERIAL "SN-1"

static const enum voucher_format formats[] = {
    VOUCHER_CMS_JSON, VOUCHER_JWS_JSON, VOUCHER_COSE_CBOR};

/* Our domain, a device, and its manufacturer. */
struct world {
	struct crafted root, issuing, leaf;
	struct crafted maker, device, other, voucher_ca, masa;
	struct domain_signer *domain;
	struct voucher_signer *device_signer, *other_signer, *masa_signer;
};

static void
to_pem(struct buf *out, const struct crafted *c, bool with_key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;
	long len;

	assert_int_equal(cert_to_pem(out, blob_bytes(&c->der)), 0);
	if (with_key)
		PEM_write_bio_PrivateKey(
		    bio, c->key, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(bio, &data);
	assert_int_equal(buf_add(out, data, (size_t)len), 0);
	BIO_free(bio);
}

static struct bytes
text_bytes(const struct buf *text)
{
	return (struct bytes){(const uint8_t *)text->data, text->len};
}

static struct voucher_signer *
make_signer(const struct crafted *c)
{
	struct voucher_signer *signer = NULL;
	struct buf pem = {0};

	to_pem(&pem, c, true);
	assert_int_equal(voucher_signer_new(
			     &signer, text_bytes(&pem), text_bytes(&pem), NULL),
	    0);
	buf_fini(&pem);
	return signer;
}

static void
craft(struct crafted *out, const char *cn, const struct crafted *issuer)
{
	struct craft c = {.cn = cn, .issuer = issuer};
	const struct craft ca = {
	    .cn = cn, .issuer = issuer, .exts = {CRAFT_CA}};

	craft_cert(out, strstr(cn, "CA") != NULL ? &ca : &c);
}

static int
setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct reason why = {""};
	struct buf chain = {0};

	craft(&w->root, "our root CA", NULL);
	craft(&w->issuing, "our issuing CA", &w->root);
	craft(&w->leaf, "registrar", &w->issuing);
	craft(&w->maker, "maker's CA", NULL);
	craft(&w->device, "device", &w->maker);
	craft(&w->other, "another", &w->maker);
	craft(&w->voucher_ca, "voucher CA", &w->maker);
	craft(&w->masa, "masa", &w->voucher_ca);
	to_pem(&chain, &w->leaf, true);
	to_pem(&chain, &w->issuing, false);
	if (domain_signer_new(&w->domain, text_bytes(&chain),
		text_bytes(&chain), blob_bytes(&w->root.der), &why) != 0)
		fail_msg("%s", why.text);
	w->device_signer = make_signer(&w->device);
	w->other_signer = make_signer(&w->other);
	w->masa_signer = make_signer(&w->masa);
	buf_fini(&chain);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	voucher_signer_free(w->device_signer);
	voucher_signer_free(w->other_signer);
	voucher_signer_free(w->masa_signer);
	domain_signer_unref(w->domain);
	crafted_fini(&w->root);
	crafted_fini(&w->issuing);
	crafted_fini(&w->leaf);
	crafted_fini(&w->maker);
	crafted_fini(&w->device);
	crafted_fini(&w->other);
	crafted_fini(&w->voucher_ca);
	crafted_fini(&w->masa);
	free(w);
	return 0;
}

/* --- requests of pledges --- */

static void
fill_request(struct voucher *v, const struct world *w)
{
	voucher_init(v, VOUCHER_REQUEST);
	v->assertion = VOUCHER_PROXIMITY;
	v->created_on = clock_now();
	strcpy(v->serial_number, SERIAL);
	v->nonce = (struct voucher_nonce){.data = "abcd", .len = 4};
	assert_int_equal(
	    blob_copy(&v->proximity_registrar_cert, blob_bytes(&w->leaf.der)),
	    0);
}

static int
judge_request(struct pvr *out, enum voucher_format format,
    const struct voucher *v, const struct world *w,
    const struct voucher_signer *signer, struct reason *why)
{
	const struct voucher_sign_params params = {
	    .format = format, .n_chain = format == VOUCHER_COSE_CBOR ? 0 : 1};
	const struct pvr_terms terms = {.format = format,
	    .device = blob_bytes(&w->device.der),
	    .serial_number = SERIAL,
	    .registrar_cert = blob_bytes(&w->leaf.der)};
	struct blob artifact = {0};
	int err;

	assert_int_equal(voucher_sign(&artifact, v, signer, &params), 0);
	err = pvr_judge(out, blob_bytes(&artifact), &terms, why);
	blob_fini(&artifact);
	return err;
}

/* [RFC8995 5.2] [RFC8995 5.5] */
static void
test_request(void **state)
{
	const struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct reason why = {""};
		struct voucher v;
		struct pvr pvr;

		fill_request(&v, w);
		if (judge_request(
			&pvr, formats[i], &v, w, w->device_signer, &why) != 0)
			fail_msg("format %d: %s", formats[i], why.text);
		assert_int_equal(pvr.created_on, v.created_on);
		assert_true(voucher_nonce_equal(&pvr.nonce, &v.nonce));
		assert_int_equal(judge_request(&pvr, formats[i], &v, w,
				     w->other_signer, &why),
		    -ERR_REFUSED);
		voucher_fini(&v);
	}
}

static void
broken_serial(struct voucher *v, const struct world *w)
{
	(void)w;
	strcpy(v->serial_number, "SN-2");
}

static void
broken_nonce(struct voucher *v, const struct world *w)
{
	(void)w;
	v->nonce.len = 0;
}

static void
broken_prior(struct voucher *v, const struct world *w)
{
	assert_int_equal(blob_copy(&v->prior_signed_voucher_request,
			     blob_bytes(&w->leaf.der)),
	    0);
}

static void
broken_assertion(struct voucher *v, const struct world *w)
{
	(void)w;
	v->assertion = VOUCHER_AGENT_PROXIMITY;
}

static void
broken_cert(struct voucher *v, const struct world *w)
{
	blob_fini(&v->proximity_registrar_cert);
	assert_int_equal(blob_copy(&v->proximity_registrar_cert,
			     blob_bytes(&w->issuing.der)),
	    0);
}

static void
broken_no_proximity(struct voucher *v, const struct world *w)
{
	(void)w;
	blob_fini(&v->proximity_registrar_cert);
}

/* A right key does not mend a wrong certificate, nor the other way round. */
static void
broken_hash(struct voucher *v, const struct world *w)
{
	assert_int_equal(blob_copy(&v->proximity_registrar_pubk_sha256,
			     (struct bytes){w->leaf.der.data, 32}),
	    0);
}

static void
test_broken_requests(void **state)
{
	static const struct {
		void (*break_it)(struct voucher *v, const struct world *w);
		int result;
	} cases[] = {
	    {broken_serial, -ERR_REFUSED},
	    {broken_nonce, -ERR_INVALID},
	    {broken_prior, -ERR_INVALID},
	    {broken_assertion, PVR_NOT_PROXIMATE},
	    {broken_cert, PVR_NOT_PROXIMATE},
	    {broken_no_proximity, PVR_NOT_PROXIMATE},
	    {broken_hash, PVR_NOT_PROXIMATE},
	};
	const struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct reason why = {""};
		struct voucher v;
		struct pvr pvr;
		int err;

		fill_request(&v, w);
		cases[i].break_it(&v, w);
		err = judge_request(
		    &pvr, VOUCHER_CMS_JSON, &v, w, w->device_signer, &why);
		if (err != cases[i].result)
			fail_msg("case %zu: %d, %s", i, err, why.text);
		assert_true(why.text[0] != '\0');
		voucher_fini(&v);
	}
}

static void
test_proximity_by_key(void **state)
{
	const struct world *w = *state;
	struct cert_info *own = calloc(1, sizeof(*own));
	struct reason why = {""};
	struct voucher v;
	struct pvr pvr;

	assert_int_equal(cert_parse(own, blob_bytes(&w->leaf.der), NULL), 0);
	fill_request(&v, w);
	blob_fini(&v.proximity_registrar_cert);
	assert_int_equal(blob_copy(&v.proximity_registrar_pubk_sha256,
			     (struct bytes){own->spki_sha256, 32}),
	    0);
	if (judge_request(
		&pvr, VOUCHER_COSE_CBOR, &v, w, w->device_signer, &why) != 0)
		fail_msg("%s", why.text);
	voucher_fini(&v);
	free(own);
}

static void
test_age(void **state)
{
	struct pvr pvr = {.created_on = 0};
	struct reason why = {""};

	(void)state;
	assert_int_equal(pvr_check_age(&pvr, 10000, 600, 300, &why), 0);
	pvr.created_on = 10300;
	assert_int_equal(pvr_check_age(&pvr, 10000, 600, 300, &why), 0);
	pvr.created_on = 10301;
	assert_int_equal(
	    pvr_check_age(&pvr, 10000, 600, 300, &why), -ERR_REFUSED);
	pvr.created_on = 9100;
	assert_int_equal(pvr_check_age(&pvr, 10000, 600, 300, &why), 0);
	pvr.created_on = 9099;
	assert_int_equal(
	    pvr_check_age(&pvr, 10000, 600, 300, &why), -ERR_REFUSED);
}

/* --- our requests --- */

static bool
has_cert(const struct voucher_certs *certs, const struct crafted *c)
{
	for (size_t i = 0; i < certs->n; i++)
		if (bytes_equal(
			blob_bytes(&certs->items[i]), blob_bytes(&c->der)))
			return true;
	return false;
}

/* [RFC8995 5.5] Exactly these fields. */
static void
test_our_request(void **state)
{
	const struct world *w = *state;
	static const uint8_t issuer[] = {4, 1, 0}, pvr[] = {1, 2, 3};
	const struct voucher_nonce nonce = {.data = "abcd", .len = 4};
	struct cert_list chain = {.n = 0};

	craft_list_add(&chain, &w->maker);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const struct rvr_parts parts = {.format = formats[i],
		    .serial_number = SERIAL,
		    .idevid_issuer = {issuer, sizeof(issuer)},
		    .nonce = &nonce,
		    .pvr = {pvr, sizeof(pvr)},
		    .device = blob_bytes(&w->device.der),
		    .device_chain = &chain,
		    .now = clock_now()};
		const struct voucher_open_params open = {
		    .format = formats[i], .kind = VOUCHER_REQUEST};
		struct voucher_opened opened;
		struct reason why = {""};
		struct blob rvr = {0};

		assert_int_equal(rvr_build(&rvr, &parts, w->domain, &why), 0);
		if (voucher_open(&opened, blob_bytes(&rvr), &open, &why) != 0)
			fail_msg("format %d: %s", formats[i], why.text);
		assert_true(bytes_equal(
		    blob_bytes(&opened.signer), blob_bytes(&w->leaf.der)));
		assert_true(has_cert(&opened.certs, &w->issuing));
		assert_true(has_cert(&opened.certs, &w->root));
		/* A MASA pins the highest certificate that it is sent.
		 * [draft-ietf-anima-constrained-voucher 6.5] */
		assert_int_equal(has_cert(&opened.certs, &w->device),
		    formats[i] == VOUCHER_COSE_CBOR);
		assert_int_equal(has_cert(&opened.certs, &w->maker),
		    formats[i] == VOUCHER_COSE_CBOR);
		assert_string_equal(opened.v.serial_number, SERIAL);
		assert_int_equal(opened.v.created_on, parts.now);
		assert_int_equal(opened.v.assertion, VOUCHER_PROXIMITY);
		assert_true(voucher_nonce_equal(&opened.v.nonce, &nonce));
		assert_true(bytes_equal(
		    blob_bytes(&opened.v.idevid_issuer), parts.idevid_issuer));
		assert_true(bytes_equal(
		    blob_bytes(&opened.v.prior_signed_voucher_request),
		    parts.pvr));
		assert_int_equal(opened.v.proximity_registrar_cert.len, 0);
		voucher_opened_fini(&opened);
		blob_fini(&rvr);
	}
	cert_list_fini(&chain);
}

/* --- vouchers --- */

static void
fill_voucher(struct voucher *v, const struct world *w)
{
	voucher_init(v, VOUCHER_VOUCHER);
	v->assertion = VOUCHER_LOGGED;
	v->created_on = clock_now();
	strcpy(v->serial_number, SERIAL);
	v->nonce = (struct voucher_nonce){.data = "abcd", .len = 4};
	assert_int_equal(
	    blob_copy(&v->pinned_domain_cert, blob_bytes(&w->root.der)), 0);
}

static int
judge_voucher(enum voucher_format format, const struct voucher *v,
    const struct world *w, const struct voucher_signer *signer,
    struct reason *why)
{
	static const struct voucher_nonce nonce = {.data = "abcd", .len = 4};
	const struct voucher_sign_params params = {
	    .format = format, .n_chain = 1};
	struct cert_list anchors = {.n = 0};
	const struct voucher_terms terms = {.format = format,
	    .serial_number = SERIAL,
	    .nonce = &nonce,
	    .anchors = &anchors,
	    .domain = w->domain,
	    .now = clock_now(),
	    .skew_s = 300};
	struct voucher_judged judged = {.nonceless = false};
	struct blob artifact = {0};
	int err;

	craft_list_add(&anchors, &w->voucher_ca);
	assert_int_equal(voucher_sign(&artifact, v, signer, &params), 0);
	err = voucher_judge(&judged, blob_bytes(&artifact), &terms, why);
	if (err == 0 && format != VOUCHER_COSE_CBOR)
		assert_true(bytes_equal(
		    blob_bytes(&judged.voucher), blob_bytes(&artifact)));
	/* Without the certificates that a registrar takes out. */
	if (err == 0 && format == VOUCHER_COSE_CBOR)
		assert_true(judged.voucher.len != 0 &&
			    judged.voucher.len < artifact.len);
	voucher_judged_fini(&judged);
	blob_fini(&artifact);
	cert_list_fini(&anchors);
	return err;
}

static void
test_voucher(void **state)
{
	const struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct reason why = {""};
		struct voucher v;

		fill_voucher(&v, w);
		if (judge_voucher(formats[i], &v, w, w->masa_signer, &why) != 0)
			fail_msg("format %d: %s", formats[i], why.text);
		voucher_fini(&v);
	}
}

static void
lie_serial(struct voucher *v, const struct world *w)
{
	(void)w;
	strcpy(v->serial_number, "SN-2");
}

static void
lie_nonce(struct voucher *v, const struct world *w)
{
	(void)w;
	v->nonce.data[0] ^= 1;
}

static void
lie_nonceless(struct voucher *v, const struct world *w)
{
	(void)w;
	v->nonce.len = 0;
}

static void
lie_pin(struct voucher *v, const struct world *w)
{
	blob_fini(&v->pinned_domain_cert);
	assert_int_equal(
	    blob_copy(&v->pinned_domain_cert, blob_bytes(&w->maker.der)), 0);
}

static void
lie_pin_hash(struct voucher *v, const struct world *w)
{
	blob_fini(&v->pinned_domain_cert);
	assert_int_equal(blob_copy(&v->pinned_domain_pubk_sha256,
			     (struct bytes){w->root.der.data, 32}),
	    0);
}

static void
lie_two_pins(struct voucher *v, const struct world *w)
{
	assert_int_equal(blob_copy(&v->pinned_domain_pubk_sha256,
			     (struct bytes){w->root.der.data, 32}),
	    0);
}

static void
lie_expired(struct voucher *v, const struct world *w)
{
	(void)w;
	v->created_on = clock_now() - 100;
	v->expires_on = clock_now() - 10;
}

static void
lie_future(struct voucher *v, const struct world *w)
{
	(void)w;
	v->created_on = clock_now() + 1000;
}

static void
test_lies(void **state)
{
	static void (*const lies[])(struct voucher * v,
	    const struct world *w) = {lie_serial, lie_nonce, lie_nonceless,
	    lie_pin, lie_pin_hash, lie_two_pins, lie_expired, lie_future};
	const struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		struct reason why = {""};
		struct voucher v;

		fill_voucher(&v, w);
		lies[i](&v, w);
		if (judge_voucher(
			VOUCHER_JWS_JSON, &v, w, w->masa_signer, &why) == 0)
			fail_msg("lie %zu was believed", i);
		assert_non_null(strstr(why.text, "RFC 8"));
		voucher_fini(&v);
	}
}

static void
test_stranger_signs(void **state)
{
	struct world *w = *state;
	struct crafted stranger;
	struct voucher_signer *signer;
	struct reason why = {""};
	struct voucher v;

	craft(&stranger, "stranger", NULL);
	signer = make_signer(&stranger);
	fill_voucher(&v, w);
	assert_int_equal(
	    judge_voucher(VOUCHER_CMS_JSON, &v, w, signer, &why), -ERR_REFUSED);
	assert_non_null(strstr(why.text, "does not chain"));
	voucher_fini(&v);
	voucher_signer_free(signer);
	crafted_fini(&stranger);
}

/* --- audit logs --- */

/* [RFC8995 5.8.3] */
static void
test_audit_policy(void **state)
{
	static const uint8_t foreign[] = "somebody else's id";
	const struct world *w = *state;
	struct audit_log_event events[2] = {{.nonce = "n"}, {.nonce = "n"}};
	const struct audit_log log = {.events = events, .n_events = 2};
	struct audit_policy policy = {
	    .domain = w->domain, .known_domains = "", .nonceless = "own"};
	struct reason why = {""};
	struct buf known = {0};

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    domain_id_of(events[i].domain_id, &events[i].domain_id_len,
			blob_bytes(&w->root.der)),
		    0);
	assert_int_equal(audit_policy_judge(&log, &policy, &why), 0);
	events[1].nonce[0] = '\0';
	assert_int_equal(audit_policy_judge(&log, &policy, &why), 0);
	policy.nonceless = "refuse";
	assert_int_equal(audit_policy_judge(&log, &policy, &why), -ERR_REFUSED);
	memcpy(events[1].domain_id, foreign, sizeof(foreign));
	events[1].domain_id_len = sizeof(foreign);
	events[1].nonce[0] = 'n';
	assert_int_equal(audit_policy_judge(&log, &policy, &why), -ERR_REFUSED);
	assert_non_null(strstr(why.text, "unknown domain"));
	assert_int_equal(buf_adds(&known, "AAAA\n"), 0);
	assert_int_equal(
	    base64_encode(&known, (struct bytes){foreign, sizeof(foreign)}, 0),
	    0);
	policy.known_domains = buf_text(&known);
	assert_int_equal(audit_policy_judge(&log, &policy, &why), 0);
	events[1].nonce[0] = '\0';
	policy.nonceless = "own";
	assert_int_equal(audit_policy_judge(&log, &policy, &why), -ERR_REFUSED);
	policy.nonceless = "allow";
	assert_int_equal(audit_policy_judge(&log, &policy, &why), 0);
	buf_fini(&known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_broken_requests),
	    cmocka_unit_test(test_proximity_by_key),
	    cmocka_unit_test(test_age),
	    cmocka_unit_test(test_our_request),
	    cmocka_unit_test(test_voucher),
	    cmocka_unit_test(test_lies),
	    cmocka_unit_test(test_stranger_signs),
	    cmocka_unit_test(test_audit_policy),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
