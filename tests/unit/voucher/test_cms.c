#include "tests/unit/cmocka.h"

#include <pthread.h>
#include <string.h>

#include "tests/unit/voucher/support.h"
#include "voucher/cms.h"

#define CONTENT "{\"ietf-voucher:voucher\":{}}"
#define VOUCHER_TYPE "1.2.840.113549.1.9.16.1.40"
#define DATA_TYPE "1.2.840.113549.1.7.1"

static const unsigned int sign_flags =
    CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;

struct pair {
	struct identity a, b; /* of the same issuer and serial number */
};

static int
setup(void **state)
{
	static struct pair pair;

	identity_init(&pair.a, "signer", EVP_EC_gen("P-256"));
	identity_init(&pair.b, "signer", EVP_EC_gen("P-256"));
	*state = &pair;
	return 0;
}

static int
teardown(void **state)
{
	struct pair *pair = *state;

	identity_fini(&pair->a);
	identity_fini(&pair->b);
	return 0;
}

static void
set_type(CMS_ContentInfo *cms, const char *type)
{
	ASN1_OBJECT *object = OBJ_txt2obj(type, 1);

	assert_int_equal(CMS_set1_eContentType(cms, object), 1);
	ASN1_OBJECT_free(object);
}

static CMS_ContentInfo *
start(const struct identity *id, const EVP_MD *md, unsigned int flags)
{
	CMS_ContentInfo *cms =
	    CMS_sign(NULL, NULL, NULL, NULL, sign_flags | flags);

	assert_non_null(cms);
	set_type(cms, VOUCHER_TYPE);
	assert_non_null(
	    CMS_add1_signer(cms, id->cert, id->key, md, sign_flags | flags));
	return cms;
}

static void
finish(CMS_ContentInfo *cms, unsigned int flags)
{
	BIO *in = BIO_new_mem_buf(CONTENT, -1);

	assert_int_equal(CMS_final(cms, in, NULL, sign_flags | flags), 1);
	BIO_free(in);
}

static CMS_ContentInfo *
make(const struct identity *id)
{
	CMS_ContentInfo *cms = start(id, EVP_sha256(), 0);

	finish(cms, 0);
	return cms;
}

/* Frees cms. */
static void
to_der(struct blob *out, CMS_ContentInfo *cms)
{
	uint8_t *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);

	assert_true(len > 0);
	assert_int_equal(blob_copy(out, (struct bytes){der, (size_t)len}), 0);
	OPENSSL_free(der);
	CMS_ContentInfo_free(cms);
}

struct opened {
	struct blob content, signer;
	struct voucher_certs certs;
};

static void
opened_fini(struct opened *opened)
{
	blob_fini(&opened->content);
	blob_fini(&opened->signer);
	voucher_certs_fini(&opened->certs);
}

static int
open_der(struct bytes der, const struct identity *candidate,
    const struct identity *signer, struct reason *why)
{
	struct opened opened CLEANUP(opened_fini) = {.content = {0}};
	struct voucher_certs candidates = {.n = 0};
	int err;

	if (candidate != NULL)
		assert_int_equal(
		    voucher_certs_add(&candidates, blob_bytes(&candidate->der)),
		    0);
	err = cms_open_content(&opened.content, &opened.signer, &opened.certs,
	    der, &candidates, why);
	voucher_certs_fini(&candidates);
	if (err != 0 || signer == NULL)
		return err;
	assert_true(
	    bytes_equal(blob_bytes(&opened.content), text_bytes(CONTENT)));
	assert_true(
	    bytes_equal(blob_bytes(&opened.signer), blob_bytes(&signer->der)));
	return 0;
}

/* Frees cms. */
static int
open_cms(CMS_ContentInfo *cms, const struct identity *candidate,
    const struct identity *signer, struct reason *why)
{
	struct blob der = {0};
	int err;

	to_der(&der, cms);
	err = open_der(blob_bytes(&der), candidate, signer, why);
	blob_fini(&der);
	return err;
}

/* [RFC8366 5.4] [RFC8995 C] The type of a voucher, or the one of the RFC's
 * examples; a signer that came along, or did not; named by issuer and serial
 * number, or by its key. */
static void
test_good(void **state)
{
	static const char *const types[] = {VOUCHER_TYPE, DATA_TYPE};
	const struct pair *pair = *state;
	struct reason why = {""};
	CMS_ContentInfo *bare;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		CMS_ContentInfo *cms = start(&pair->a, EVP_sha384(), 0);

		set_type(cms, types[i]);
		finish(cms, 0);
		if (open_cms(cms, NULL, &pair->a, &why) != 0)
			fail_msg("%s: %s", types[i], why.text);
	}
	bare = start(&pair->a, EVP_sha256(), CMS_NOCERTS);
	finish(bare, CMS_NOCERTS);
	if (open_cms(bare, &pair->a, &pair->a, &why) != 0)
		fail_msg("%s", why.text);
}

static void
test_missing_certificate_refused(void **state)
{
	const struct pair *pair = *state;
	CMS_ContentInfo *cms = start(&pair->a, EVP_sha256(), CMS_NOCERTS);
	struct reason why = {""};

	finish(cms, CMS_NOCERTS);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_REFUSED);
	assert_reason(&why, "RFC 8366 5.4");
}

/* Of two certificates with one issuer and serial number, only the one whose
 * key has signed is ever told to have signed. */
static void
test_same_issuer_and_serial(void **state)
{
	const struct pair *pair = *state;
	CMS_ContentInfo *cms;

	assert_int_equal(
	    open_cms(make(&pair->a), &pair->b, NULL, NULL), -ERR_REFUSED);
	cms = start(&pair->a, EVP_sha256(), CMS_NOCERTS);
	CMS_add1_cert(cms, pair->b.cert);
	finish(cms, CMS_NOCERTS);
	assert_int_equal(open_cms(cms, NULL, NULL, NULL), -ERR_REFUSED);
	assert_int_equal(open_cms(make(&pair->a), &pair->a, &pair->a, NULL), 0);
}

static void
test_other_shapes_refused(void **state)
{
	const struct pair *pair = *state;
	struct reason why = {""};
	ASN1_OCTET_STRING **content;
	CMS_ContentInfo *cms;
	BIO *in;

	/* Certificates alone: a degenerate SignedData. */
	cms = CMS_sign(NULL, NULL, NULL, NULL, sign_flags);
	set_type(cms, VOUCHER_TYPE);
	CMS_add1_cert(cms, pair->a.cert);
	content = CMS_get0_content(cms);
	assert_non_null(*content);
	ASN1_STRING_set(*content, CONTENT, -1);
	(*content)->flags &= ~ASN1_STRING_FLAG_CONT;
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_INVALID);
	assert_reason(&why, "exactly one signature");
	/* Two signatures, each of them good. */
	cms = start(&pair->a, EVP_sha256(), 0);
	assert_non_null(CMS_add1_signer(cms, pair->a.cert, pair->a.key,
	    EVP_sha512(), sign_flags | CMS_NOCERTS));
	finish(cms, 0);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_INVALID);
	assert_reason(&why, "exactly one signature");
	/* Without signed attributes. [RFC8366 5.4] */
	cms = start(&pair->a, EVP_sha256(), CMS_NOATTR);
	finish(cms, CMS_NOATTR);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_INVALID);
	assert_reason(&why, "no signed attributes");
	/* By SHA-1. */
	cms = start(&pair->a, EVP_sha1(), 0);
	finish(cms, 0);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_INVALID);
	assert_reason(&why, "weak digest");
	/* Its content is elsewhere. */
	in = BIO_new_mem_buf(CONTENT, -1);
	cms = CMS_sign(
	    pair->a.cert, pair->a.key, NULL, in, CMS_BINARY | CMS_DETACHED);
	BIO_free(in);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_INVALID);
	assert_reason(&why, "no content");
	/* [RFC5652 5] Not signed at all; and of another type. */
	in = BIO_new_mem_buf(CONTENT, -1);
	cms = CMS_data_create(in, CMS_BINARY);
	BIO_free(in);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_INVALID);
	assert_reason(&why, "not signed data");
	cms = start(&pair->a, EVP_sha256(), 0);
	set_type(cms, "1.2.840.113549.1.9.16.1.41");
	finish(cms, 0);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_INVALID);
	assert_reason(&why, "something else");
}

/* [RFC5652 11.1] [RFC5652 11.2] What the signed attributes say is not what is
 * there. */
static void
test_attributes_that_lie_refused(void **state)
{
	const struct pair *pair = *state;
	struct reason why = {""};
	CMS_ContentInfo *cms;
	ASN1_OCTET_STRING **content;

	/* A message of another type is passed off as a voucher. */
	cms = start(&pair->a, EVP_sha256(), 0);
	set_type(cms, "1.2.840.113549.1.9.16.1.41");
	finish(cms, 0);
	set_type(cms, VOUCHER_TYPE);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_REFUSED);
	assert_reason(&why, "signature is not valid");

	cms = make(&pair->a);
	content = CMS_get0_content(cms);
	assert_non_null(content);
	ASN1_STRING_set(*content, "{\"ietf-voucher:voucher\":[]}", -1);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_REFUSED);
}

/* Not by CMS_SignerInfo_sign(), which refuses such attributes. */
static void
sign_attributes(CMS_SignerInfo *info, EVP_PKEY *key)
{
	struct buf attributes CLEANUP(buf_fini) = {0};
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t head[8], *p = head, signature[80];
	size_t len = sizeof(signature);

	for (int i = 0; i < CMS_signed_get_attr_count(info); i++) {
		uint8_t *der = NULL;
		int n = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(info, i), &der);

		assert_true(n > 0);
		buf_add(&attributes, der, (size_t)n);
		OPENSSL_free(der);
	}
	ASN1_put_object(
	    &p, 1, (int)attributes.len, V_ASN1_SET, V_ASN1_UNIVERSAL);
	assert_int_equal(
	    EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL),
	    1);
	EVP_DigestSignUpdate(ctx, head, (size_t)(p - head));
	EVP_DigestSignUpdate(ctx, attributes.data, attributes.len);
	assert_int_equal(EVP_DigestSignFinal(ctx, signature, &len), 1);
	ASN1_STRING_set(
	    CMS_SignerInfo_get0_signature(info), signature, (int)len);
	EVP_MD_CTX_free(ctx);
}

/* [RFC5652 5.4] messageDigest twice, or not there, under a good signature. */
static void
test_attributes_that_miss_refused(void **state)
{
	const struct pair *pair = *state;

	for (int twice = 0; twice < 2; twice++) {
		CMS_ContentInfo *cms = make(&pair->a);
		CMS_SignerInfo *info =
		    sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
		int at = CMS_signed_get_attr_by_NID(
		    info, NID_pkcs9_messageDigest, -1);
		X509_ATTRIBUTE *attribute = CMS_signed_delete_attr(info, at);

		assert_non_null(attribute);
		for (int i = 0; i < 2 * twice; i++)
			assert_int_equal(
			    CMS_signed_add1_attr(info, attribute), 1);
		X509_ATTRIBUTE_free(attribute);
		sign_attributes(info, pair->a.key);
		assert_int_equal(open_cms(cms, NULL, NULL, NULL), -ERR_REFUSED);
	}
}

static void
test_many_certificates_refused(void **state)
{
	const struct pair *pair = *state;
	struct reason why = {""};
	CMS_ContentInfo *cms = start(&pair->a, EVP_sha256(), 0);

	for (long serial = 2; serial < 22; serial++) {
		X509 *cert = X509_dup(pair->a.cert);

		ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
		assert_true(X509_sign(cert, pair->a.key, EVP_sha256()) > 0);
		CMS_add1_cert(cms, cert);
		X509_free(cert);
	}
	finish(cms, 0);
	assert_int_equal(open_cms(cms, NULL, NULL, &why), -ERR_TOO_LARGE);
	assert_reason(&why, "too many certificates");
}

/* BER of indefinite length, as "openssl cms -stream" writes it, is read: what
 * is signed does not depend on it. */
static void
test_ber(void **state)
{
	const struct pair *pair = *state;
	BIO *in = BIO_new_mem_buf(CONTENT, -1);
	BIO *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = start(&pair->a, EVP_sha256(), CMS_STREAM);
	struct reason why = {""};
	struct blob ber = {0};
	char *data;
	long len;

	assert_int_equal(
	    i2d_CMS_bio_stream(out, cms, in, sign_flags | CMS_STREAM), 1);
	len = BIO_get_mem_data(out, &data);
	assert_int_equal(
	    blob_copy(&ber, (struct bytes){(uint8_t *)data, (size_t)len}), 0);
	assert_int_equal(ber.data[1], 0x80);
	if (open_der(blob_bytes(&ber), NULL, &pair->a, &why) != 0)
		fail_msg("%s", why.text);
	for (size_t cut = 0; cut < ber.len; cut++)
		assert_int_not_equal(
		    open_der((struct bytes){ber.data, cut}, NULL, NULL, NULL),
		    0);
	blob_fini(&ber);
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	BIO_free(out);
}

/* Skips a head; into the content if enter. */
static void
skip_der(const uint8_t **p, const uint8_t *end, bool enter)
{
	long len;
	int tag, class;

	assert_int_equal(
	    ASN1_get_object(p, &len, &tag, &class, end - *p) & 0x80, 0);
	if (!enter)
		*p += len;
}

static size_t
put_head(uint8_t *out, int tag, int class, size_t len)
{
	uint8_t *p = out;

	ASN1_put_object(&p, 1, (int)len, tag, class);
	return (size_t)(p - out);
}

/* The same with thousands of digest algorithms. */
static void
flood_digests(struct blob *out, struct bytes der, size_t n)
{
	static const uint8_t sha1[] = {
	    0x30, 0x07, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a};
	const uint8_t *p = der.data, *end = der.data + der.len;
	const uint8_t *type, *version, *digests, *rest;
	uint8_t heads[4][8];
	size_t lens[4], set = n * sizeof(sha1), total;
	struct buf buf CLEANUP(buf_fini) = {0};

	skip_der(&p, end, true); /* ContentInfo */
	type = p;
	skip_der(&p, end, false);
	skip_der(&p, end, true); /* [0] */
	skip_der(&p, end, true); /* SignedData */
	version = p;
	skip_der(&p, end, false);
	digests = p;
	skip_der(&p, end, false);
	rest = p;
	lens[3] = put_head(heads[3], V_ASN1_SET, V_ASN1_UNIVERSAL, set);
	total =
	    (size_t)(digests - version) + lens[3] + set + (size_t)(end - rest);
	lens[2] = put_head(heads[2], V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, total);
	total += lens[2];
	lens[1] = put_head(heads[1], 0, V_ASN1_CONTEXT_SPECIFIC, total);
	total += lens[1] + 11; /* the type's OID */
	lens[0] = put_head(heads[0], V_ASN1_SEQUENCE, V_ASN1_UNIVERSAL, total);
	buf_add(&buf, heads[0], lens[0]);
	buf_add(&buf, type, 11);
	for (int i = 1; i < 3; i++)
		buf_add(&buf, heads[i], lens[i]);
	buf_add(&buf, version, (size_t)(digests - version));
	buf_add(&buf, heads[3], lens[3]);
	for (size_t i = 0; i < n; i++)
		buf_add(&buf, sha1, sizeof(sha1));
	buf_add(&buf, rest, (size_t)(end - rest));
	assert_int_equal(blob_copy(out, buf_octets(&buf)), 0);
}

struct flood {
	struct blob der;
	const struct identity *signer;
	int err;
};

static void *
open_flood(void *arg)
{
	struct flood *flood = arg;

	flood->err =
	    open_der(blob_bytes(&flood->der), NULL, flood->signer, NULL);
	return NULL;
}

/* On a small stack: no digest is made for an algorithm that nobody signed by,
 * let alone one inside of the other. */
static void
test_many_digests(void **state)
{
	const struct pair *pair = *state;
	struct flood flood = {.signer = &pair->a, .err = 1};
	struct blob der = {0};
	pthread_attr_t attr;
	pthread_t thread;

	to_der(&der, make(&pair->a));
	flood_digests(&flood.der, blob_bytes(&der), 6000);
	assert_true(flood.der.len < VOUCHER_MAX_BYTES);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 256 * 1024);
	assert_int_equal(pthread_create(&thread, &attr, open_flood, &flood), 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attr);
	assert_int_equal(flood.err, 0);
	blob_fini(&der);
	blob_fini(&flood.der);
}

static void
test_truncated_and_trailing_refused(void **state)
{
	const struct pair *pair = *state;
	struct blob der = {0};
	struct reason why = {""};

	to_der(&der, make(&pair->a));
	for (size_t len = 0; len < der.len; len++) {
		struct blob cut = {0};

		assert_int_equal(
		    blob_copy(&cut, (struct bytes){der.data, len}), 0);
		assert_int_equal(
		    open_der(blob_bytes(&cut), NULL, NULL, NULL), -ERR_INVALID);
		blob_fini(&cut);
	}
	der.data = realloc(der.data, der.len + 1);
	der.data[der.len++] = 0;
	assert_int_equal(
	    open_der(blob_bytes(&der), NULL, NULL, &why), -ERR_INVALID);
	assert_reason(&why, "not CMS in DER");
	blob_fini(&der);
}

static void
test_weak_key_refused(void **state)
{
	struct identity weak = {.cert = NULL};
	struct reason why = {""};

	(void)state;
	identity_init(&weak, "weak", EVP_RSA_gen(1024));
	assert_int_equal(open_cms(make(&weak), NULL, NULL, &why), -ERR_REFUSED);
	identity_fini(&weak);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_missing_certificate_refused),
	    cmocka_unit_test(test_same_issuer_and_serial),
	    cmocka_unit_test(test_other_shapes_refused),
	    cmocka_unit_test(test_attributes_that_lie_refused),
	    cmocka_unit_test(test_attributes_that_miss_refused),
	    cmocka_unit_test(test_many_certificates_refused),
	    cmocka_unit_test(test_ber),
	    cmocka_unit_test(test_many_digests),
	    cmocka_unit_test(test_truncated_and_trailing_refused),
	    cmocka_unit_test(test_weak_key_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
