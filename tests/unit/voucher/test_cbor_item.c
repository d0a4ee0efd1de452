#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/voucher/support.h"
#include "voucher/cbor_item.h"

static int
load(cbor_item_t **out, const char *hex)
{
	struct blob cbor = {0};
	int err;

	blob_of_hex(&cbor, hex);
	err = cbor_item_load(out, blob_bytes(&cbor));
	blob_fini(&cbor);
	return err;
}

static const char *const good[] = {"00", "17", "1818", "1903e8", "1a000f4240",
    "1b000000e8d4a51000", "1bffffffffffffffff", "20", "3903e7",
    "3bffffffffffffffff",
    /* Floats: half, single, double; false, true, null, undefined. */
    "f90000", "f97e00", "fa47c35000", "fb7e37e43c8800759c", "f4", "f5", "f6",
    "f7",
    /* Strings, definite and in chunks. */
    "40", "4401020304", "60", "6449455446", "62c3bc", "5f42010243030405ff",
    "5fff", "7f657374726561646d696e67ff", "7fff",
    /* Arrays, maps, tags. */
    "80", "83010203", "8301820203820405", "9fff", "9f018202039f0405ffff", "a0",
    "a201020304", "bfff", "bf6161019fff00ff", "c06130", "d82f190983",
    "d818456162636465",
    /* Lengths that are longer than they need to be. */
    "1800", "580101", "980100", "b8010000"};

static void
test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		cbor_item_t *item = NULL;

		if (load(&item, good[i]) != 0)
			fail_msg("%s is refused", good[i]);
		cbor_decref(&item);
	}
}

/* [RFC8949 5.3.1] Cut anywhere it is not well-formed, and neither is it with
 * something behind it. */
static void
test_truncated_and_trailing_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		cbor_item_t *item = NULL;
		char hex[128];

		for (size_t len = 0; len < strlen(good[i]); len += 2) {
			memcpy(hex, good[i], len);
			hex[len] = '\0';
			if (load(&item, hex) == 0)
				fail_msg("%s of %s is taken", hex, good[i]);
		}
		snprintf(hex, sizeof(hex), "%.120s00", good[i]);
		if (load(&item, hex) == 0)
			fail_msg("%s is taken", hex);
	}
}

static void
test_malformed_refused(void **state)
{
	static const char *const bad[] = {/* Reserved additional information. */
	    "1c", "1d", "1e", "3c", "5c", "5d00", "7e", "9c", "bd", "dc00",
	    "fc", "fd", "fe",
	    /* [RFC8949 3.2] Indefinite lengths where there are none. */
	    "1f", "1fff", "3f", "3fff", "df", "dfff", "df00ff", "dfff00",
	    /* A break that is none. */
	    "ff", "ffff", "81ff", "81ffff", "8200ff", "a1ff", "a1ffff",
	    "a1ff00", "a100ff", "a100ffff", "9f81ff", "d82fff", "d82fffff",
	    "bf00ff", "bf00ffff", "bf00ffffff",
	    /* Chunks of another type, or of indefinite length. */
	    "5f00ff", "5f6100ff", "5f80ff", "5f5fffff", "7f4100ff", "7f7fffff",
	    "5fc04100ff",
	    /* Simple values in two octets that one holds, and unassigned ones,
	     * which libcbor does not know. */
	    "f800", "f81f", "f818", "e0", "f3", "f820", "f8ff",
	    /* Tags that libcbor does not know. */
	    "c600", "d200", "d400",
	    /* Lengths beyond the input. */
	    "41", "5affffffff", "5bffffffffffffffff00", "7bffffffffffffffff00",
	    "9bffffffffffffffff00", "9b7fffffffffffffff00",
	    "bb7fffffffffffffff00", "bbffffffffffffffff0000",
	    "bb80000000000000000000", "9a0000000200", "ba000000010000ff",
	    /* [RFC8949 3.1] Text that is not UTF-8, whole and in chunks. */
	    "61ff", "62c328", "63eda080", "7f61c361bcff", "a161ff00"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		cbor_item_t *item = NULL;

		if (load(&item, bad[i]) == 0)
			fail_msg("%s is taken", bad[i]);
	}
}

/* Fifteen around one. */
static void
test_depth(void **state)
{
	static const uint8_t heads[] = {0x81, 0x9f, 0xc1, 0xa1, 0xbf};
	uint8_t nest[16384];
	cbor_item_t *item = NULL;

	(void)state;
	memset(nest, 0x81, sizeof(nest));
	nest[15] = 0x00;
	assert_int_equal(cbor_item_load(&item, (struct bytes){nest, 16}), 0);
	cbor_decref(&item);
	nest[15] = 0x81;
	nest[16] = 0x00;
	assert_int_equal(
	    cbor_item_load(&item, (struct bytes){nest, 17}), -ERR_INVALID);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		memset(nest, heads[i], sizeof(nest));
		assert_int_equal(
		    cbor_item_load(&item, (struct bytes){nest, sizeof(nest)}),
		    -ERR_INVALID);
	}
}

static void
test_integers(void **state)
{
	struct {
		const char *hex;
		bool fits;
		int64_t value;
	} cases[] = {{"00", true, 0}, {"1818", true, 24}, {"20", true, -1},
	    {"390100", true, -257}, {"1b7fffffffffffffff", true, INT64_MAX},
	    {"3b7fffffffffffffff", true, INT64_MIN},
	    {"1b8000000000000000", false, 0}, {"3b8000000000000000", false, 0},
	    {"3bffffffffffffffff", false, 0}, {"f90000", false, 0},
	    {"4100", false, 0}, {"f4", false, 0}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cbor_item_t *item = NULL;
		int64_t value = 0;

		assert_int_equal(load(&item, cases[i].hex), 0);
		if (cbor_item_int(&value, item) != cases[i].fits ||
		    value != cases[i].value)
			fail_msg("%s is %lld", cases[i].hex, (long long)value);
		cbor_decref(&item);
	}
}

/* Each reader takes its own type alone; floats, null and numbers are none of
 * the others. */
static void
test_types(void **state)
{
	static const char *const items[] = {"00", "20", "4100", "6161", "80",
	    "a0", "c000", "f4", "f6", "f7", "f93c00", "fa3f800000",
	    "fb3ff0000000000000", "5f4100ff", "7f6161ff"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(items); i++) {
		cbor_item_t *item = NULL;
		struct bytes bytes;
		uint64_t number;
		size_t n;
		bool flag;

		assert_int_equal(load(&item, items[i]), 0);
		assert_int_equal(cbor_item_uint(&number, item), i == 0);
		assert_int_equal(cbor_item_bytes(&bytes, item), i == 2);
		assert_int_equal(cbor_item_text(&bytes, item), i == 3);
		assert_int_equal(cbor_item_array(&n, item) != NULL, i == 4);
		assert_int_equal(cbor_item_map(&n, item) != NULL, i == 5);
		assert_int_equal(cbor_item_bool(&flag, item), i == 7);
		assert_int_equal(cbor_item_is_null(item), i == 8);
		cbor_decref(&item);
	}
	assert_false(cbor_item_is_null(NULL));
}

/* [RFC8949 5.6] */
static void
test_maps(void **state)
{
	struct {
		const char *hex;
		bool plain;
	} cases[] = {{"a0", true}, {"a201000200", true}, {"a201000100", false},
	    /* One number in two lengths. */
	    {"a20100180100", false}, {"a220002000", false},
	    {"a220000000", true}, {"a26161006161f6", false},
	    {"a2616100614100", true}, {"a2616100416100", true},
	    {"bf01000100ff", false}, {"80", false}, {"00", false}};
	struct buf many CLEANUP(buf_fini) = {0};
	cbor_item_t *item = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(load(&item, cases[i].hex), 0);
		if (cbor_map_is_plain(item) != cases[i].plain)
			fail_msg("%s: not %d", cases[i].hex, cases[i].plain);
		cbor_decref(&item);
	}
	assert_false(cbor_map_is_plain(NULL));
	for (size_t n = CBOR_MAP_MAX; n <= CBOR_MAP_MAX + 1; n++) {
		buf_fini(&many);
		cbor_put_map(&many, n);
		for (size_t i = 0; i < n; i++) {
			cbor_put_int(&many, (int64_t)i);
			cbor_put_bool(&many, true);
		}
		assert_int_equal(cbor_item_load(&item, buf_octets(&many)), 0);
		assert_int_equal(cbor_map_is_plain(item), n == CBOR_MAP_MAX);
		cbor_decref(&item);
	}
}

static void
test_put(void **state)
{
	struct buf out CLEANUP(buf_fini) = {0};
	struct blob wanted = {0};

	(void)state;
	cbor_put_tag(&out, 18);
	cbor_put_array(&out, 5);
	cbor_put_int(&out, INT64_MAX);
	cbor_put_int(&out, INT64_MIN);
	cbor_put_map(&out, 1);
	cbor_put_text(&out, "a", 1);
	cbor_put_bytes(&out, (struct bytes){(const uint8_t *)"\0\1", 2});
	cbor_put_bool(&out, false);
	cbor_put_bytes(&out, (struct bytes){NULL, 0});
	assert_int_equal(buf_status(&out), 0);
	blob_of_hex(&wanted,
	    "d2851b7fffffffffffffff3b7fffffffffffffffa161614200"
	    "01f440");
	assert_true(bytes_equal(buf_octets(&out), blob_bytes(&wanted)));
	blob_fini(&wanted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_truncated_and_trailing_refused),
	    cmocka_unit_test(test_malformed_refused),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_integers),
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_maps),
	    cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
