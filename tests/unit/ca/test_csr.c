#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "base/base64.h"
#include "ca/csr.h"
#include "tests/unit/ca/craft.h"

static void
accepted(const struct craft_csr *craft)
{
	struct blob der = {0};
	struct csr *csr = NULL;
	struct reason why = {""};

	craft_csr(&der, craft);
	if (csr_parse(&csr, blob_bytes(&der), &why) != 0)
		fail_msg("%s", why.text);
	assert_true(bytes_equal(csr_der(csr), blob_bytes(&der)));
	csr_free(csr);
	blob_fini(&der);
}

/* Refused with a reason of one line in which says occurs. */
static void
refused_der(struct bytes der, const char *says)
{
	struct csr *csr = NULL;
	struct reason why = {""};
	int err = csr_parse(&csr, der, &why);

	if (err >= 0 || strstr(why.text, says) == NULL || why.text[0] == '\0' ||
	    strchr(why.text, '\n') != NULL)
		fail_msg("%s: %d %s", says, err, why.text);
	assert_null(csr);
}

static void
refused(const struct craft_csr *craft, const char *says)
{
	struct blob der = {0};

	craft_csr(&der, craft);
	refused_der(blob_bytes(&der), says);
	blob_fini(&der);
}

#define PROOF_FAILED "proof of possession"

static void
test_good_keys(void **state)
{
	EVP_PKEY *p256 = craft_key("P-256"), *p384 = craft_key("P-384");
	EVP_PKEY *ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	EVP_PKEY *rsa4096 = craft_rsa_public(4096, 65537);

	(void)state;
	accepted(&(struct craft_csr){.key = p256});
	accepted(&(struct craft_csr){.key = p384, .digest = "SHA384"});
	accepted(&(struct craft_csr){.key = ed, .digest = ""});
	accepted(&(struct craft_csr){.key = rsa});
	/* The key passes, and only then is the signature looked at. */
	refused(
	    &(struct craft_csr){.key = rsa4096, .signer = rsa}, PROOF_FAILED);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	EVP_PKEY_free(ed);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(rsa4096);
}

static EVP_PKEY *
dsa_public(void)
{
	static const uint8_t q[20] = {0x80, [19] = 1};
	uint8_t p[128] = {0x80, [127] = 1}, y[1] = {4};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	uint8_t q_le[20], p_le[128];
	EVP_PKEY *key = NULL;

	for (size_t i = 0; i < sizeof(q); i++)
		q_le[i] = q[sizeof(q) - 1 - i];
	for (size_t i = 0; i < sizeof(p); i++)
		p_le[i] = p[sizeof(p) - 1 - i];

	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_FFC_P, p_le, sizeof(p_le)),
	    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_FFC_Q, q_le, sizeof(q_le)),
	    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_FFC_G, y, sizeof(y)),
	    OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PUB_KEY, y, sizeof(y)),
	    OSSL_PARAM_construct_end()};

	assert_int_equal(1, EVP_PKEY_fromdata_init(ctx));
	assert_int_equal(
	    1, EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params));
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
rsa_pss_key(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(1, EVP_PKEY_keygen_init(ctx));
	assert_int_equal(1, EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 1024));
	assert_int_equal(1, EVP_PKEY_generate(ctx, &key));
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *
p256_with(const char *param, const char *value)
{
	EVP_PKEY *key = craft_key("P-256");

	assert_int_equal(1, EVP_PKEY_set_utf8_string_param(key, param, value));
	return key;
}

static void
test_weak_and_odd_keys_refused(void **state)
{
	EVP_PKEY *good = craft_key("P-256");
	struct {
		EVP_PKEY *key;
		const char *says;
	} bad[] = {
	    {craft_key("P-224"), "secp224r1"},
	    {craft_key("P-521"), "secp521r1"},
	    {craft_key("secp256k1"), "secp256k1"},
	    {craft_key("brainpoolP256r1"), "brainpoolP256r1"},
	    {EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "ED448"},
	    {EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "X25519"},
	    {dsa_public(), "DSA key"},
	    {rsa_pss_key(), "RSASSA-PSS"},
	    {craft_rsa_public(1024, 65537), "1024 bits"},
	    {craft_rsa_public(2047, 65537), "2047 bits"},
	    {craft_rsa_public(4097, 65537), "4097 bits"},
	    {craft_rsa_public(8192, 65537), "8192 bits"},
	    {craft_rsa_public(2048, 3), "exponent"},
	    {craft_rsa_public(2048, 65535), "exponent"},
	    {craft_rsa_public(2048, 65538), "exponent"},
	    /* [RFC5480 2.1.1] */
	    {p256_with(OSSL_PKEY_PARAM_EC_ENCODING, "explicit"), "named curve"},
	    {p256_with(
		 OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "compressed"),
		"uncompressed"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_non_null(bad[i].key);
		refused(&(struct craft_csr){.key = bad[i].key, .signer = good},
		    bad[i].says);
		EVP_PKEY_free(bad[i].key);
	}
	EVP_PKEY_free(good);
}

/* [RFC2986 4.2] */
static void
test_broken_proof_refused(void **state)
{
	EVP_PKEY *key = craft_key("P-256"), *other = craft_key("P-256");

	(void)state;
	refused(&(struct craft_csr){.key = key, .signer = other}, PROOF_FAILED);
	refused(&(struct craft_csr){.key = key, .digest = "SHA1"},
	    "ecdsa-with-SHA1");
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}

static void
test_extensions(void **state)
{
	EVP_PKEY *key = craft_key("P-256");
	struct craft_csr good = {.key = key,
	    .exts = {{"subjectAltName", "DNS:" CRAFT_ADN ",IP:10.0.0.1"},
		{"keyUsage", "critical,keyCertSign"},
		{"extendedKeyUsage", "codeSigning"},
		{"basicConstraints", "critical,CA:FALSE"},
		{"subjectKeyIdentifier", "00:01:02"},
		{"nsComment", "not critical, ignored"}},
	    .attributes = {"challengePassword", "1.3.6.1.4.1.311.13.2.3"}};
	struct csr *csr = NULL;
	struct blob der = {0};
	struct reason why = {""};

	(void)state;
	craft_csr(&der, &good);
	if (csr_parse(&csr, blob_bytes(&der), &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(2, csr_names(csr)->n);
	assert_true(names_has(csr_names(csr), NAME_DNS, CRAFT_ADN));
	assert_true(names_has(csr_names(csr), NAME_IP, "10.0.0.1"));
	assert_false(csr_subject_has_more(csr));
	csr_free(csr);
	blob_fini(&der);
	EVP_PKEY_free(key);
}

static void
test_extensions_refused(void **state)
{
	EVP_PKEY *key = craft_key("P-256");

	(void)state;
	refused(&(struct craft_csr){.key = key,
		    .exts = {{"basicConstraints", "CA:TRUE"}}},
	    "CA:TRUE");
	refused(&(struct craft_csr){.key = key,
		    .exts = {{"basicConstraints", "DER:0500"}}},
	    "basicConstraints is malformed");
	refused(&(struct craft_csr){.key = key,
		    .exts = {{"nameConstraints",
			"critical,permitted;DNS:example.net"}}},
	    "critical extension nameConstraints");
	refused(&(struct craft_csr){.key = key,
		    .exts = {{"1.2.3.4", "critical,DER:0500"}}},
	    "critical extension 1.2.3.4");
	refused(&(struct craft_csr){.key = key,
		    .exts = {{"subjectAltName", "DNS:a.example.net"},
			{"subjectAltName", "DNS:b.example.net"}}},
	    "extension twice");
	refused(&(struct craft_csr){.key = key,
		    .exts = {{"subjectAltName", "DNS:a.example.net."}}},
	    "dot");
	EVP_PKEY_free(key);
}

/* OpenSSL makes no request with an attribute twice: here an unstructuredName
 * (1.2.840.113549.1.9.2) gets another last arc. The signature then fails too,
 * but is looked at last. */
static void
refused_with_arc(const struct craft_csr *craft, uint8_t arc, const char *says)
{
	static const uint8_t oid[] = {
	    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x02};
	struct blob der = {0};
	uint8_t *p;

	craft_csr(&der, craft);
	p = memmem(der.data, der.len, oid, sizeof(oid));
	assert_non_null(p);
	p[sizeof(oid) - 1] = arc;
	refused_der(blob_bytes(&der), says);
	blob_fini(&der);
}

static void
test_attributes_refused(void **state)
{
	EVP_PKEY *key = craft_key("P-256");

	(void)state;
	refused(&(struct craft_csr){.key = key,
		    .attributes = {"1.3.6.1.5.5.7.7.36"}},
	    "changeSubjectName");
	refused_with_arc(
	    &(struct craft_csr){.key = key,
		.attributes = {"challengePassword", "unstructuredName"}},
	    7, "challengePassword twice");
	refused_with_arc(&(struct craft_csr){.key = key,
			     .exts = {{"subjectAltName", "DNS:a.example.net"}},
			     .attributes = {"unstructuredName"}},
	    14, "twice");
	refused_with_arc(
	    &(struct craft_csr){.key = key, .attributes = {"unstructuredName"}},
	    14, "extensionRequest must have one value");
	EVP_PKEY_free(key);
}

static void
test_subject(void **state)
{
	EVP_PKEY *key = craft_key("P-256");
	const struct craft_csr more[] = {{.key = key, .two_common_names = true},
	    {.key = key, .organization = true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		struct blob der = {0};
		struct csr *csr = NULL;

		craft_csr(&der, &more[i]);
		assert_int_equal(0, csr_parse(&csr, blob_bytes(&der), NULL));
		assert_string_equal(CRAFT_ADN, csr_common_name(csr));
		assert_true(csr_subject_has_more(csr));
		csr_free(csr);
		blob_fini(&der);
	}
	EVP_PKEY_free(key);
}

static void
good_csr(struct blob *der)
{
	EVP_PKEY *key = craft_key("P-256");

	craft_csr(
	    der, &(struct craft_csr){.key = key,
		     .exts = {{"subjectAltName",
			 "DNS:" CRAFT_ADN ",otherName:1.3.6.1.5.5.7.8.7;IA5:"
			 "_domain-s." CRAFT_ADN}},
		     .attributes = {"challengePassword"}});
	EVP_PKEY_free(key);
}

static void
test_every_truncation_refused(void **state)
{
	struct blob der = {0};

	(void)state;
	good_csr(&der);
	for (size_t len = 0; len < der.len; len++) {
		/* A block of its own, so that ASan sees reads beyond it. */
		struct blob cut = {0};

		assert_int_equal(
		    0, blob_copy(&cut, (struct bytes){der.data, len}));
		refused_der(blob_bytes(&cut), "");
		blob_fini(&cut);
	}
	blob_fini(&der);
}

static void
test_a_flip_in_every_byte_refused(void **state)
{
	struct blob der = {0};

	(void)state;
	good_csr(&der);
	for (size_t i = 0; i < der.len; i++) {
		uint8_t bit = (uint8_t)(1u << i % 8);

		der.data[i] ^= bit;
		refused_der(blob_bytes(&der), "");
		der.data[i] ^= bit;
	}
	blob_fini(&der);
}

static void
test_trailing_bytes_and_size_refused(void **state)
{
	struct blob der = {0};
	static uint8_t large[CSR_MAX_BYTES + 1];
	uint8_t more[2048] = {0};

	(void)state;
	good_csr(&der);
	memcpy(more, der.data, der.len);
	refused_der((struct bytes){more, der.len + 1}, "DER");
	memcpy(more + der.len, der.data, der.len);
	refused_der((struct bytes){more, 2 * der.len}, "DER");
	refused_der((struct bytes){large, sizeof(large)}, "larger");
	blob_fini(&der);
}

static int
parse_text(const char *text, size_t len)
{
	struct csr *csr = NULL;
	struct reason why = {""};
	int err = csr_parse_text(&csr, text, len, &why);

	assert_true(err == 0 || why.text[0] != '\0');
	csr_free(csr);
	return err;
}

/* A request with this challengePassword; NULL when it is refused. */
static struct csr *
with_challenge(int type, const char *text, size_t len, struct reason *why)
{
	EVP_PKEY *key = craft_key("P-256");
	X509_REQ *req = X509_REQ_new();
	struct csr *csr = NULL;
	uint8_t *der = NULL;
	int n;

	assert_int_equal(1, X509_REQ_set_pubkey(req, key));
	assert_int_equal(
	    1, X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword, type,
		   (const uint8_t *)text, (int)len));
	assert_true(X509_REQ_sign(req, key, EVP_sha256()) > 0);
	n = i2d_X509_REQ(req, &der);
	if (csr_parse(&csr, (struct bytes){der, (size_t)n}, why) != 0)
		assert_null(csr);
	OPENSSL_free(der);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	return csr;
}

static void
test_challenge(void **state)
{
	static const int types[] = {
	    V_ASN1_PRINTABLESTRING, V_ASN1_UTF8STRING, V_ASN1_T61STRING};
	struct blob der = {0};
	struct reason why = {""};
	struct csr *csr = NULL;
	char longest[255];

	(void)state;
	good_csr(&der);
	assert_int_equal(0, csr_parse(&csr, blob_bytes(&der), NULL));
	csr_free(csr);
	blob_fini(&der);
	memset(longest, 'x', sizeof(longest));
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		csr = with_challenge(types[i], "a+b/c=", 6, &why);
		assert_non_null(csr);
		assert_string_equal("a+b/c=", csr_challenge(csr));
		csr_free(csr);
		csr = with_challenge(types[i], longest, 255, &why);
		assert_non_null(csr);
		assert_int_equal(255, strlen(csr_challenge(csr)));
		csr_free(csr);
	}
}

static void
test_challenge_refused(void **state)
{
	char text[256];
	static const struct {
		int type;
		size_t len;
		const char *says;
	} bad[] = {{V_ASN1_UTF8STRING, 256, "longer"},
	    {V_ASN1_OCTET_STRING, 5, "one string"},
	    {V_ASN1_BMPSTRING, 4, "one string"}};

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};

		assert_null(
		    with_challenge(bad[i].type, text, bad[i].len, &why));
		if (strstr(why.text, bad[i].says) == NULL)
			fail_msg("%zu: %s", i, why.text);
	}
	for (const char *c = "\n\t\x7f\xe9"; *c != '\0'; c++) {
		struct reason why = {""};

		text[2] = *c;
		assert_null(with_challenge(V_ASN1_T61STRING, text, 5, &why));
		assert_non_null(strstr(why.text, "printable"));
	}
	text[2] = '\0';
	assert_null(with_challenge(V_ASN1_UTF8STRING, text, 5, NULL));
}

static void
armour(struct buf *out, const char *label, const char *body)
{
	assert_int_equal(0, buf_printf(out,
				"-----BEGIN %s-----\n%s\n"
				"-----END %s-----\n",
				label, body, label));
}

static void
test_text(void **state)
{
	struct blob der = {0};
	struct buf base64 = {0}, wrapped = {0}, pem = {0}, new_pem = {0},
		   wrong = {0}, twice = {0};

	(void)state;
	good_csr(&der);
	assert_int_equal(0, base64_encode(&base64, blob_bytes(&der), 0));
	assert_int_equal(0, base64_encode(&wrapped, blob_bytes(&der), 64));
	assert_int_equal(0, parse_text(base64.data, base64.len));
	assert_int_equal(0, parse_text(wrapped.data, wrapped.len));
	assert_int_equal(0, buf_adds(&pem, "Some text before\r\n"));
	armour(&pem, "CERTIFICATE REQUEST", base64.data);
	assert_int_equal(0, parse_text(pem.data, pem.len));
	armour(&new_pem, "NEW CERTIFICATE REQUEST", wrapped.data);
	assert_int_equal(0, parse_text(new_pem.data, new_pem.len));
	armour(&wrong, "CERTIFICATE", base64.data);
	assert_int_equal(-ERR_INVALID, parse_text(wrong.data, wrong.len));
	armour(&twice, "CERTIFICATE REQUEST", base64.data);
	armour(&twice, "CERTIFICATE REQUEST", base64.data);
	assert_int_equal(-ERR_INVALID, parse_text(twice.data, twice.len));
	for (size_t len = 0; len < pem.len - 1; len++)
		assert_int_equal(-ERR_INVALID, parse_text(pem.data, len));
	base64.data[10] = '!';
	assert_int_equal(-ERR_INVALID, parse_text(base64.data, base64.len));
	buf_fini(&base64);
	buf_fini(&wrapped);
	buf_fini(&pem);
	buf_fini(&new_pem);
	buf_fini(&wrong);
	buf_fini(&twice);
	blob_fini(&der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_keys),
	    cmocka_unit_test(test_weak_and_odd_keys_refused),
	    cmocka_unit_test(test_broken_proof_refused),
	    cmocka_unit_test(test_extensions),
	    cmocka_unit_test(test_extensions_refused),
	    cmocka_unit_test(test_attributes_refused),
	    cmocka_unit_test(test_subject),
	    cmocka_unit_test(test_every_truncation_refused),
	    cmocka_unit_test(test_a_flip_in_every_byte_refused),
	    cmocka_unit_test(test_trailing_bytes_and_size_refused),
	    cmocka_unit_test(test_challenge),
	    cmocka_unit_test(test_challenge_refused),
	    cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
