#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/str.h"
#include "tls/password.h"

static void
test_verifier_equal(void **state)
{
	struct verifier a, b;

	(void)state;
	memset(&a, 7, sizeof(a));
	b = a;
	assert_true(verifier_equal(&a, &b));
	for (size_t i = 0; i < sizeof(a.w0); i++) {
		b = a;
		b.w0[i] ^= 1;
		assert_false(verifier_equal(&a, &b));
	}
	for (size_t i = 0; i < sizeof(a.l); i++) {
		b = a;
		b.l[i] ^= 0x80;
		assert_false(verifier_equal(&a, &b));
	}
	/* What follows from them is not looked at. */
	b = a;
	b.w0m[3] ^= 1;
	b.w0n[3] ^= 1;
	assert_true(verifier_equal(&a, &b));
}

/* HMAC-SHA-256 of "alice" NUL "secret" under 32 bytes of 01, by Python's hmac.
 */
static void
test_mac(void **state)
{
	uint8_t key[PASSWORD_MAC_LEN], mac[PASSWORD_MAC_LEN];
	uint8_t other[PASSWORD_MAC_LEN], known[PASSWORD_MAC_LEN];

	(void)state;
	memset(key, 1, sizeof(key));
	assert_int_equal(0, hex_decode(known, sizeof(known),
				"ff8a31bbb9609df64f02bfd71708d5d7f84fa691a694d6"
				"2323d7b9a3d58a9cd9"));
	assert_int_equal(0, password_mac(mac, key, "alice", "secret"));
	assert_memory_equal(known, mac, sizeof(mac));
	assert_true(password_mac_equal(known, mac));
	/* The border between the two counts. */
	assert_int_equal(0, password_mac(other, key, "alices", "ecret"));
	assert_false(password_mac_equal(other, mac));
	assert_int_equal(0, password_mac(other, key, "alice", "Secret"));
	assert_false(password_mac_equal(other, mac));
	key[31] = 2;
	assert_int_equal(0, password_mac(other, key, "alice", "secret"));
	assert_false(password_mac_equal(other, mac));
}

static void
test_too_long_refused(void **state)
{
	uint8_t key[PASSWORD_MAC_LEN] = {0}, mac[PASSWORD_MAC_LEN];
	char text[PASSWORD_MAC_INPUT_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(-ERR_TOO_LARGE, password_mac(mac, key, text, ""));
	assert_int_equal(-ERR_TOO_LARGE, password_mac(mac, key, "", text));
	text[sizeof(text) - 2] = '\0';
	assert_int_equal(0, password_mac(mac, key, "", text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_verifier_equal),
	    cmocka_unit_test(test_mac),
	    cmocka_unit_test(test_too_long_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
