#include "tests/unit/cmocka.h"

#include <string.h>

#include "client/svcb.h"

#define ALPN_DOT_H2 0, 1, 0, 7, 3, 'd', 'o', 't', 2, 'h', '2'
#define PORT_8853 0, 3, 0, 2, 0x22, 0x95
#define HINT_192_0_2_1 0, 4, 0, 4, 192, 0, 2, 1
#define DOHPATH_Q 0, 7, 0, 8, '/', 'q', '{', '?', 'd', 'n', 's', '}'
#define NAME_X 1, 'x', 0

static int
parse(struct resolver *out, const char *label, const uint8_t *data, size_t len)
{
	uint16_t priority = 0;
	int err;

	memset(out, 0, sizeof(*out));
	strcpy(out->adn, "x");
	strcpy(out->label, label);
	err = svcb_parse(out, &priority, (struct bytes){data, len});
	if (err == 0)
		assert_int_equal(1, priority);
	return err;
}

static void
test_both_labels(void **state)
{
	static const uint8_t data[] = {
	    0, 1, 0, ALPN_DOT_H2, PORT_8853, HINT_192_0_2_1, DOHPATH_Q};
	struct resolver r;

	(void)state;
	assert_int_equal(0, parse(&r, LABEL_DOT, data, sizeof(data)));
	assert_int_equal(8853, r.port);
	assert_int_equal(1, r.n_addresses);
	assert_int_equal(2, r.n_alpn);
	assert_string_equal("", r.dohpath);
	assert_int_equal(0, parse(&r, LABEL_DOH, data, sizeof(data)));
	assert_string_equal("/q{?dns}", r.dohpath);
	/* Cut anywhere it is malformed or does not fit, but never taken in
	 * part; only whole parameters at the end may be missing. */
	for (size_t len = 0; len < sizeof(data); len++)
		assert_true(parse(&r, LABEL_DOH, data, len) < 0);
}

static void
test_own_name_as_target(void **state)
{
	static const uint8_t data[] = {0, 1, NAME_X, ALPN_DOT_H2};
	static const uint8_t other[] = {0, 1, 1, 'y', 0, ALPN_DOT_H2};
	static const uint8_t hinted[] = {
	    0, 1, 1, 'y', 0, ALPN_DOT_H2, HINT_192_0_2_1};
	struct resolver r;

	(void)state;
	assert_int_equal(0, parse(&r, LABEL_DOT, data, sizeof(data)));
	assert_int_equal(853, r.port);
	assert_int_equal(
	    -ERR_NOT_FOUND, parse(&r, LABEL_DOT, other, sizeof(other)));
	assert_int_equal(0, r.port);
	assert_int_equal(0, parse(&r, LABEL_DOT, hinted, sizeof(hinted)));
}

/* A protocol's octets may be any (RFC 7301 3.1); those that are no text are
 * left out, not taken for what is in front of a NUL. */
static void
test_odd_alpn_left_out(void **state)
{
	static const uint8_t nul[] = {0, 1, 0, 0, 1, 0, 5, 4, 'd', 'o', 't', 0};
	static const uint8_t odd[] = {
	    0, 1, 0, 0, 1, 0, 11, 1, 0, 2, 'h', 1, 1, 0xff, 3, 'd', 'o', 't'};
	struct resolver r;

	(void)state;
	assert_int_equal(
	    -ERR_NOT_FOUND, parse(&r, LABEL_DOT, nul, sizeof(nul)));
	assert_int_equal(0, parse(&r, LABEL_DOT, odd, sizeof(odd)));
	assert_int_equal(1, r.n_alpn);
	assert_string_equal("dot", r.alpn[0]);
}

struct record {
	uint8_t data[40];
	size_t len;
	int err;
};

static void
test_unusable_records_refused(void **state)
{
	static const struct record records[] = {
	    /* Alias mode; no ALPN; another protocol; DoH without a path. */
	    {{0, 0, NAME_X}, 5, -ERR_NOT_FOUND},
	    {{0, 1, 0}, 3, -ERR_NOT_FOUND},
	    {{0, 1, 0, 0, 1, 0, 4, 3, 'd', 'o', 't'}, 11, -ERR_NOT_FOUND},
	    {{0, 1, 0, 0, 1, 0, 3, 2, 'h', '2'}, 10, -ERR_NOT_FOUND},
	    /* An unknown mandatory key. */
	    {{0, 1, 0, 0, 0, 0, 2, 0, 99, 0, 1, 0, 3, 2, 'h', '2', DOHPATH_Q},
		28, -ERR_NOT_FOUND},
	    /* Keys out of order, twice; a hint of 3 octets; port 0; an ALPN of
	     * no octets; a name that does not end; a compression pointer. */
	    {{0, 1, 0, PORT_8853, 0, 1, 0, 3, 2, 'h', '2'}, 16, -ERR_INVALID},
	    {{0, 1, 0, PORT_8853, PORT_8853}, 15, -ERR_INVALID},
	    {{0, 1, 0, 0, 4, 0, 3, 1, 2, 3}, 10, -ERR_INVALID},
	    {{0, 1, 0, 0, 3, 0, 2, 0, 0}, 9, -ERR_INVALID},
	    {{0, 1, 0, 0, 1, 0, 1, 0}, 8, -ERR_INVALID},
	    {{0, 1, 5, 'x'}, 4, -ERR_INVALID},
	    {{0, 1, 0xc0, 0x0c}, 4, -ERR_INVALID},
	};
	struct resolver r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(records); i++) {
		int err = parse(&r, LABEL_DOH, records[i].data, records[i].len);

		if (err != records[i].err)
			fail_msg("record %zu: %d", i, err);
		assert_int_equal(0, r.port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_labels),
	    cmocka_unit_test(test_own_name_as_target),
	    cmocka_unit_test(test_odd_alpn_left_out),
	    cmocka_unit_test(test_unusable_records_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
