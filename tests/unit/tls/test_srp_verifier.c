/* TLS-SRP without TLS: the extension's body, salt and verifier. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tests/unit/cmocka.h"

#include <string.h>

#include <openssl/srp.h>

#include "tls/srp.h"
#include "tls/srp_internal.h"

#define USER "A1B2C3D4"
#define PASSWORD "DBJ8FV87K2M"

static const uint8_t seed[SRP_SEED_LEN] = "a seed of thirty-two octets long";

/* The same as what libcrypto's own makes of it. [RFC5054 2.4]
 * [RFC5054 A] */
static void
test_verifier(void **state)
{
	const struct bytes user = {(const uint8_t *)USER, strlen(USER)};
	SRP_gN *group = SRP_get_default_gN("3072");
	BIGNUM *n = srp_group_modulus(), *s, *v = NULL, *got;
	struct srp_verifier verifier, dummy, dummy_2;
	uint8_t salt[SRP_SALT_LEN];

	(void)state;
	assert_int_equal(0, BN_cmp(n, group->N));
	assert_true(BN_is_word(group->g, SRP_GROUP_GENERATOR));
	assert_int_equal(0, srp_salt(salt, seed, user));
	s = BN_bin2bn(salt, sizeof(salt), NULL);
	assert_int_equal(1,
	    SRP_create_verifier_BN(USER, PASSWORD, &s, &v, group->N, group->g));
	assert_int_equal(0, srp_register(&verifier, seed, USER, PASSWORD));
	got = BN_bin2bn(verifier.v, sizeof(verifier.v), NULL);
	assert_int_equal(0, BN_cmp(v, got));
	assert_int_equal(0, srp_register_dummy(&dummy, seed));
	assert_int_equal(0, srp_register_dummy(&dummy_2, seed));
	assert_memory_not_equal(&dummy, &dummy_2, sizeof(dummy));
	BN_free(n);
	BN_free(s);
	BN_free(v);
	BN_free(got);
}

static void
test_user_of_every_length(void **state)
{
	uint8_t body[1 + SRP_USER_MAX + 1];
	struct bytes user;

	(void)state;
	memset(body, 'u', sizeof(body));
	for (size_t len = 1; len <= SRP_USER_MAX; len++) {
		body[0] = (uint8_t)len;
		assert_int_equal(
		    0, srp_user_parse(&user, (struct bytes){body, len + 1}));
		assert_int_equal(len, user.len);
		assert_int_equal(-ERR_INVALID,
		    srp_user_parse(&user, (struct bytes){body, len}));
		assert_int_equal(-ERR_INVALID,
		    srp_user_parse(&user, (struct bytes){body, len + 2}));
		body[len] = '\0';
		assert_int_equal(-ERR_INVALID,
		    srp_user_parse(&user, (struct bytes){body, len + 1}));
		body[len] = 'u';
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verifier),
	    cmocka_unit_test(test_user_of_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
