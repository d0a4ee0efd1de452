#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/str.h"
#include "ca/csrattrs.h"
#include "ca/der.h"

#define ADN "dns.example.net"

static void
assert_hex(const struct csrattrs *attrs, const char *expected)
{
	struct blob der = {0};
	char hex[1024];

	assert_int_equal(0, csrattrs_encode(&der, attrs));
	assert_true(2 * der.len < sizeof(hex));
	hex_encode(hex, blob_bytes(&der));
	assert_string_equal(expected, hex);
	assert_int_equal(0, der_check(blob_bytes(&der)));
	blob_fini(&der);
}

/* ecPublicKey { P-256 }, ecdsa-with-SHA256: written by hand from RFC 5480. */
#define KEY_TYPE "301506072a8648ce3d0201310a06082a8648ce3d030107"
#define HASH "06082a8648ce3d040302"

/* [RFC7030 4.5.2] */
static void
test_key_type(void **state)
{
	(void)state;
	assert_hex(&(struct csrattrs){.names = NULL}, "3021" KEY_TYPE HASH);
}

/* [RFC7030 3.5] challengePassword is named when it is required. */
static void
test_channel_binding(void **state)
{
	(void)state;
	assert_hex(&(struct csrattrs){.channel_binding = true},
	    "302c"
	    "06092a864886f70d010907" KEY_TYPE HASH);
}

/* [RFC9908 3.2] extensionRequest { { subjectAltName } } */
static void
test_names(void **state)
{
	struct names names = {.n = 0};

	(void)state;
	assert_int_equal(0, names_add(&names, NAME_DNS, ADN));
	assert_int_equal(0, names_add_srv(&names, "doh", ADN));
	assert_int_equal(0, names_add(&names, NAME_IP, "192.0.2.53"));
	assert_hex(&(struct csrattrs){.names = &names},
	    "3078" KEY_TYPE HASH "3055" /* Attribute */
	    "06092a864886f70d01090e"
	    "3148" /* SET */
	    "3046" /* Extensions */
	    "3044" /* Extension */
	    "0603551d11"
	    "043d"
	    "303b"
	    "820f" /* dNSName */
	    "646e732e6578616d706c652e6e6574"
	    "a022" /* otherName, SRVName */
	    "06082b06010505070807"
	    "a016"
	    "1614"
	    "5f646f682e646e732e6578616d706c652e6e6574"
	    "8704" /* iPAddress */
	    "c0000235");
}

static int
decode(struct csrattrs_wish *out, const char *hex)
{
	uint8_t der[512];
	size_t len = strlen(hex) / 2;
	struct reason why = {""};
	int err;

	assert_int_equal(0, hex_decode(der, len, hex));
	err = csrattrs_decode(out, (struct bytes){der, len}, &why);
	assert_int_equal(err != 0, why.text[0] != '\0');
	return err;
}

/* RFC 8951's example: challengePassword, P-384, a bare extension, SHA-384. */
#define EXAMPLE                                                                \
	"304106092a864886f70d010907301206072a8648ce3d0201310706052b81040022"   \
	"301606092a864886f70d01090e310906072b060101010116"                     \
	"06082a8648ce3d040303"

/* [RFC7030 4.5.2] What is not known is ignored. */
static void
test_read(void **state)
{
	struct csrattrs_wish wish;

	(void)state;
	assert_int_equal(0, decode(&wish, ""));
	assert_int_equal(0, decode(&wish, "3000"));
	assert_false(wish.p256 || wish.channel_binding || wish.names);
	assert_string_equal("", wish.other_key);
	assert_int_equal(0, decode(&wish, "3021" KEY_TYPE HASH));
	assert_true(wish.p256);
	assert_string_equal("", wish.other_key);
	assert_int_equal(0, decode(&wish, EXAMPLE));
	assert_true(wish.channel_binding);
	assert_false(wish.p256 || wish.names);
	assert_string_equal("EC P-384", wish.other_key);
	/* rsaEncryption { 2048 } */
	assert_int_equal(
	    0, decode(&wish, "3013301106092a864886f70d010101310402020800"));
	assert_string_equal("RSA", wish.other_key);
}

/* [RFC9908 3.2] */
static void
test_read_names(void **state)
{
	struct names names = {0};
	struct csrattrs attrs = {.channel_binding = true, .names = &names};
	struct csrattrs_wish wish;
	struct blob der = {0};

	(void)state;
	assert_int_equal(0, names_add(&names, NAME_DNS, ADN));
	assert_int_equal(0, csrattrs_encode(&der, &attrs));
	assert_int_equal(0, csrattrs_decode(&wish, blob_bytes(&der), NULL));
	assert_true(wish.names && wish.p256 && wish.channel_binding);
	blob_fini(&der);
}

static void
test_read_malformed_refused(void **state)
{
	uint8_t der[sizeof(EXAMPLE) / 2];
	size_t len = sizeof(der);
	struct csrattrs_wish wish;
	uint8_t *large = calloc(1, CSRATTRS_MAX_BYTES + 1);

	(void)state;
	assert_int_equal(0, hex_decode(der, len, EXAMPLE));
	for (size_t i = 1; i < len; i++)
		assert_int_equal(-ERR_INVALID,
		    csrattrs_decode(&wish, (struct bytes){der, i}, NULL));
	assert_int_equal(-ERR_INVALID, decode(&wish, "300000"));
	assert_int_equal(-ERR_INVALID, decode(&wish, "30020500"));
	assert_int_equal(-ERR_INVALID, decode(&wish, "30023000"));
	assert_int_equal(-ERR_INVALID, decode(&wish, "0603551d11"));
	assert_int_equal(-ERR_TOO_LARGE,
	    csrattrs_decode(
		&wish, (struct bytes){large, CSRATTRS_MAX_BYTES + 1}, NULL));
	free(large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_key_type),
	    cmocka_unit_test(test_channel_binding),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_read_names),
	    cmocka_unit_test(test_read_malformed_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
