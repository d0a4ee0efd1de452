#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/str.h"
#include "tls/spake2p_protocol.h"

static struct spake2p_suite *suite;

static void
unhex(uint8_t *out, size_t len, const char *hex)
{
	assert_int_equal(0, hex_decode(out, len, hex));
}

static struct bytes
text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

#define assert_hex(hex, actual)                                                \
	do {                                                                   \
		uint8_t expected_[sizeof(actual)];                             \
		unhex(expected_, sizeof(expected_), hex);                      \
		assert_memory_equal(expected_, actual, sizeof(expected_));     \
	} while (0)

/* [RFC9383 C] The vector of P256-SHA256-HKDF-SHA256-HMAC-SHA256: by its key
 * schedule [RFC9383 3.4], with M and N of P-256 [RFC9383 4]. */
#define VECTOR_CONTEXT                                                         \
	"SPAKE2+-P256-SHA256-HKDF-SHA256-HMAC-SHA256 Test Vectors"
#define VECTOR_W0                                                              \
	"bb8e1bbcf3c48f62c08db243652ae55d3e5586053fca77102994f23ad95491b3"
#define VECTOR_W1                                                              \
	"7e945f34d78785b8a3ef44d0df5a1a97d6b3b460409a345ca7830387a74b1dba"
#define VECTOR_L                                                               \
	"04eb7c9db3d9a9eb1f8adab81b5794c1f13ae3e225efbe91ea487425854c7fc00f"   \
	"00bfedcbd09b2400142d40a14f2064ef31dfaa903b91d1faea7093d835966efd"
#define VECTOR_X                                                               \
	"d1232c8e8693d02368976c174e2088851b8365d0d79a9eee709c6a05a2fad539"
#define VECTOR_Y                                                               \
	"717a72348a182085109c8d3917d6c43d59b224dc6a7fc4f0483232fa6516d8b3"
#define VECTOR_SHARE_P                                                         \
	"04ef3bd051bf78a2234ec0df197f7828060fe9856503579bb1733009042c15c0c1"   \
	"de127727f418b5966afadfdd95a6e4591d171056b333dab97a79c7193e341727"
#define VECTOR_SHARE_V                                                         \
	"04c0f65da0d11927bdf5d560c69e1d7d939a05b0e88291887d679fcadea75810fb"   \
	"5cc1ca7494db39e82ff2f50665255d76173e09986ab46742c798a9a68437b048"
#define VECTOR_K_SHARED                                                        \
	"0c5f8ccd1413423a54f6c1fb26ff01534a87f893779c6e68666d772bfd91f3e7"
#define VECTOR_CONFIRM_P                                                       \
	"926cc713504b9b4d76c9162ded04b5493e89109f6d89462cd33adc46fda27527"
#define VECTOR_CONFIRM_V                                                       \
	"9747bcc4f8fe9f63defee53ac9b07876d907d55047e6ff2def2e7529089d3e68"

static void
vector_secret(struct spake2p_secret *secret)
{
	unhex(secret->w0, sizeof(secret->w0), VECTOR_W0);
	unhex(secret->w1, sizeof(secret->w1), VECTOR_W1);
}

static void
test_rfc9383_vector(void **state)
{
	const struct spake2p_names names = {
	    text(VECTOR_CONTEXT), text("client"), text("server")};
	uint8_t x[32], y[32], share_p[65], share_v[65];
	struct spake2p_secret secret;
	struct spake2p_keys prover, verifier;
	struct verifier record;

	(void)state;
	vector_secret(&secret);
	unhex(x, sizeof(x), VECTOR_X);
	unhex(y, sizeof(y), VECTOR_Y);
	assert_int_equal(0, spake2p_verifier_derive(&record, suite, &secret));
	assert_hex(VECTOR_L, record.l);
	assert_int_equal(0, spake2p_prover_share(share_p, suite, &secret, x));
	assert_hex(VECTOR_SHARE_P, share_p);
	assert_int_equal(0, spake2p_verifier_respond(share_v, &verifier, suite,
				&names, &record, share_p, y));
	assert_hex(VECTOR_SHARE_V, share_v);
	assert_int_equal(0, spake2p_prover_finish(&prover, suite, &names,
				&secret, x, share_p, share_v));
	assert_hex(VECTOR_K_SHARED, prover.shared);
	assert_hex(VECTOR_CONFIRM_P, prover.confirm_p);
	assert_hex(VECTOR_CONFIRM_V, prover.confirm_v);
	assert_memory_equal(&prover, &verifier, sizeof(prover));
}

/* Computed by a separate implementation (Python's hashlib and integers): each
 * half of scrypt's output reduced. [RFC9383 3.2] */
#define REG_W0                                                                 \
	"218191ca239fada00ca013874dcd101b4c8e7825f52814d2e58868852e49fd21"
#define REG_W1                                                                 \
	"0b2671e60564681913dd59c657b0a41e7a022acf1e382b84a94e1eebb8e46ba9"
#define REG_L                                                                  \
	"04023988290b6c92162043834d96a44aa47b638f824253d298a84878fad266cb"     \
	"30425c6481e4ce38b4a244e49a520868fe654eb0e79aae65dcf07fc34aebe1d1"     \
	"3d"
#define REG_W0M                                                                \
	"04419b973e6e8fb707766e809980a4887104378baabd843fa9baa1eb5a964689"     \
	"658772eca540ed134d599d66aac37e88fdde1000485539e16601f539b8823b30"     \
	"9a"
#define REG_W0N                                                                \
	"047cb7a94a11d6c2ae65526cc13b7ba32888f03a7db9f95b3d39352ec87cec32"     \
	"1f1502e4a7382a4015d78ac7d1175f8e2cfd47c9888f756e309d5f209a7a8d41"     \
	"f1"

static void
test_registration_known_answer(void **state)
{
	struct spake2p_secret secret;
	struct verifier record;

	(void)state;
	assert_int_equal(
	    0, spake2p_register(&record, &secret, text("7Q4M2K9TXYZ"),
		   "A1B2C3D4", "est.example.net"));
	assert_hex(REG_W0, secret.w0);
	assert_hex(REG_W1, secret.w1);
	assert_hex(REG_W0, record.w0);
	assert_hex(REG_L, record.l);
	assert_hex(REG_W0M, record.w0m);
	assert_hex(REG_W0N, record.w0n);
}

static void
test_registration_limits_refused(void **state)
{
	char longest[SPAKE2P_PASSWORD_MAX + 2], name[300];
	struct verifier record;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memset(name, 'n', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(-ERR_INVALID,
	    spake2p_register(&record, NULL, text(""), "id", "server"));
	assert_int_equal(-ERR_TOO_LARGE,
	    spake2p_register(&record, NULL, text(longest), "id", "server"));
	assert_int_equal(-ERR_TOO_LARGE,
	    spake2p_register(&record, NULL, text("pw"), name, "server"));
	assert_int_equal(-ERR_TOO_LARGE,
	    spake2p_register(&record, NULL, text("pw"), "id", name));
}

/* Every way in which a share is not a point of the group. */
static const struct {
	const char *what, *hex;
} bad_shares[] = {
    {"infinity, padded",
	"0000000000000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000000000"
	"00"},
    {"zero coordinates",
	"0400000000000000000000000000000000000000000000000000000000000000"
	"0000000000000000000000000000000000000000000000000000000000000000"
	"00"},
    {"off the curve",
	"04ef3bd051bf78a2234ec0df197f7828060fe9856503579bb1733009042c15c0"
	"c1de127727f418b5966afadfdd95a6e4591d171056b333dab97a79c7193e3417"
	"28"},
    {"hybrid form",
	"07ef3bd051bf78a2234ec0df197f7828060fe9856503579bb1733009042c15c0"
	"c1de127727f418b5966afadfdd95a6e4591d171056b333dab97a79c7193e3417"
	"27"},
    {"compressed, padded",
	"03ef3bd051bf78a2234ec0df197f7828060fe9856503579bb1733009042c15c0"
	"c100000000000000000000000000000000000000000000000000000000000000"
	"00"},
    {"x not reduced",
	"04ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"ffde127727f418b5966afadfdd95a6e4591d171056b333dab97a79c7193e3417"
	"27"},
    {"y not reduced",
	"04ef3bd051bf78a2234ec0df197f7828060fe9856503579bb1733009042c15c0"
	"c1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	"ff"},
};

static void
test_bad_shares_refused(void **state)
{
	const struct spake2p_names names = {
	    text("tls"), text("client"), text("server")};
	struct spake2p_secret secret;
	struct spake2p_keys keys;
	struct verifier record;
	uint8_t share[65], x[32], out[65];

	(void)state;
	vector_secret(&secret);
	unhex(x, sizeof(x), VECTOR_X);
	assert_int_equal(0, spake2p_verifier_derive(&record, suite, &secret));
	for (size_t i = 0; i < ARRAY_LEN(bad_shares); i++) {
		unhex(share, sizeof(share), bad_shares[i].hex);
		assert_int_equal(
		    -ERR_REFUSED, spake2p_share_check(suite, share));
		assert_int_equal(
		    -ERR_REFUSED, spake2p_verifier_respond(out, &keys, suite,
				      &names, &record, share, x));
		assert_int_equal(
		    -ERR_REFUSED, spake2p_prover_finish(&keys, suite, &names,
				      &secret, x, share, share));
	}
	unhex(share, sizeof(share), VECTOR_SHARE_P);
	assert_int_equal(0, spake2p_share_check(suite, share));
}

/* [RFC9383 3.3] A share that is nothing but the mask leaves the identity. */
static void
test_masked_identity_refused(void **state)
{
	const struct spake2p_names names = {
	    text("tls"), text("client"), text("server")};
	struct spake2p_secret secret;
	struct spake2p_keys keys;
	struct verifier record;
	uint8_t x[32], out[65];

	(void)state;
	vector_secret(&secret);
	unhex(x, sizeof(x), VECTOR_X);
	assert_int_equal(0, spake2p_verifier_derive(&record, suite, &secret));
	assert_int_equal(
	    -ERR_REFUSED, spake2p_verifier_respond(out, &keys, suite, &names,
			      &record, record.w0m, x));
	assert_int_equal(
	    -ERR_REFUSED, spake2p_prover_finish(&keys, suite, &names, &secret,
			      x, out, record.w0n));
}

/* A damaged record is the library's trouble, never the peer's. */
static void
test_bad_record(void **state)
{
	const struct spake2p_names names = {
	    text("tls"), text("client"), text("server")};
	struct spake2p_secret secret;
	struct spake2p_keys keys;
	struct verifier record;
	uint8_t share[65], y[32], out[65];

	(void)state;
	vector_secret(&secret);
	unhex(y, sizeof(y), VECTOR_Y);
	unhex(share, sizeof(share), VECTOR_SHARE_P);
	assert_int_equal(0, spake2p_verifier_derive(&record, suite, &secret));
	record.l[64] ^= 1;
	assert_int_equal(-ERR_CRYPTO, spake2p_verifier_respond(out, &keys,
					  suite, &names, &record, share, y));
}

static int
setup(void **state)
{
	(void)state;
	return spake2p_suite_new(&suite);
}

static int
teardown(void **state)
{
	(void)state;
	spake2p_suite_free(suite);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rfc9383_vector),
	    cmocka_unit_test(test_registration_known_answer),
	    cmocka_unit_test(test_registration_limits_refused),
	    cmocka_unit_test(test_bad_shares_refused),
	    cmocka_unit_test(test_masked_identity_refused),
	    cmocka_unit_test(test_bad_record),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
