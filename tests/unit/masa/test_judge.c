#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tests/unit/masa/support.h"

static void
assert_pins(const struct masa_case *c, const struct crafted *cert)
{
	assert_true(bytes_equal(masa_case_pin(c), blob_bytes(&cert->der)));
}

static void
assert_good(const struct fixture *f, const struct scenario *s,
    enum voucher_assertion assertion, const struct crafted *pinned)
{
	for (size_t i = 0; i < ARRAY_LEN(all_formats); i++) {
		struct masa_case c;

		judge_good(&c, f, s, all_formats[i]);
		assert_int_equal(assertion, c.assertion);
		assert_pins(&c, pinned);
		masa_case_fini(&c);
	}
}

static void
assert_refused(const struct fixture *f, const struct scenario *s, int err,
    const char *rule)
{
	for (size_t i = 0; i < ARRAY_LEN(all_formats); i++) {
		struct masa_case c;
		struct reason why = {""};

		if (judge(&c, f, s, all_formats[i], &why) != err)
			fail_msg("format %d, wanted %s: %s", all_formats[i],
			    rule, why.text);
		if (strstr(why.text, rule) == NULL)
			fail_msg("%s: not in: %s", rule, why.text);
	}
}

/* [RFC8995 5.5.5] */
static void
test_proximity(void **state)
{
	const struct fixture *f = *state;
	const struct scenario good[] = {{.serial = NULL},
	    {.seen = &f->home.front}, {.seen_key = true},
	    {.seen_key_sha256 = true}};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_good(f, &good[i], VOUCHER_PROXIMITY, &f->home.issuing);
}

static void
test_proximity_refused(void **state)
{
	const struct fixture *f = *state;
	const struct scenario bad[] = {{.seen = &f->away.registrar},
	    {.seen = &f->away.registrar, .seen_key = true},
	    {.seen = &f->away.registrar, .seen_key_sha256 = true},
	    /* Its key is in none of the certificates that came along. */
	    {.seen = &f->home.front, .seen_key = true},
	    {.seen = &f->away.registrar, .no_assertion = true},
	    {.no_proximity = true}};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(f, &bad[i], -ERR_REFUSED,
		    "RFC 8995 5.5.5: the device saw another registrar");
}

static void
test_logged_and_verified(void **state)
{
	const struct fixture *f = *state;

	assert_good(f,
	    &(struct scenario){.no_proximity = true, .no_assertion = true},
	    VOUCHER_LOGGED, &f->home.issuing);
	assert_good(f,
	    &(struct scenario){.serial = SERIAL_HOME,
		.no_proximity = true,
		.no_assertion = true,
		.owned_only = true},
	    VOUCHER_VERIFIED, &f->home.issuing);
}

/* [draft-ietf-anima-constrained-voucher 8.2] */
static void
test_pinning(void **state)
{
	const struct fixture *f = *state;
	struct scenario s = {.n_chain = 1};

	assert_good(f, &s, VOUCHER_PROXIMITY, &f->home.registrar);
	s.n_chain = 2;
	assert_good(f, &s, VOUCHER_PROXIMITY, &f->home.issuing);
	s = (struct scenario){.nonceless = true, .tls_client = &f->customer};
	assert_good(f, &s, VOUCHER_LOGGED, &f->home.root);
	s.n_chain = 2;
	assert_good(f, &s, VOUCHER_LOGGED, &f->home.issuing);
	s.n_chain = 1;
	assert_good(f, &s, VOUCHER_LOGGED, &f->home.registrar);
}

/* A device that signs in another form than its registrar. */
static void
test_mixed_formats(void **state)
{
	const struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(all_formats); i++)
		assert_good(f,
		    &(struct scenario){.prior_format = all_formats[i]},
		    VOUCHER_PROXIMITY, &f->home.issuing);
}

/* [RFC8995 5.5.4] */
static void
test_registrar_refused(void **state)
{
	const struct fixture *f = *state;
	const struct crafted *front = &f->home.front;
	const struct crafted *late = NULL;
	struct crafted expired, early;
	struct scenario s = {.n_chain = 1};
	struct voucher_signer *signer = signer_of(&front, 1);

	s.signer = signer;
	assert_refused(f, &s, -ERR_REFUSED, "no id-kp-cmcRA");
	voucher_signer_free(signer);

	craft_cert(&expired,
	    &(struct craft){.cn = "expired",
		.not_before = clock_now() - 2 * CRAFT_DAY,
		.not_after = clock_now() - CRAFT_DAY,
		.exts = {{"extendedKeyUsage", "1.3.6.1.5.5.7.3.28"}}});
	late = &expired;
	s.signer = signer = signer_of(&late, 1);
	assert_refused(f, &s, -ERR_REFUSED, "not in date");
	voucher_signer_free(signer);
	crafted_fini(&expired);

	craft_cert(
	    &early, &(struct craft){.cn = "early",
			.not_before = clock_now() + CRAFT_DAY,
			.not_after = clock_now() + 2 * CRAFT_DAY,
			.exts = {{"extendedKeyUsage", "1.3.6.1.5.5.7.3.28"}}});
	late = &early;
	s.signer = signer = signer_of(&late, 1);
	assert_refused(f, &s, -ERR_REFUSED, "not in date");
	voucher_signer_free(signer);
	crafted_fini(&early);
}

static void
test_device_refused(void **state)
{
	const struct fixture *f = *state;
	static uint8_t other[26] = {0x04, 0x18, 0x30, 0x16, 0x80, 0x14};
	const struct blob issuer = {other, sizeof(other)};

	assert_refused(f,
	    &(struct scenario){.serial = "D-3", .prior_signer = 1},
	    -ERR_NOT_FOUND, "no device");
	assert_refused(f, &(struct scenario){.issuer = &issuer}, -ERR_REFUSED,
	    "idevid-issuer is not");
	assert_refused(f, &(struct scenario){.says_proximity = true},
	    -ERR_REFUSED, "must not be in a registrar's");
}

/* [RFC8995 5.5.5] */
static void
test_prior_refused(void **state)
{
	const struct fixture *f = *state;
	static const struct {
		struct scenario s;
		const char *rule;
	} bad[] = {
	    {{.no_prior = true}, "prior-signed-voucher-request is missing"},
	    {{.prior_nonce = "b3RoZXI"}, "another nonce"},
	    {{.prior_serial = SERIAL_HOME}, "another serial number"},
	    {{.prior_signer = 2}, "RFC 8995 5.5.5"},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(f, &bad[i].s, -ERR_REFUSED, bad[i].rule);
}

/* [RFC8995 5.5.4] [RFC8995 5.5.3] */
static void
test_who_asks_refused(void **state)
{
	const struct fixture *f = *state;
	const struct {
		struct scenario s;
		const char *rule;
	} bad[] = {
	    {{.nonceless = true}, "needs a TLS client certificate"},
	    {{.nonceless = true, .tls_client = &f->home.registrar},
		"certificate of a customer"},
	    {{.nonceless = true, .tls_client = &f->away.registrar},
		"certificate of a customer"},
	    {{.nonceless = true,
		 .serial = SERIAL_HOME,
		 .tls_client = &f->away.registrar},
		"certificate of a customer"},
	    {{.nonceless = true,
		 .serial = SERIAL_HOME,
		 .signer = f->away.signer,
		 .tls_client = &f->customer},
		"sold to another domain"},
	    {{.serial = SERIAL_HOME,
		 .signer = f->away.signer,
		 .seen = &f->away.registrar},
		"sold to another domain"},
	    {{.owned_only = true}, "not sold to anybody"},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(f, &bad[i].s, -ERR_REFUSED, bad[i].rule);
	assert_good(f,
	    &(struct scenario){.nonceless = true,
		.serial = SERIAL_HOME,
		.tls_client = &f->home.registrar},
	    VOUCHER_VERIFIED, &f->home.root);
}

/* An owner's CA beside the path proves nothing. */
static void
test_borrowed_ca_refused(void **state)
{
	const struct fixture *f = *state;
	const struct crafted *chain[] = {
	    &f->away.registrar, &f->home.issuing, &f->home.root};
	struct voucher_signer *signer = signer_of(chain, ARRAY_LEN(chain));

	assert_refused(f,
	    &(struct scenario){.serial = SERIAL_HOME,
		.signer = signer,
		.seen = &f->away.registrar},
	    -ERR_REFUSED, "sold to another domain");
	/* What does not belong to the registrar is not pinned. */
	assert_good(f,
	    &(struct scenario){.signer = signer, .seen = &f->away.registrar},
	    VOUCHER_PROXIMITY, &f->away.registrar);
	voucher_signer_free(signer);
}

static void
test_truncated_refused(void **state)
{
	const struct fixture *f = *state;
	const struct scenario s = {.serial = NULL};

	for (size_t i = 0; i < ARRAY_LEN(all_formats); i++) {
		struct blob body = {0};

		make_request(&body, f, &s, all_formats[i]);
		for (size_t len = 0; len < body.len; len++) {
			struct masa_case c;
			struct reason why = {""};

			assert_true(
			    judge_bytes(&c, f, &s, all_formats[i],
				(struct bytes){body.data, len}, &why) < 0);
			assert_true(why.text[0] != '\0');
		}
		blob_fini(&body);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_proximity),
	    cmocka_unit_test(test_proximity_refused),
	    cmocka_unit_test(test_logged_and_verified),
	    cmocka_unit_test(test_pinning),
	    cmocka_unit_test(test_mixed_formats),
	    cmocka_unit_test(test_registrar_refused),
	    cmocka_unit_test(test_device_refused),
	    cmocka_unit_test(test_prior_refused),
	    cmocka_unit_test(test_who_asks_refused),
	    cmocka_unit_test(test_borrowed_ca_refused),
	    cmocka_unit_test(test_truncated_refused),
	};

	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
