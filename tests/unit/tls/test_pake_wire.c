#include "tests/unit/cmocka.h"

#include <string.h>

#include "tls/pake_wire.h"

#define SCHEME 0x7d96

static struct bytes
text(const char *s)
{
	return (struct bytes){(const uint8_t *)s, strlen(s)};
}

static void
fill_share(uint8_t share[SPAKE2P_POINT_LEN])
{
	memset(share, 0x5a, SPAKE2P_POINT_LEN);
	share[0] = 4;
}

/* Appends to a message under construction. */
static void
put(struct buf *b, const void *data, size_t len)
{
	assert_int_equal(0, buf_add(b, data, len));
}

static void
put16(struct buf *b, size_t value)
{
	const uint8_t raw[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	put(b, raw, sizeof(raw));
}

static void
put_share(struct buf *b, uint16_t scheme, size_t len, uint8_t first)
{
	uint8_t share[100];

	memset(share, 0x5a, sizeof(share));
	share[0] = first;
	put16(b, scheme);
	put16(b, len);
	put(b, share, len);
}

static struct bytes
buf_bytes(const struct buf *b)
{
	return (struct bytes){(const uint8_t *)b->data, b->len};
}

static int
parse_shares(const struct buf *shares)
{
	struct pake_client_hello hello;
	struct buf b = {0};
	int err;

	put16(&b, 2);
	put(&b, "id", 2);
	put16(&b, 0);
	put16(&b, shares->len);
	put(&b, shares->data, shares->len);
	err = pake_client_hello_parse(&hello, buf_bytes(&b), SCHEME);
	buf_fini(&b);
	return err;
}

static void
test_client_hello_round_trip(void **state)
{
	/* One more than a record has: not the parser's business. */
	static const char too_long[] =
	    "0123456789012345678901234567890123456789012345678901234567890123"
	    "4";
	const char *const ids[] = {"", "A1B2C3D4", too_long};
	uint8_t share[SPAKE2P_POINT_LEN];

	(void)state;
	fill_share(share);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		struct pake_client_hello in = {
		    text(ids[i]), text("est.example.net"), share};
		struct pake_client_hello out;
		struct blob b;

		assert_int_equal(0, pake_client_hello_encode(&b, &in, SCHEME));
		assert_int_equal(
		    0, pake_client_hello_parse(&out, blob_bytes(&b), SCHEME));
		assert_true(
		    bytes_equal(in.client_identity, out.client_identity));
		assert_true(
		    bytes_equal(in.server_identity, out.server_identity));
		assert_memory_equal(share, out.share_p, sizeof(share));
		blob_fini(&b);
	}
}

static void
test_client_hello_bytes(void **state)
{
	static const uint8_t head[] = {
	    0, 2, 'i', 'd', 0, 1, 's', 0, 69, 0x7d, 0x96, 0, 65, 4};
	uint8_t share[SPAKE2P_POINT_LEN];
	struct pake_client_hello in = {text("id"), text("s"), share};
	struct blob b;

	(void)state;
	fill_share(share);
	assert_int_equal(0, pake_client_hello_encode(&b, &in, SCHEME));
	assert_int_equal(sizeof(head) + 64, b.len);
	assert_memory_equal(head, b.data, sizeof(head));
	blob_fini(&b);
}

static void
test_identity_too_long_refused(void **state)
{
	static uint8_t big[UINT16_MAX + 1];
	uint8_t share[SPAKE2P_POINT_LEN];
	struct pake_client_hello in = {{big, sizeof(big)}, text("s"), share};
	struct blob b;

	(void)state;
	fill_share(share);
	assert_int_equal(
	    -ERR_TOO_LARGE, pake_client_hello_encode(&b, &in, SCHEME));
}

/* Truncated at every byte, and with bytes behind the end: decode_error. Each
 * copy has its exact size, so that a sanitizer sees a read beyond it. */
static void
test_client_hello_truncated_refused(void **state)
{
	uint8_t share[SPAKE2P_POINT_LEN];
	struct pake_client_hello in = {text("A1B2C3D4"), text("s"), share};
	struct pake_client_hello out;
	struct blob b, cut;

	(void)state;
	fill_share(share);
	assert_int_equal(0, pake_client_hello_encode(&b, &in, SCHEME));
	for (size_t len = 0; len < b.len; len++) {
		assert_int_equal(
		    0, blob_copy(&cut, (struct bytes){b.data, len}));
		assert_int_equal(-ERR_INVALID,
		    pake_client_hello_parse(&out, blob_bytes(&cut), SCHEME));
		blob_fini(&cut);
	}
	cut.data = calloc(1, b.len + 1);
	cut.len = b.len + 1;
	assert_non_null(cut.data);
	memcpy(cut.data, b.data, b.len);
	assert_int_equal(-ERR_INVALID,
	    pake_client_hello_parse(&out, blob_bytes(&cut), SCHEME));
	blob_fini(&cut);
	blob_fini(&b);
}

struct share_spec {
	uint16_t scheme;
	uint8_t len, first;
};

static int
parse_specs(const struct share_spec *specs, size_t n)
{
	struct buf b = {0};
	int err;

	for (size_t i = 0; i < n; i++)
		put_share(&b, specs[i].scheme, specs[i].len, specs[i].first);
	err = parse_shares(&b);
	buf_fini(&b);
	return err;
}

#define PARSE(...)                                                             \
	parse_specs((const struct share_spec[]){__VA_ARGS__},                  \
	    ARRAY_LEN(((const struct share_spec[]){__VA_ARGS__})))

/* [draft-ietf-tls-pake-02 5.1] */
static void
test_schemes(void **state)
{
	(void)state;
	assert_int_equal(0, PARSE({SCHEME, 65, 4}));
	assert_int_equal(0, PARSE({1, 1, 0}, {SCHEME, 65, 4}));
	assert_int_equal(0, PARSE({1, 1, 0}, {SCHEME, 65, 4}, {0xffff, 9, 9}));
	/* unknown only */
	assert_int_equal(-ERR_REFUSED, PARSE({1, 65, 4}));
	assert_int_equal(-ERR_REFUSED, PARSE({1, 65, 4}, {2, 65, 4}));
	/* twice */
	assert_int_equal(-ERR_REFUSED, PARSE({SCHEME, 65, 4}, {SCHEME, 65, 4}));
	assert_int_equal(
	    -ERR_REFUSED, PARSE({1, 1, 1}, {1, 1, 1}, {SCHEME, 65, 4}));
	/* not sorted */
	assert_int_equal(-ERR_REFUSED, PARSE({SCHEME, 65, 4}, {1, 1, 1}));
	assert_int_equal(
	    -ERR_REFUSED, PARSE({2, 1, 1}, {1, 1, 1}, {SCHEME, 65, 4}));
}

static void
test_share_form_refused(void **state)
{
	(void)state;
	assert_int_equal(-ERR_REFUSED, PARSE({SCHEME, 64, 4}));
	assert_int_equal(-ERR_REFUSED, PARSE({SCHEME, 66, 4}));
	assert_int_equal(-ERR_REFUSED, PARSE({SCHEME, 33, 2}));
	assert_int_equal(-ERR_REFUSED, PARSE({SCHEME, 65, 2}));
	assert_int_equal(-ERR_REFUSED, PARSE({SCHEME, 65, 6}));
	assert_int_equal(-ERR_REFUSED, PARSE({SCHEME, 65, 0}));
	assert_int_equal(-ERR_REFUSED, PARSE({SCHEME, 1, 0}));
	/* PAKEShare.pake_message<1..2^16-1> */
	assert_int_equal(-ERR_INVALID, PARSE({SCHEME, 0, 4}));
	assert_int_equal(-ERR_INVALID, PARSE({1, 0, 0}, {SCHEME, 65, 4}));
	assert_int_equal(-ERR_INVALID, PARSE({SCHEME, 65, 4}, {0xffff, 0, 0}));
}

static void
test_no_shares_refused(void **state)
{
	struct buf none = {0};

	(void)state;
	put(&none, "", 0);
	assert_int_equal(-ERR_REFUSED, parse_shares(&none));
	buf_fini(&none);
}

static void
test_server_hello(void **state)
{
	struct pake_server_hello in, out;
	uint8_t raw[PAKE_SERVER_HELLO_LEN + 1] = {0};

	(void)state;
	fill_share(in.share_v);
	memset(in.confirm_v, 0xc3, sizeof(in.confirm_v));
	pake_server_hello_encode(raw, &in, SCHEME);
	assert_int_equal(0, pake_server_hello_parse(&out,
				(struct bytes){raw, sizeof(raw) - 1}, SCHEME));
	assert_memory_equal(&in, &out, sizeof(in));
	for (size_t len = 0; len <= sizeof(raw); len++)
		if (len != PAKE_SERVER_HELLO_LEN)
			assert_int_equal(-ERR_INVALID,
			    pake_server_hello_parse(
				&out, (struct bytes){raw, len}, SCHEME));
	assert_int_equal(-ERR_REFUSED,
	    pake_server_hello_parse(
		&out, (struct bytes){raw, sizeof(raw) - 1}, SCHEME + 1));
	raw[4] = 2;
	assert_int_equal(
	    -ERR_REFUSED, pake_server_hello_parse(&out,
			      (struct bytes){raw, sizeof(raw) - 1}, SCHEME));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_client_hello_round_trip),
	    cmocka_unit_test(test_client_hello_bytes),
	    cmocka_unit_test(test_identity_too_long_refused),
	    cmocka_unit_test(test_client_hello_truncated_refused),
	    cmocka_unit_test(test_schemes),
	    cmocka_unit_test(test_share_form_refused),
	    cmocka_unit_test(test_no_shares_refused),
	    cmocka_unit_test(test_server_hello),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
