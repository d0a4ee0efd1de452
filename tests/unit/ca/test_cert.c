#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/base64.h"
#include "ca/cert.h"
#include "tests/unit/ca/craft.h"

static int
parse(struct cert_info *info, const struct crafted *c, struct reason *why)
{
	return cert_parse(info, blob_bytes(&c->der), why);
}

static void
test_facts(void **state)
{
	struct crafted root, leaf;
	struct cert_info info;
	struct reason why = {""};

	(void)state;
	craft_cert(&root, &(struct craft){.cn = "Root", .exts = {CRAFT_CA}});
	craft_cert(&leaf,
	    &(struct craft){.cn = CRAFT_ADN,
		.issuer = &root,
		.not_before = 1795300000,
		.not_after = 253402300799, /* 99991231235959Z */
		.exts = {{"subjectAltName", "DNS:" CRAFT_ADN ",IP:10.0.0.1"},
		    {"extendedKeyUsage", "clientAuth"}}});
	assert_int_equal(0, parse(&info, &root, &why));
	assert_true(info.is_ca);
	assert_true(info.self_issued);
	assert_true(info.server_auth); /* no EKU at all */
	assert_true(info.client_auth);
	assert_int_equal(0, info.names.n);
	assert_int_equal(0, parse(&info, &leaf, &why));
	assert_string_equal("1267", info.serial);
	assert_string_equal("CN=" CRAFT_ADN, info.subject);
	assert_string_equal("CN=Root", info.issuer);
	assert_string_equal(CRAFT_ADN, info.common_name);
	assert_int_equal(1795300000, info.not_before);
	assert_int_equal(253402300799, info.not_after);
	assert_int_equal(2, info.names.n);
	assert_false(info.is_ca);
	assert_false(info.self_issued);
	assert_false(info.server_auth);
	assert_true(info.client_auth);
	crafted_fini(&root);
	crafted_fini(&leaf);
}

static void
outline_is_the_same(const struct crafted *c)
{
	struct cert_info info;
	struct cert_outline outline;
	struct reason why = {""};

	assert_int_equal(0, parse(&info, c, &why));
	if (cert_outline_parse(&outline, blob_bytes(&c->der), &why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(info.serial, outline.serial);
	assert_string_equal(info.subject, outline.subject);
	assert_true(info.not_before == outline.not_before);
	assert_true(info.not_after == outline.not_after);
}

static void
test_outline(void **state)
{
	struct crafted c;
	struct cert_outline outline;

	(void)state;
	craft_cert(&c, &(struct craft){.cn = NULL, .serial = 0x00ff});
	outline_is_the_same(&c);
	crafted_fini(&c);
	craft_cert(&c, &(struct craft){.cn = "One, \"two\" + three",
			   .serial_number = "4711",
			   .not_before = 1795300000,
			   .not_after = 253402300799});
	outline_is_the_same(&c);
	crafted_fini(&c);
	craft_cert(&c, &(struct craft){.cn = "laptop-17.Corp.example"});
	outline_is_the_same(&c);
	crafted_fini(&c);
	craft_cert(&c, &(struct craft){.cn = " #plain, not"});
	outline_is_the_same(&c);
	for (size_t len = 0; len < c.der.len; len++) {
		struct blob cut = {0};

		assert_int_equal(
		    0, blob_copy(&cut, (struct bytes){c.der.data, len}));
		assert_int_equal(-ERR_INVALID,
		    cert_outline_parse(&outline, blob_bytes(&cut), NULL));
		blob_fini(&cut);
	}
	crafted_fini(&c);
}

static void
test_every_truncation_refused(void **state)
{
	struct crafted c;
	struct cert_info info;
	struct blob more = {0};

	(void)state;
	craft_cert(&c, &(struct craft){.cn = "x",
			   .exts = {{"subjectAltName", "DNS:" CRAFT_ADN}}});
	for (size_t len = 0; len < c.der.len; len++) {
		struct reason why = {""};

		assert_int_equal(-ERR_INVALID,
		    cert_parse(&info, (struct bytes){c.der.data, len}, &why));
		assert_true(why.text[0] != '\0');
	}
	assert_int_equal(
	    0, blob_copy(&more, (struct bytes){c.der.data, c.der.len}));
	more.data = realloc(more.data, more.len + 1);
	more.data[more.len++] = 0;
	assert_int_equal(
	    -ERR_INVALID, cert_parse(&info, blob_bytes(&more), NULL));
	blob_fini(&more);
	crafted_fini(&c);
}

static void
test_odd_certificates_refused(void **state)
{
	static const struct craft bad[] = {
	    {.cn = "x", .exts = {{"subjectAltName", "DNS:a..b"}}},
	    {.cn = "x", .exts = {{"subjectAltName", "DER:3000"}}},
	    {.cn = "x",
		.exts = {{"subjectAltName", "DNS:a.example.net"},
		    {"subjectAltName", "DNS:b.example.net"}}},
	    {.cn = "x", .exts = {{"basicConstraints", "DER:0500"}}},
	    {.cn = "a\nb"},
	};
	static uint8_t large[CERT_MAX_BYTES + 1];
	struct cert_info info;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct crafted c;
		struct reason why = {""};

		craft_cert(&c, &bad[i]);
		if (parse(&info, &c, &why) != -ERR_INVALID)
			fail_msg("certificate %zu", i);
		assert_true(why.text[0] != '\0');
		crafted_fini(&c);
	}
	assert_int_equal(-ERR_TOO_LARGE,
	    cert_parse(&info, (struct bytes){large, sizeof(large)}, NULL));
}

/* [RFC5280 4.2] also when nobody knows the extension */
static void
test_extension_twice_refused(void **state)
{
	struct crafted c;
	struct cert_info info;
	struct reason why = {""};

	(void)state;
	craft_cert(&c,
	    &(struct craft){.cn = "x",
		.exts = {{"1.2.3.4", "DER:0500"}, {"1.2.3.4", "DER:0500"}}});
	assert_int_equal(-ERR_INVALID, parse(&info, &c, &why));
	assert_non_null(strstr(why.text, "twice"));
	crafted_fini(&c);
}

static void
test_serial_of_21_octets_refused(void **state)
{
	struct crafted c;
	struct cert_info info;
	BIGNUM *n = BN_new();
	uint8_t *der = NULL;
	int len;

	(void)state;
	craft_cert(&c, &(struct craft){.cn = "x"});
	BN_set_bit(n, 159);
	BN_to_ASN1_INTEGER(n, X509_get_serialNumber(c.cert));
	X509_sign(c.cert, c.key, EVP_sha256());
	len = i2d_X509(c.cert, &der);
	/* 20 octets and a leading 00: still positive and 20 octets of value */
	assert_int_equal(
	    0, cert_parse(&info, (struct bytes){der, (size_t)len}, NULL));
	assert_int_equal(40, strlen(info.serial));
	assert_int_equal('8', info.serial[0]);
	OPENSSL_free(der);
	der = NULL;
	BN_set_bit(n, 160);
	BN_to_ASN1_INTEGER(n, X509_get_serialNumber(c.cert));
	X509_sign(c.cert, c.key, EVP_sha256());
	len = i2d_X509(c.cert, &der);
	assert_int_equal(-ERR_INVALID,
	    cert_parse(&info, (struct bytes){der, (size_t)len}, NULL));
	OPENSSL_free(der);
	der = NULL;
	BN_set_word(n, 5);
	BN_set_negative(n, 1);
	BN_to_ASN1_INTEGER(n, X509_get_serialNumber(c.cert));
	X509_sign(c.cert, c.key, EVP_sha256());
	len = i2d_X509(c.cert, &der);
	assert_int_equal(-ERR_INVALID,
	    cert_parse(&info, (struct bytes){der, (size_t)len}, NULL));
	OPENSSL_free(der);
	BN_free(n);
	crafted_fini(&c);
}

static int
from_pem(struct cert_list *list, const struct buf *pem, size_t len)
{
	struct reason why = {""};
	int err = cert_list_from_pem(
	    list, (struct bytes){(const uint8_t *)pem->data, len}, &why);

	assert_true(err == 0 || why.text[0] != '\0');
	return err;
}

static void
test_pem_list(void **state)
{
	struct crafted a, b;
	struct buf pem = {0}, none = {0};
	struct cert_list list = {0};
	size_t first_len;

	(void)state;
	craft_cert(&a, &(struct craft){.cn = "a"});
	craft_cert(&b, &(struct craft){.cn = "b"});
	assert_int_equal(0, cert_to_pem(&pem, blob_bytes(&a.der)));
	first_len = pem.len;
	assert_int_equal(
	    0, buf_adds(&pem, "text between\n-----BEGIN PRIVATE KEY-----\n%\n"
			      "-----END PRIVATE KEY-----\n"));
	assert_int_equal(0, cert_to_pem(&pem, blob_bytes(&b.der)));
	assert_int_equal(0, from_pem(&list, &pem, pem.len));
	assert_int_equal(2, list.n);
	assert_true(
	    bytes_equal(blob_bytes(&a.der), blob_bytes(&list.items[0])));
	assert_true(
	    bytes_equal(blob_bytes(&b.der), blob_bytes(&list.items[1])));
	cert_list_fini(&list);
	for (size_t len = 0; len < first_len - 1; len++)
		assert_int_equal(-ERR_INVALID, from_pem(&list, &pem, len));
	pem.data[100] = '#';
	assert_int_equal(-ERR_INVALID, from_pem(&list, &pem, pem.len));
	assert_int_equal(0, buf_adds(&none, "no certificate here"));
	assert_int_equal(-ERR_INVALID, from_pem(&list, &none, none.len));
	buf_fini(&pem);
	buf_fini(&none);
	crafted_fini(&a);
	crafted_fini(&b);
}

static void
test_list_is_capped(void **state)
{
	struct crafted a;
	struct cert_list list = {0};
	struct buf pem = {0};

	(void)state;
	craft_cert(&a, &(struct craft){.cn = "a"});
	for (size_t i = 0; i < CERT_LIST_MAX; i++)
		craft_list_add(&list, &a);
	assert_int_equal(
	    -ERR_TOO_LARGE, cert_list_add(&list, blob_bytes(&a.der)));
	cert_list_fini(&list);
	for (size_t i = 0; i <= CERT_LIST_MAX; i++)
		assert_int_equal(0, cert_to_pem(&pem, blob_bytes(&a.der)));
	assert_int_equal(-ERR_TOO_LARGE, from_pem(&list, &pem, pem.len));
	buf_fini(&pem);
	crafted_fini(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_facts),
	    cmocka_unit_test(test_outline),
	    cmocka_unit_test(test_every_truncation_refused),
	    cmocka_unit_test(test_odd_certificates_refused),
	    cmocka_unit_test(test_extension_twice_refused),
	    cmocka_unit_test(test_serial_of_21_octets_refused),
	    cmocka_unit_test(test_pem_list),
	    cmocka_unit_test(test_list_is_capped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
