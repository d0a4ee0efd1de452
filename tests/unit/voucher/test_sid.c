#include "tests/unit/cmocka.h"

#include <string.h>

#include "tests/unit/voucher/support.h"
#include "voucher/fields.h"
#include "voucher/sid.h"

static int
decode(struct voucher *out, const char *hex, enum voucher_kind kind,
    struct reason *why)
{
	struct blob cbor = {0};
	int err;

	blob_of_hex(&cbor, hex);
	err = voucher_cbor_decode(out, blob_bytes(&cbor), kind, why);
	blob_fini(&cbor);
	return err;
}

/* [RFC9254 3.2] [RFC9254 3.3] One voucher, {assertion: 1, serial-number: "A"},
 * by its root's SID (2451) and deltas (1, 11), absolute SIDs behind Tag 47,
 * names, and mixed. */
static void
test_keys(void **state)
{
	static const char *const forms[] = {
	    "a1190993a201010b6141",
	    "a1d82f190993a2d82f19099401d82f19099e6141",
	    ("a174696574662d766f75636865723a766f7563686572a2"
	     "69617373657274696f6e016d73657269616c2d6e756d6265726141"),
	    "a1190993a269617373657274696f6e01d82f19099e6141",
	    "a1d82f190993a201010b6141",
	    /* assertion as a word, an unknown leaf, indefinite lengths */
	    "bf190993bf01666c6f676765640b614118210018c8a0ffff",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct reason why = {""};
		struct voucher v;

		if (decode(&v, forms[i], VOUCHER_VOUCHER, &why) != 0)
			fail_msg("%s: %s", forms[i], why.text);
		assert_int_equal(v.assertion, VOUCHER_LOGGED);
		assert_string_equal(v.serial_number, "A");
		voucher_fini(&v);
		assert_int_equal(
		    decode(&v, forms[i], VOUCHER_REQUEST, &why), -ERR_INVALID);
		assert_reason(&why, "ietf-voucher-request:voucher");
		voucher_fini(&v);
	}
}

struct bad {
	const char *hex, *reason;
};

static const struct bad bads[] = {
    /* No voucher at all. */
    {"", "not CBOR"},
    {"00", "map of one"},
    {"80", "map of one"},
    {"a0", "map of one"},
    {"a1190993", "not CBOR"},
    {"a119099380", "not a map"},
    {"a1190993f6", "not a map"},
    {"a11909c5a0", "map of one"},
    {"a120a0", "map of one"},
    {"a2190993a0190993a0", "map of one"},
    {"a2190993a01909c5a0", "map of one"},
    /* A tag that is no absolute SID, and one around a name. */
    {"a1d830190993a0", "map of one"},
    {"a1d82f74696574662d766f75636865723a766f7563686572a0", "map of one"},
    /* Twice: in one form, and in two. */
    {"a1190993a201010101", "twice"},
    {"a1190993a20101180101", "twice"},
    {"a1190993a20101d82f19099401", "twice"},
    {"a1190993a20b61416d73657269616c2d6e756d6265726142", "twice"},
    {"a1190993a207410107416d", "twice"},
    /* assertion: out of range, or no number. */
    {"a1190993a10104", "assertion"},
    {"a1190993a10120", "assertion"},
    {"a1190993a1011b7fffffffffffffff", "assertion"},
    {"a1190993a1011bffffffffffffffff", "assertion"},
    {"a1190993a101f93c00", "assertion"},
    {"a1190993a101f6", "assertion"},
    {"a1190993a10141ff", "assertion"},
    {"a1190993a1016a70726f78696d69747900", "assertion"},
    /* created-on: a number, bytes, a fraction that ends the text. */
    {"a1190993a1021a5d1e4997", "created-on"},
    {"a1190993a1024101", "created-on"},
    {"a1190993a10277323032302d30312d30325430333a30343a30352e313233",
	"created-on"},
    /* domain-cert-revocation-checks: a number, null, a float. */
    {"a1190993a10300", "domain-cert-revocation-checks"},
    {"a1190993a103f6", "domain-cert-revocation-checks"},
    {"a1190993a103f93c00", "domain-cert-revocation-checks"},
    /* expires-on: when time began. */
    {"a1190993a10474313937302d30312d30315430303a30303a30305a", "expires-on"},
    /* nonce: empty, in chunks, with NUL, a number. */
    {"a1190993a10740", "nonce"},
    {"a1190993a1075f4101ff", "nonce"},
    {"a1190993a107626100", "nonce"},
    {"a1190993a10701", "nonce"},
    /* pinned-domain-cert: empty, text. */
    {"a1190993a10840", "pinned-domain-cert"},
    {"a1190993a1086141", "pinned-domain-cert"},
    /* serial-number: empty, bytes, with NUL, not UTF-8. */
    {"a1190993a10b60", "serial-number"},
    {"a1190993a10b4141", "serial-number"},
    {"a1190993a10b624100", "serial-number"},
    {"a1190993a10b61ff", "not CBOR"},
    /* Something behind it. */
    {"a1190993a000", "not CBOR"},
};

static void
test_bad_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bads); i++) {
		struct reason why = {""};
		struct voucher v;

		if (decode(&v, bads[i].hex, VOUCHER_VOUCHER, &why) !=
		    -ERR_INVALID)
			fail_msg("%s is taken", bads[i].hex);
		assert_reason(&why, bads[i].reason);
		voucher_fini(&v);
	}
}

/* Deltas that lead outside of the module, or to what is no leaf, are skipped
 * like every unknown leaf. */
static void
test_unknown_skipped(void **state)
{
	static const char *const forms[] = {"a1190993a10001", "a1190993a12001",
	    "a1190993a11903e8a10101", "a1190993a11bffffffffffffffff01",
	    "a1190993a1d82f19099301", "a1190993a1d82f1bffffffffffffffff01",
	    "a1190993a1f401", "a1190993a1410101", "a1190993a1d83019099401",
	    "a1190993a16001"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct reason why = {""};
		struct voucher v;

		if (decode(&v, forms[i], VOUCHER_VOUCHER, &why) != 0)
			fail_msg("%s: %s", forms[i], why.text);
		for (size_t k = 0; k < n_voucher_fields; k++)
			assert_false(
			    voucher_field_is_set(&v, &voucher_fields[k]));
		voucher_fini(&v);
	}
}

static void
test_round_trip(void **state)
{
	static const enum voucher_kind kinds[] = {
	    VOUCHER_REQUEST, VOUCHER_VOUCHER};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct voucher v, again;
		struct blob cbor = {0};

		voucher_fill(&v, kinds[i]);
		assert_int_equal(voucher_cbor_encode(&cbor, &v), 0);
		assert_int_equal(voucher_cbor_decode(
				     &again, blob_bytes(&cbor), kinds[i], NULL),
		    0);
		assert_vouchers_equal(&v, &again);
		assert_false(again.nonce.is_text);
		voucher_fini(&again);
		for (size_t len = 0; len < cbor.len; len++) {
			struct blob cut = {0};

			assert_int_equal(
			    blob_copy(&cut, (struct bytes){cbor.data, len}), 0);
			assert_int_equal(voucher_cbor_decode(&again,
					     blob_bytes(&cut), kinds[i], NULL),
			    -ERR_INVALID);
			voucher_fini(&again);
			blob_fini(&cut);
		}
		voucher_fini(&v);
		blob_fini(&cbor);
	}
}

/* Lengths that nothing follows, and more members than a voucher can have. */
static void
test_bomb_refused(void **state)
{
	struct blob bomb = {malloc(VOUCHER_MAX_BYTES), VOUCHER_MAX_BYTES};
	struct reason why = {""};
	struct voucher v;

	(void)state;
	assert_non_null(bomb.data);
	for (size_t i = 0; i < bomb.len; i++)
		bomb.data[i] = i % 2 == 0 ? 0x9b : 0x7f;
	assert_int_equal(
	    voucher_cbor_decode(&v, blob_bytes(&bomb), VOUCHER_VOUCHER, &why),
	    -ERR_INVALID);
	/* {2451: {1: 0, 2: 0, ...}} of 64 pairs and more */
	memset(bomb.data, 0x00, bomb.len);
	memcpy(bomb.data, "\xa1\x19\x09\x93\xb9\x7f\xfc", 7);
	bomb.len = 7 + 2 * 0x7ffc;
	assert_int_equal(
	    voucher_cbor_decode(&v, blob_bytes(&bomb), VOUCHER_VOUCHER, &why),
	    -ERR_INVALID);
	assert_reason(&why, "too long");
	blob_fini(&bomb);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_bad_refused),
	    cmocka_unit_test(test_unknown_skipped),
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_bomb_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
