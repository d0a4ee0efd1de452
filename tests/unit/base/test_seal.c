#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/seal.h"
#include "base/sha256.h"
#include "base/str.h"

static const uint8_t key_a[SEAL_KEY_LEN] = {1, 2, 3};
static const uint8_t key_b[SEAL_KEY_LEN] = {1, 2, 4};

static struct bytes
text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static struct seal *
seal_of(const uint8_t key[SEAL_KEY_LEN], const char *purpose)
{
	struct seal *seal = NULL;

	assert_int_equal(0, seal_new(&seal, key, purpose));
	return seal;
}

/* It is zeros afterwards. */
static void
opens_not(const struct seal *seal, const char *context, struct bytes sealed)
{
	uint8_t plain[6], zeros[6] = {0};

	memset(plain, 0xa5, sizeof(plain));
	assert_int_equal(-ERR_CORRUPT,
	    seal_open(plain, sizeof(plain), seal, text(context), sealed));
	assert_memory_equal(zeros, plain, sizeof(plain));
}

static void
test_round_trip(void **state)
{
	struct seal *seal = seal_of(key_a, "test");
	struct blob one = {0}, two = {0};
	uint8_t plain[6];

	(void)state;
	assert_int_equal(
	    0, seal_close(&one, seal, text("alice"), text("secret")));
	assert_int_equal(
	    0, seal_close(&two, seal, text("alice"), text("secret")));
	assert_int_equal(6 + SEAL_OVERHEAD, one.len);
	/* A nonce of its own for each, and nothing else in common either. */
	assert_memory_not_equal(one.data + 1, two.data + 1, 12);
	assert_memory_not_equal(one.data + 13, two.data + 13, 6);
	assert_int_equal(0, seal_open(plain, sizeof(plain), seal, text("alice"),
				blob_bytes(&two)));
	assert_memory_equal("secret", plain, sizeof(plain));
	blob_fini(&one);
	blob_fini(&two);
	seal_free(seal);
}

/* Version, nonce, text and tag: each bit of them. And each length. */
static void
test_tampering_refused(void **state)
{
	struct seal *seal = seal_of(key_a, "test");
	struct blob sealed = {0};
	uint8_t plain[7];

	(void)state;
	assert_int_equal(
	    0, seal_close(&sealed, seal, text("alice"), text("secret")));
	for (size_t bit = 0; bit < 8 * sealed.len; bit++) {
		sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		opens_not(seal, "alice", blob_bytes(&sealed));
		sealed.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t len = 0; len < sealed.len; len++)
		opens_not(seal, "alice", (struct bytes){sealed.data, len});
	assert_int_equal(-ERR_CORRUPT, seal_open(plain, sizeof(plain), seal,
					   text("alice"), blob_bytes(&sealed)));
	blob_fini(&sealed);
	seal_free(seal);
}

static void
test_another_context_or_key_refused(void **state)
{
	struct seal *seal = seal_of(key_a, "test");
	struct seal *others[] = {
	    seal_of(key_b, "test"), seal_of(key_a, "tesu"), seal_of(key_a, "")};
	struct blob sealed = {0};

	(void)state;
	assert_int_equal(
	    0, seal_close(&sealed, seal, text("alice"), text("secret")));
	opens_not(seal, "alicf", blob_bytes(&sealed));
	opens_not(seal, "alic", blob_bytes(&sealed));
	opens_not(seal, "alice ", blob_bytes(&sealed));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		opens_not(others[i], "alice", blob_bytes(&sealed));
		seal_free(others[i]);
	}
	blob_fini(&sealed);
	seal_free(seal);
}

/* So that what is on disk opens with the next version too: made with Python's
 * cryptography, HKDF without salt, AESGCM. */
static void
test_known_answer(void **state)
{
	static const char hex[] = "01000102030405060708090a0b6a35a5891b"
				  "84777eca1f880815abdd9548e4cf315346";
	struct seal *seal = seal_of(key_a, "estuary test");
	uint8_t sealed[6 + SEAL_OVERHEAD], plain[6];

	(void)state;
	assert_int_equal(0, hex_decode(sealed, sizeof(sealed), hex));
	assert_int_equal(0, seal_open(plain, sizeof(plain), seal, text("alice"),
				(struct bytes){sealed, sizeof(sealed)}));
	assert_memory_equal("secret", plain, sizeof(plain));
	seal_free(seal);
}

static void
test_limits_refused(void **state)
{
	struct seal *seal = seal_of(key_a, "test");
	static const uint8_t large[SEAL_PLAIN_MAX + 1];
	struct bytes too_large = {large, sizeof(large)};
	struct blob sealed = {0};

	(void)state;
	assert_int_equal(-ERR_TOO_LARGE,
	    seal_close(&sealed, seal, text("alice"), too_large));
	assert_int_equal(-ERR_TOO_LARGE,
	    seal_close(&sealed, seal, too_large, text("secret")));
	assert_int_equal(
	    -ERR_TOO_LARGE, seal_close(&sealed, seal, text("a"), text("")));
	assert_int_equal(
	    -ERR_TOO_LARGE, seal_close(&sealed, seal, text(""), text("x")));
	assert_null(sealed.data);
	seal_free(seal);
	seal_free(NULL);
}

/* FIPS 180-4's example. */
static void
test_sha256(void **state)
{
	uint8_t hash[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	(void)state;
	assert_int_equal(0, sha256(hash, text("abc")));
	hex_encode(hex, (struct bytes){hash, sizeof(hash)});
	assert_string_equal("ba7816bf8f01cfea414140de5dae2223"
			    "b00361a396177a9cb410ff61f20015ad",
	    hex);
	assert_int_equal(0, sha256(hash, (struct bytes){NULL, 0}));
	assert_int_equal(0xe3, hash[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_tampering_refused),
	    cmocka_unit_test(test_another_context_or_key_refused),
	    cmocka_unit_test(test_known_answer),
	    cmocka_unit_test(test_limits_refused),
	    cmocka_unit_test(test_sha256),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
