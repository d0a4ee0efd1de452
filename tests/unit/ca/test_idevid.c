#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/clock.h"
#include "ca/idevid.h"
#include "tests/unit/ca/craft.h"

#define MASA_URL "1.3.6.1.5.5.7.1.32"
#define MUD_URL "1.3.6.1.5.5.7.1.25"
static void
make_device(struct crafted *out, const struct crafted *issuer,
    const char *const exts[][2], size_t n)
{
	struct craft craft = {.cn = "thing", .issuer = issuer};

	memcpy(craft.exts, exts, n * sizeof(exts[0]));
	craft_cert(out, &craft);
}

static void
test_urls(void **state)
{
	static const char *const exts[][2] = {
	    {MASA_URL, "ASN1:IA5STRING:masa.maker.example:9443"},
	    {MUD_URL, "ASN1:IA5STRING:https://maker.example/mud.json"}};
	struct crafted device;
	struct idevid idevid;
	struct reason why = {""};

	(void)state;
	make_device(&device, NULL, exts, 2);
	if (idevid_parse(&idevid, blob_bytes(&device.der), &why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(idevid.masa_url, "masa.maker.example:9443");
	assert_string_equal(idevid.mud_url, "https://maker.example/mud.json");
	assert_string_equal(idevid.serial_number, "");
	/* Without the extension: OCTET STRING of 24 octets with the SHA-1. */
	assert_int_equal(idevid.issuer.len, 26);
	assert_memory_equal(idevid.issuer.data, "\x04\x18\x30\x16\x80\x14", 6);
	idevid_fini(&idevid);
	crafted_fini(&device);
}

static void
test_odd_urls_refused(void **state)
{
	static const char *const odd[][2] = {
	    {MASA_URL, "ASN1:UTF8:masa.maker.example"},
	    {MASA_URL, "DER:16036100ff"},
	    {MASA_URL, "DER:160361006b"},
	    {MASA_URL, "DER:1600"},
	    {MUD_URL, "DER:1603610a6b"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		struct crafted device;
		struct idevid idevid;
		struct reason why = {""};

		make_device(&device, NULL, &odd[i], 1);
		if (idevid_parse(&idevid, blob_bytes(&device.der), &why) == 0)
			fail_msg("%s was taken", odd[i][1]);
		assert_true(why.text[0] != '\0');
		crafted_fini(&device);
	}
}

static void
test_plain_mud_url_is_left_out(void **state)
{
	static const char *const exts[][2] = {
	    {MUD_URL, "ASN1:IA5STRING:http://maker.example/mud.json"}};
	struct crafted device;
	struct idevid idevid;

	(void)state;
	make_device(&device, NULL, exts, 1);
	assert_int_equal(
	    idevid_parse(&idevid, blob_bytes(&device.der), NULL), 0);
	assert_string_equal(idevid.mud_url, "");
	idevid_fini(&idevid);
	crafted_fini(&device);
}

/* [RFC4108 5] */
static void
test_hardware_serial(void **state)
{
	/* otherName { 1.3.6.1.5.5.7.8.4, [0] { 1.2.3, "SN-1" } } */
	static const char *const exts[][2] = {
	    {"subjectAltName", "DER:301aa018"
			       "06082b06010505070804"
			       "a00c300a"
			       "06022a03"
			       "0404"
			       "534e2d31"}};
	struct crafted device;
	struct idevid idevid;
	struct reason why = {""};

	(void)state;
	make_device(&device, NULL, exts, 1);
	if (idevid_parse(&idevid, blob_bytes(&device.der), &why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(idevid.hw_serial, "SN-1");
	idevid_fini(&idevid);
	crafted_fini(&device);
}

static void
test_verify(void **state)
{
	static const struct craft root = {.cn = "Maker", .exts = {CRAFT_CA}};
	struct craft sub = {.cn = "Maker's line 1", .exts = {CRAFT_CA}};
	struct craft leaf = {.cn = "thing"};
	struct crafted a, b, device, other;
	struct cert_list anchors = {.n = 0}, chain = {.n = 0};
	struct cert_list others = {.n = 0};
	struct reason why = {""};
	int64_t now = clock_now();

	(void)state;
	craft_cert(&a, &root);
	craft_cert(&other, &root);
	sub.issuer = &a;
	craft_cert(&b, &sub);
	leaf.issuer = &b;
	craft_cert(&device, &leaf);
	craft_list_add(&anchors, &a);
	craft_list_add(&others, &other);
	craft_list_add(&chain, &b);
	assert_int_equal(
	    idevid_verify(blob_bytes(&device.der), &chain, &anchors, now, &why),
	    0);
	/* The one between is missing. */
	assert_int_equal(
	    idevid_verify(blob_bytes(&device.der), NULL, &anchors, now, &why),
	    -ERR_REFUSED);
	/* It may be the anchor. */
	assert_int_equal(
	    idevid_verify(blob_bytes(&device.der), NULL, &chain, now, &why), 0);
	/* A maker of the same name, with another key. */
	assert_int_equal(
	    idevid_verify(blob_bytes(&device.der), &chain, &others, now, &why),
	    -ERR_REFUSED);
	assert_int_equal(
	    idevid_verify(blob_bytes(&device.der), &chain, &anchors,
		now + 100 * 366 * (int64_t)CRAFT_DAY, &why),
	    -ERR_REFUSED);
	cert_list_fini(&anchors);
	cert_list_fini(&others);
	cert_list_fini(&chain);
	crafted_fini(&a);
	crafted_fini(&b);
	crafted_fini(&device);
	crafted_fini(&other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_urls),
	    cmocka_unit_test(test_odd_urls_refused),
	    cmocka_unit_test(test_plain_mud_url_is_left_out),
	    cmocka_unit_test(test_hardware_serial),
	    cmocka_unit_test(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
