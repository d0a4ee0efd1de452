#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/base64.h"
#include "registrar/binding.h"

static const struct tls_binding unique = {
    .type = "tls-unique", .data = "unique bytes", .len = 12};
static const struct tls_binding exporter = {.type = "tls-exporter",
    .data = "0123456789abcdef0123456789abcdef",
    .len = 32};
static const struct tls_binding none = {.type = "tls-unique"};

/* In base64, as a request has it. */
static void
encode(char out[128], const void *data, size_t len)
{
	struct buf text = {0};

	assert_int_equal(0, base64_encode(&text, (struct bytes){data, len}, 0));
	assert_true(text.len < 128);
	strcpy(out, buf_text(&text));
	buf_fini(&text);
}

static void
refused(int err, const char *challenge, const struct tls_binding *binding,
    bool required, const char *says)
{
	struct reason why = {""};
	int got = binding_check(challenge, binding, required, &why);

	if (got != err || strstr(why.text, says) == NULL)
		fail_msg("'%s': %d '%s'", challenge, got, why.text);
	assert_null(strchr(why.text, '\n'));
}

/* [RFC7030 3.5] */
static void
test_right(void **state)
{
	char text[128];

	(void)state;
	for (int required = 0; required < 2; required++) {
		encode(text, unique.data, unique.len);
		assert_int_equal(
		    0, binding_check(text, &unique, required != 0, NULL));
		encode(text, exporter.data, exporter.len);
		assert_int_equal(
		    0, binding_check(text, &exporter, required != 0, NULL));
	}
}

static void
test_absent(void **state)
{
	(void)state;
	assert_int_equal(0, binding_check("", &unique, false, NULL));
	assert_int_equal(0, binding_check("", &none, false, NULL));
	refused(-ERR_REFUSED, "", &unique, true, "requires");
	refused(-ERR_REFUSED, "", &exporter, true, "tls-exporter");
	refused(-ERR_REFUSED, "", &none, true, "requires");
}

static void
test_wrong_refused(void **state)
{
	char text[128];
	uint8_t other[32];

	(void)state;
	for (int required = 0; required < 2; required++) {
		bool r = required != 0;

		for (size_t i = 0; i < exporter.len; i++) {
			memcpy(other, exporter.data, sizeof(other));
			other[i] ^= 1;
			encode(text, other, sizeof(other));
			refused(-ERR_INVALID, text, &exporter, r,
			    "not the tls-exporter of this");
		}
		for (size_t len = 0; len < exporter.len; len++) {
			encode(text, exporter.data, len);
			if (len != 0)
				refused(-ERR_INVALID, text, &exporter, r,
				    "where tls-exporter has 32");
		}
		/* That of the other version of TLS. */
		encode(text, unique.data, unique.len);
		refused(-ERR_INVALID, text, &exporter, r, "holds 12 bytes");
		refused(-ERR_INVALID, text, &none, r, "RFC 7627");
		refused(-ERR_INVALID, "secret password!", &exporter, r,
		    "not base64");
		refused(-ERR_INVALID, "hunter22", &unique, r, "holds 6 bytes");
		refused(-ERR_INVALID, "A", &unique, r, "not base64");
		refused(-ERR_INVALID, " ", &unique, r, "holds 0 bytes");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_right),
	    cmocka_unit_test(test_absent),
	    cmocka_unit_test(test_wrong_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
