#include "tests/unit/cmocka.h"

#include <string.h>

#include <openssl/cms.h>
#include <openssl/pkcs7.h>

#include "ca/certs_only.h"
#include "tests/unit/ca/craft.h"

static void
two_certs(struct cert_list *list)
{
	struct crafted a, b;

	craft_cert(&a, &(struct craft){.cn = "a"});
	craft_cert(&b, &(struct craft){.cn = "b"});
	craft_list_add(list, &a);
	craft_list_add(list, &b);
	crafted_fini(&a);
	crafted_fini(&b);
}

static void
test_round_trip(void **state)
{
	struct cert_list list = {0}, back = {0};
	struct blob der = {0}, again = {0};
	struct reason why = {""};

	(void)state;
	two_certs(&list);
	assert_int_equal(0, certs_only_encode(&der, &list));
	assert_int_equal(0, certs_only_encode(&again, &list));
	assert_true(bytes_equal(blob_bytes(&der), blob_bytes(&again)));
	assert_int_equal(0, certs_only_decode(&back, blob_bytes(&der), &why));
	assert_int_equal(2, back.n);
	for (size_t i = 0; i < 2; i++)
		assert_true(bytes_equal(
		    blob_bytes(&list.items[i]), blob_bytes(&back.items[i])));
	cert_list_fini(&list);
	cert_list_fini(&back);
	blob_fini(&der);
	blob_fini(&again);
}

static void
test_none_refused(void **state)
{
	struct cert_list list = {0};
	struct blob der = {0};

	(void)state;
	assert_int_equal(-ERR_INVALID, certs_only_encode(&der, &list));
}

/* OpenSSL reads ours, [RFC7030 4.1.3]. */
static void
test_openssl_reads_it(void **state)
{
	struct cert_list list = {0};
	struct blob der = {0};
	const uint8_t *p;
	PKCS7 *p7;
	CMS_ContentInfo *cms;
	STACK_OF(X509) * certs;

	(void)state;
	two_certs(&list);
	assert_int_equal(0, certs_only_encode(&der, &list));
	p = der.data;
	p7 = d2i_PKCS7(NULL, &p, (long)der.len);
	assert_non_null(p7);
	assert_ptr_equal(der.data + der.len, p);
	assert_int_equal(2, sk_X509_num(p7->d.sign->cert));
	assert_int_equal(0, sk_PKCS7_SIGNER_INFO_num(p7->d.sign->signer_info));
	PKCS7_free(p7);
	p = der.data;
	cms = d2i_CMS_ContentInfo(NULL, &p, (long)der.len);
	assert_non_null(cms);
	certs = CMS_get1_certs(cms);
	assert_int_equal(2, sk_X509_num(certs));
	sk_X509_pop_free(certs, X509_free);
	CMS_ContentInfo_free(cms);
	cert_list_fini(&list);
	blob_fini(&der);
}

struct foreign {
	bool crl, content, signer, digest;
	int n_certs;
};

/* The same by OpenSSL, with what a certs-only message may not have. */
static void
foreign_message(struct blob *out, const struct foreign *f)
{
	struct crafted c;
	PKCS7 *p7 = PKCS7_new();
	uint8_t *der = NULL;
	int len;

	craft_cert(&c, &(struct craft){.cn = "a"});
	PKCS7_set_type(p7, NID_pkcs7_signed);
	PKCS7_content_new(p7, NID_pkcs7_data);
	if (f->content)
		ASN1_OCTET_STRING_set(
		    p7->d.sign->contents->d.data, (const uint8_t *)"x", 1);
	else
		PKCS7_set_detached(p7, 1);
	for (int i = 0; i < f->n_certs; i++)
		PKCS7_add_certificate(p7, c.cert);
	if (f->crl) {
		X509_CRL *crl = X509_CRL_new();

		X509_CRL_set_issuer_name(crl, X509_get_subject_name(c.cert));
		X509_CRL_set1_lastUpdate(crl, X509_get0_notBefore(c.cert));
		X509_CRL_sign(crl, c.key, EVP_sha256());
		PKCS7_add_crl(p7, crl);
		X509_CRL_free(crl);
	}
	if (f->signer)
		assert_non_null(
		    PKCS7_add_signature(p7, c.cert, c.key, EVP_sha256()));
	if (f->digest) {
		X509_ALGOR *alg = X509_ALGOR_new();

		X509_ALGOR_set_md(alg, EVP_sha256());
		sk_X509_ALGOR_push(p7->d.sign->md_algs, alg);
	}
	len = i2d_PKCS7(p7, &der);
	assert_true(len > 0);
	assert_int_equal(0, blob_copy(out, (struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
	PKCS7_free(p7);
	crafted_fini(&c);
}

static void
test_foreign_messages(void **state)
{
	static const struct {
		struct foreign f;
		const char *says; /* NULL: fine */
	} cases[] = {
	    {{.n_certs = 1}, NULL},
	    {{.n_certs = 0}, "no certificates"},
	    {{.n_certs = 1, .crl = true}, "CRLs"},
	    {{.n_certs = 1, .content = true}, "content"},
	    {{.n_certs = 1, .digest = true}, "digest"},
	    {{.n_certs = 1, .signer = true}, "digest"},
	    {{.n_certs = CERT_LIST_MAX}, NULL},
	    {{.n_certs = CERT_LIST_MAX + 1}, "more than"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct cert_list list = {0};
		struct blob der = {0};
		struct reason why = {""};
		int err;

		foreign_message(&der, &cases[i].f);
		err = certs_only_decode(&list, blob_bytes(&der), &why);
		if (cases[i].says == NULL)
			assert_int_equal(0, err);
		else if (err >= 0 || strstr(why.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].says, why.text);
		cert_list_fini(&list);
		blob_fini(&der);
	}
}

/* A message with a signer but no digest algorithm. */
static void
test_signers_refused(void **state)
{
	struct cert_list list = {0}, back = {0};
	struct blob der = {0};
	struct reason why = {""};

	(void)state;
	two_certs(&list);
	assert_int_equal(0, certs_only_encode(&der, &list));
	/* The last element, 31 00, becomes an empty set of another type. */
	der.data[der.len - 2] = 0x30;
	assert_int_equal(
	    -ERR_INVALID, certs_only_decode(&back, blob_bytes(&der), &why));
	assert_non_null(strstr(why.text, "signers"));
	cert_list_fini(&list);
	blob_fini(&der);
}

static void
test_every_truncation_and_flip_of_the_frame_refused(void **state)
{
	struct cert_list list = {0}, back = {0};
	struct blob der = {0};
	size_t frame;

	(void)state;
	two_certs(&list);
	assert_int_equal(0, certs_only_encode(&der, &list));
	for (size_t len = 0; len < der.len; len++) {
		struct reason why = {""};

		if (certs_only_decode(
			&back, (struct bytes){der.data, len}, &why) >= 0 ||
		    why.text[0] == '\0')
			fail_msg("cut at %zu", len);
	}
	frame = der.len - list.items[0].len - list.items[1].len;
	for (size_t i = 0; i < 8 * (frame - 2); i++) {
		der.data[i / 8] ^= (uint8_t)(1u << i % 8);
		if (certs_only_decode(&back, blob_bytes(&der), NULL) >= 0)
			fail_msg("bit %zu", i);
		der.data[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	cert_list_fini(&list);
	blob_fini(&der);
}

static void
test_trailing_byte_refused(void **state)
{
	struct cert_list list = {0}, back = {0};
	struct blob der = {0};

	(void)state;
	two_certs(&list);
	assert_int_equal(0, certs_only_encode(&der, &list));
	der.data = realloc(der.data, der.len + 1);
	assert_non_null(der.data);
	der.data[der.len++] = 0;
	assert_int_equal(
	    -ERR_INVALID, certs_only_decode(&back, blob_bytes(&der), NULL));
	cert_list_fini(&list);
	blob_fini(&der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_none_refused),
	    cmocka_unit_test(test_openssl_reads_it),
	    cmocka_unit_test(test_foreign_messages),
	    cmocka_unit_test(test_signers_refused),
	    cmocka_unit_test(
		test_every_truncation_and_flip_of_the_frame_refused),
	    cmocka_unit_test(test_trailing_byte_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
