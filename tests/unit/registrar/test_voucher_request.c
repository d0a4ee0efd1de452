/* Devices' voucher-requests, judged, and ours to their MASA. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/clock.h"
#include "registrar/voucher_request.h"
#include "tests/unit/registrar/world.h"

/* --- requests of pledges --- */

static void
fill_request(struct voucher *v, const struct world *w)
{
	voucher_init(v, VOUCHER_REQUEST);
	v->assertion = VOUCHER_PROXIMITY;
	v->created_on = clock_now();
	strcpy(v->serial_number, WORLD_SERIAL);
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
	    .serial_number = WORLD_SERIAL,
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

	for (size_t i = 0; i < WORLD_FORMATS; i++) {
		struct reason why = {""};
		struct voucher v;
		struct pvr pvr;

		fill_request(&v, w);
		if (judge_request(&pvr, world_formats[i], &v, w,
			w->device_signer, &why) != 0)
			fail_msg("format %d: %s", world_formats[i], why.text);
		assert_int_equal(pvr.created_on, v.created_on);
		assert_true(voucher_nonce_equal(&pvr.nonce, &v.nonce));
		assert_int_equal(judge_request(&pvr, world_formats[i], &v, w,
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
	for (size_t i = 0; i < WORLD_FORMATS; i++) {
		const struct rvr_parts parts = {.format = world_formats[i],
		    .serial_number = WORLD_SERIAL,
		    .idevid_issuer = {issuer, sizeof(issuer)},
		    .nonce = &nonce,
		    .pvr = {pvr, sizeof(pvr)},
		    .device = blob_bytes(&w->device.der),
		    .device_chain = &chain,
		    .now = clock_now()};
		const struct voucher_open_params open = {
		    .format = world_formats[i], .kind = VOUCHER_REQUEST};
		struct voucher_opened opened;
		struct reason why = {""};
		struct blob rvr = {0};

		assert_int_equal(rvr_build(&rvr, &parts, w->domain, &why), 0);
		if (voucher_open(&opened, blob_bytes(&rvr), &open, &why) != 0)
			fail_msg("format %d: %s", world_formats[i], why.text);
		assert_true(bytes_equal(
		    blob_bytes(&opened.signer), blob_bytes(&w->leaf.der)));
		assert_true(has_cert(&opened.certs, &w->issuing));
		assert_true(has_cert(&opened.certs, &w->root));
		/* A MASA pins the highest certificate that it is sent.
		 * [draft-ietf-anima-constrained-voucher 6.5] */
		assert_int_equal(has_cert(&opened.certs, &w->device),
		    world_formats[i] == VOUCHER_COSE_CBOR);
		assert_int_equal(has_cert(&opened.certs, &w->maker),
		    world_formats[i] == VOUCHER_COSE_CBOR);
		assert_string_equal(opened.v.serial_number, WORLD_SERIAL);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request),
	    cmocka_unit_test(test_broken_requests),
	    cmocka_unit_test(test_proximity_by_key),
	    cmocka_unit_test(test_age),
	    cmocka_unit_test(test_our_request),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
