#include "tests/unit/cmocka.h"

#include <string.h>

#include "ca/der.h"

struct sample {
	const char *what;
	uint8_t der[8];
	size_t len;
};

static struct bytes
sample_bytes(const struct sample *s)
{
	return (struct bytes){s->der, s->len};
}

static void
test_good(void **state)
{
	static const struct sample good[] = {
	    {"NULL", {0x05, 0x00}, 2},
	    {"INTEGER 128", {0x02, 0x02, 0x00, 0x80}, 4},
	    {"INTEGER -128", {0x02, 0x01, 0x80}, 3},
	    {"BOOLEAN TRUE", {0x01, 0x01, 0xff}, 3},
	    {"empty SEQUENCE", {0x30, 0x00}, 2},
	    {"empty BIT STRING", {0x03, 0x01, 0x00}, 3},
	    {"BIT STRING with 3 unused bits", {0x03, 0x02, 0x03, 0x08}, 4},
	    {"nested", {0x30, 0x04, 0xa0, 0x02, 0x05, 0x00}, 6},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (der_check(sample_bytes(&good[i])) != 0)
			fail_msg("%s", good[i].what);
}

/* X.690 10.1, 8.1.5, 8.3.2, 11.1, 11.2.1, 10.2 */
static void
test_not_der_refused(void **state)
{
	static const struct sample bad[] = {
	    {"nothing", {0}, 0},
	    {"tag alone", {0x30}, 1},
	    {"trailing byte", {0x05, 0x00, 0x00}, 3},
	    {"two elements", {0x05, 0x00, 0x05, 0x00}, 4},
	    {"cut off", {0x04, 0x02, 0x00}, 3},
	    {"indefinite length", {0x30, 0x80, 0x00, 0x00}, 4},
	    {"long form for a short length", {0x04, 0x81, 0x01, 0x00}, 4},
	    {"leading zero in the length", {0x04, 0x82, 0x00, 0x01, 0x00}, 5},
	    {"length of 5 octets", {0x04, 0x85, 1, 1, 1, 1, 1}, 7},
	    {"inner element too long", {0x30, 0x02, 0x04, 0x01}, 4},
	    {"high tag number", {0x1f, 0x81, 0x01, 0x00}, 4},
	    {"end-of-contents", {0x00, 0x00}, 2},
	    {"BOOLEAN 1", {0x01, 0x01, 0x01}, 3},
	    {"BOOLEAN of two octets", {0x01, 0x02, 0xff, 0xff}, 4},
	    {"empty INTEGER", {0x02, 0x00}, 2},
	    {"padded INTEGER", {0x02, 0x02, 0x00, 0x7f}, 4},
	    {"padded negative INTEGER", {0x02, 0x02, 0xff, 0x80}, 4},
	    {"NULL with content", {0x05, 0x01, 0x00}, 3},
	    {"empty OID", {0x06, 0x00}, 2},
	    {"OID without end", {0x06, 0x01, 0x80}, 3},
	    {"padded OID arc", {0x06, 0x03, 0x2a, 0x80, 0x01}, 5},
	    {"BIT STRING without count", {0x03, 0x00}, 2},
	    {"BIT STRING with 8 unused", {0x03, 0x02, 0x08, 0x00}, 4},
	    {"unused bits set", {0x03, 0x02, 0x03, 0x0f}, 4},
	    {"constructed OCTET STRING", {0x24, 0x03, 0x04, 0x01, 0x00}, 5},
	    {"primitive SEQUENCE", {0x10, 0x00}, 2},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (der_check(sample_bytes(&bad[i])) != -ERR_INVALID)
			fail_msg("%s", bad[i].what);
}

static void
test_deep_nesting_refused(void **state)
{
	uint8_t der[2 * (DER_DEPTH_MAX + 8)];

	(void)state;
	for (size_t i = 0; i < sizeof(der); i += 2) {
		der[i] = DER_SEQUENCE;
		der[i + 1] = (uint8_t)(sizeof(der) - i - 2);
	}
	assert_int_equal(
	    -ERR_INVALID, der_check((struct bytes){der, sizeof(der)}));
	assert_int_equal(
	    0, der_check((struct bytes){der + 20, sizeof(der) - 20}));
}

static void
test_header(void **state)
{
	static const struct {
		size_t len;
		uint8_t header[5];
		size_t header_len;
	} cases[] = {{0, {0x30, 0x00}, 2}, {127, {0x30, 0x7f}, 2},
	    {128, {0x30, 0x81, 0x80}, 3}, {256, {0x30, 0x82, 0x01, 0x00}, 4},
	    {65536, {0x30, 0x83, 0x01, 0x00, 0x00}, 5}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = {0};

		assert_int_equal(
		    0, der_add_header(&out, DER_SEQUENCE, cases[i].len));
		assert_int_equal(cases[i].header_len, out.len);
		assert_int_equal(
		    cases[i].header_len, der_header_len(cases[i].len));
		assert_memory_equal(cases[i].header, out.data, out.len);
		buf_fini(&out);
	}
}

static void
test_reading(void **state)
{
	static const uint8_t der[] = {0x02, 0x01, 0x05, 0x30, 0x00};
	struct bytes in = {der, sizeof(der)}, content;

	(void)state;
	assert_true(der_next_is(in, DER_INTEGER));
	assert_int_equal(-ERR_INVALID, der_read(&content, &in, DER_SEQUENCE));
	assert_int_equal(0, der_read(&content, &in, DER_INTEGER));
	assert_int_equal(1, content.len);
	assert_int_equal(0, der_read_element(&content, &in));
	assert_int_equal(2, content.len);
	assert_int_equal(0, in.len);
	assert_false(der_next_is(in, DER_SEQUENCE));
	assert_int_equal(-ERR_INVALID, der_read_element(&content, &in));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_not_der_refused),
	    cmocka_unit_test(test_deep_nesting_refused),
	    cmocka_unit_test(test_header),
	    cmocka_unit_test(test_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
