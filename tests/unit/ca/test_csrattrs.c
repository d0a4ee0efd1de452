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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_key_type),
	    cmocka_unit_test(test_channel_binding),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
