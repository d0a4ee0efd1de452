#include "tests/unit/cmocka.h"

#include <string.h>

#include "tests/unit/voucher/support.h"
#include "voucher/fields.h"

/* [RFC8366 5.3] Names and numbers lead to the same leaf, in either kind. */
static void
test_lookup(void **state)
{
	static const enum voucher_kind kinds[] = {
	    VOUCHER_REQUEST, VOUCHER_VOUCHER};

	(void)state;
	for (size_t i = 0; i < n_voucher_fields; i++)
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			const struct voucher_field *field = &voucher_fields[i];
			uint16_t sid = kinds[k] == VOUCHER_REQUEST
					   ? field->sid_request
					   : field->sid_voucher;
			const struct voucher_field *named =
			    voucher_field_by_name(
				kinds[k], field->name, strlen(field->name));

			assert_ptr_equal(named, sid != 0 ? field : NULL);
			assert_ptr_equal(voucher_field_by_sid(kinds[k], sid),
			    sid != 0 ? field : NULL);
			/* Not by less of a name, nor by more. */
			assert_null(voucher_field_by_name(
			    kinds[k], field->name, strlen(field->name) - 1));
			assert_null(voucher_field_by_name(
			    kinds[k], field->name, strlen(field->name) + 1));
		}
	assert_null(voucher_field_by_sid(VOUCHER_VOUCHER, 0));
	assert_null(voucher_field_by_sid(VOUCHER_VOUCHER, 2502));
	assert_null(voucher_field_by_sid(VOUCHER_REQUEST, 2452));
	assert_null(voucher_field_by_sid(VOUCHER_REQUEST, UINT64_MAX));
	assert_null(voucher_field_by_name(
	    VOUCHER_VOUCHER, "proximity-registrar-cert", 24));
	assert_string_equal(
	    voucher_root_name(VOUCHER_VOUCHER), "ietf-voucher:voucher");
	assert_string_equal(
	    voucher_root_name(VOUCHER_REQUEST), "ietf-voucher-request:voucher");
}

static int
set(struct voucher *v, const char *name, const char *text, size_t len,
    struct reason *why)
{
	const struct voucher_field *field =
	    voucher_field_by_name(VOUCHER_VOUCHER, name, strlen(name));
	char *copy = malloc(len != 0 ? len : 1);
	int err;

	assert_non_null(field);
	assert_non_null(copy);
	memcpy(copy, text, len);
	err = voucher_field_set_text(v, field, copy, len, why);
	free(copy);
	return err;
}

static void
test_bad_texts_refused(void **state)
{
	static const char long_text[200] = {'x'};
	struct {
		const char *name, *text;
		size_t len;
	} bad[] = {{"assertion", "", 0}, {"assertion", "Verified", 8},
	    {"assertion", "proximity\0", 10}, {"assertion", "proximityx", 10},
	    {"assertion", "proximit", 8}, {"assertion", long_text, 200},
	    {"serial-number", "", 0}, {"serial-number", "a\0b", 3},
	    {"serial-number", "a\nb", 3}, {"serial-number", "\xc3\xbc", 2},
	    {"serial-number", long_text, 129}, {"nonce", "", 0},
	    {"nonce", long_text, 129}, {"nonce", "a\0", 2},
	    {"created-on", "", 0}, {"created-on", "yesterday", 9},
	    /* What expired long ago is not what never expires. */
	    {"expires-on", "1970-01-01T00:00:00Z", 20},
	    {"expires-on", "1970-01-01T02:00:00+02:00", 25},
	    {"expires-on", "1969-12-31T23:59:59Z", 20},
	    {"expires-on", "0000-00-00T00:00:00Z", 20},
	    {"pinned-domain-cert", "text", 4},
	    {"domain-cert-revocation-checks", "true", 4}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};
		struct voucher v;

		voucher_init(&v, VOUCHER_VOUCHER);
		if (set(&v, bad[i].name, bad[i].text, bad[i].len, &why) !=
		    -ERR_INVALID)
			fail_msg(
			    "%s: \"%s\" is taken", bad[i].name, bad[i].text);
		assert_reason(&why, bad[i].name);
		for (size_t k = 0; k < n_voucher_fields; k++)
			assert_false(
			    voucher_field_is_set(&v, &voucher_fields[k]));
		voucher_fini(&v);
	}
}

static void
test_good_texts(void **state)
{
	struct voucher v;
	char text[128];

	(void)state;
	memset(text, 'x', sizeof(text));
	voucher_init(&v, VOUCHER_VOUCHER);
	assert_int_equal(set(&v, "assertion", "agent-proximity", 15, NULL), 0);
	assert_int_equal(v.assertion, VOUCHER_AGENT_PROXIMITY);
	assert_int_equal(set(&v, "nonce", text, sizeof(text), NULL), 0);
	assert_int_equal(v.nonce.len, sizeof(text));
	assert_true(v.nonce.is_text);
	assert_int_equal(set(&v, "serial-number", text, sizeof(text), NULL), 0);
	assert_int_equal(strlen(v.serial_number), sizeof(text));
	assert_int_equal(
	    set(&v, "expires-on", "1970-01-01T00:00:01Z", 20, NULL), 0);
	assert_int_equal(v.expires_on, 1);
	voucher_fini(&v);
}

static void
test_binaries(void **state)
{
	static const uint8_t octets[129] = {0};
	struct voucher v;

	(void)state;
	for (size_t i = 0; i < n_voucher_fields; i++) {
		const struct voucher_field *field = &voucher_fields[i];
		bool binary = field->type == FIELD_BINARY;
		bool nonce = field->type == FIELD_NONCE;

		voucher_init(&v, VOUCHER_REQUEST);
		assert_int_equal(voucher_field_set_binary(&v, field,
				     (struct bytes){octets, 0}, NULL),
		    -ERR_INVALID);
		assert_int_equal(voucher_field_set_binary(&v, field,
				     (struct bytes){octets, 129}, NULL),
		    binary ? 0 : -ERR_INVALID);
		assert_int_equal(voucher_field_is_set(&v, field), binary);
		voucher_fini(&v);
		voucher_init(&v, VOUCHER_REQUEST);
		assert_int_equal(voucher_field_set_binary(&v, field,
				     (struct bytes){octets, 1}, NULL),
		    binary || nonce ? 0 : -ERR_INVALID);
		voucher_fini(&v);
	}
}

/* Rules for the whole. [RFC8366 5.3] */
static void
test_check(void **state)
{
	struct reason why = {""};
	struct voucher v;

	(void)state;
	voucher_fill(&v, VOUCHER_VOUCHER);
	assert_int_equal(voucher_check(&v, &why), 0);
	v.assertion = VOUCHER_ASSERTION_NONE;
	assert_int_equal(voucher_check(&v, &why), -ERR_INVALID);
	assert_reason(&why, "assertion is missing");
	v.assertion = VOUCHER_LOGGED;
	assert_int_equal(
	    blob_copy(&v.pinned_domain_pubk, blob_bytes(&v.idevid_issuer)), 0);
	assert_int_equal(voucher_check(&v, &why), -ERR_INVALID);
	assert_reason(&why, "more than one way");
	blob_fini(&v.pinned_domain_cert);
	assert_int_equal(voucher_check(&v, &why), 0);
	blob_fini(&v.pinned_domain_pubk);
	assert_int_equal(voucher_check(&v, &why), -ERR_INVALID);
	assert_reason(&why, "pinned-domain-cert is missing");
	v.serial_number[0] = '\0';
	assert_int_equal(voucher_check(&v, &why), -ERR_INVALID);
	assert_reason(&why, "serial-number is missing");
	voucher_fini(&v);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lookup),
	    cmocka_unit_test(test_bad_texts_refused),
	    cmocka_unit_test(test_good_texts),
	    cmocka_unit_test(test_binaries),
	    cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
