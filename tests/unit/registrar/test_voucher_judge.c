/* Vouchers, as their MASA gave them, judged before a device gets them. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/clock.h"
#include "registrar/voucher_judge.h"
#include "tests/unit/registrar/world.h"

static void
fill_voucher(struct voucher *v, const struct world *w)
{
	voucher_init(v, VOUCHER_VOUCHER);
	v->assertion = VOUCHER_LOGGED;
	v->created_on = clock_now();
	strcpy(v->serial_number, WORLD_SERIAL);
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
	    .serial_number = WORLD_SERIAL,
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

	for (size_t i = 0; i < WORLD_FORMATS; i++) {
		struct reason why = {""};
		struct voucher v;

		fill_voucher(&v, w);
		if (judge_voucher(
			world_formats[i], &v, w, w->masa_signer, &why) != 0)
			fail_msg("format %d: %s", world_formats[i], why.text);
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

	world_craft(&stranger, "stranger", NULL);
	signer = world_signer(&stranger);
	fill_voucher(&v, w);
	assert_int_equal(
	    judge_voucher(VOUCHER_CMS_JSON, &v, w, signer, &why), -ERR_REFUSED);
	assert_non_null(strstr(why.text, "does not chain"));
	voucher_fini(&v);
	voucher_signer_free(signer);
	crafted_fini(&stranger);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_voucher),
	    cmocka_unit_test(test_lies),
	    cmocka_unit_test(test_stranger_signs),
	};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
