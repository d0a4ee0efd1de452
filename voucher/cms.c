#include "voucher/cms.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/str.h"
#include "voucher/ossl.h"

/* id-ct-animaJSONVoucher, RFC 8366 8.2. */
#define ANIMA_JSON_VOUCHER "1.2.840.113549.1.9.16.1.40"
#define DIGEST_MIN_BYTES 32

/* --- out --- */

static int
add_certs(CMS_ContentInfo *cms, const struct voucher_signer *signer,
    const struct voucher_sign_params *params)
{
	size_t n = params->extra != NULL ? params->extra->n : 0;

	/* CMS_sign() added the leaf. */
	for (size_t i = 1;
	     i < params->n_chain && (int)i < sk_X509_num(signer->chain); i++)
		if (CMS_add1_cert(cms, sk_X509_value(signer->chain, (int)i)) !=
		    1)
			return voucher_crypto_failed(NULL, "CMS certificates");
	for (size_t i = 0; i < n; i++) {
		X509 *cert CLEANUP(X509_free_p) = NULL;
		int err = voucher_x509_parse(
		    &cert, blob_bytes(&params->extra->items[i]));

		if (err != 0)
			return err;
		if (CMS_add1_cert(cms, cert) != 1)
			return voucher_crypto_failed(NULL, "CMS certificates");
	}
	return 0;
}

static int
cms_to_der(struct blob *out, CMS_ContentInfo *cms)
{
	uint8_t *data = NULL;
	int len = i2d_CMS_ContentInfo(cms, &data);
	int err;

	if (len <= 0)
		return voucher_crypto_failed(NULL, "encode CMS");
	err = blob_copy(out, (struct bytes){data, (size_t)len});
	OPENSSL_free(data);
	return err;
}

int
cms_sign_content(struct blob *out, struct bytes content,
    const struct voucher_signer *signer,
    const struct voucher_sign_params *params)
{
	static const unsigned int flags =
	    CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
	BIO *in CLEANUP(BIO_free_all_p) =
	    BIO_new_mem_buf(content.data, (int)content.len);
	ASN1_OBJECT *type = OBJ_txt2obj(ANIMA_JSON_VOUCHER, 1);
	CMS_ContentInfo *cms CLEANUP(CMS_ContentInfo_free_p) = CMS_sign(
	    sk_X509_value(signer->chain, 0), signer->key, NULL, NULL, flags);
	bool typed = in != NULL && type != NULL && cms != NULL &&
		     CMS_set1_eContentType(cms, type) == 1;
	int err;

	ASN1_OBJECT_free(type);
	if (!typed)
		return voucher_crypto_failed(NULL, "CMS_sign");
	err = add_certs(cms, signer, params);
	if (err != 0)
		return err;
	if (CMS_final(cms, in, NULL, flags) != 1)
		return voucher_crypto_failed(NULL, "CMS_final");
	return cms_to_der(out, cms);
}

/* --- in --- */

static int
not_cms(struct reason *why, const char *what)
{
	ERR_clear_error();
	return reason_set(why, -ERR_INVALID, "RFC 8366 5.4: %s", what);
}

/* [RFC8995 C] The published examples say id-data. */
static bool
is_voucher_type(const ASN1_OBJECT *type)
{
	char text[64];

	return type != NULL &&
	       (OBJ_obj2nid(type) == NID_pkcs7_data ||
		   (OBJ_obj2txt(text, sizeof(text), type, 1) > 0 &&
		       ascii_equal_nocase(text, ANIMA_JSON_VOUCHER)));
}

static CMS_SignerInfo *
signer_info(CMS_ContentInfo *cms)
{
	return sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
}

static const EVP_MD *
digest_of(CMS_SignerInfo *info)
{
	X509_ALGOR *digest = NULL;

	CMS_SignerInfo_get0_algs(info, NULL, NULL, &digest, NULL);
	return EVP_get_digestbyobj(digest->algorithm);
}

/* One signature, with signed attributes (without, the content could be taken
 * for attributes), by a digest that is still good. */
static int
check_signer_info(CMS_ContentInfo *cms, struct reason *why)
{
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
	const EVP_MD *md;

	if (sk_CMS_SignerInfo_num(infos) != 1)
		return not_cms(why, "the CMS has not exactly one signature");
	if (CMS_signed_get_attr_count(signer_info(cms)) <= 0)
		return not_cms(why, "the CMS has no signed attributes");
	md = digest_of(signer_info(cms));
	if (md == NULL || EVP_MD_get_size(md) < DIGEST_MIN_BYTES)
		return not_cms(why, "the CMS is signed with a weak digest");
	return 0;
}

static int
cms_parse(CMS_ContentInfo **out, struct bytes artifact, struct reason *why)
{
	CMS_ContentInfo *cms CLEANUP(CMS_ContentInfo_free_p) = NULL;
	const uint8_t *p = artifact.data;
	ASN1_OCTET_STRING **content;
	int err;

	cms = d2i_CMS_ContentInfo(NULL, &p, (long)artifact.len);
	if (cms == NULL || p != artifact.data + artifact.len)
		return not_cms(why, "the voucher is not CMS in DER");
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return not_cms(why, "the CMS is not signed data");
	if (!is_voucher_type(CMS_get0_eContentType(cms)))
		return not_cms(why, "the CMS holds something else than a "
				    "voucher in JSON");
	content = CMS_get0_content(cms);
	if (content == NULL || *content == NULL)
		return not_cms(why, "the CMS has no content in it");
	err = check_signer_info(cms, why);
	if (err != 0)
		return err;
	*out = STEAL(cms);
	return 0;
}

/* Those that may have signed but did not come along. */
static int
candidate_stack(STACK_OF(X509) * *out, const struct voucher_certs *candidates)
{
	STACK_OF(X509) * stack CLEANUP(x509_stack_free_p) = sk_X509_new_null();
	size_t n = candidates != NULL ? candidates->n : 0;

	if (stack == NULL)
		return -ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		X509 *cert = NULL;

		if (voucher_x509_parse(
			&cert, blob_bytes(&candidates->items[i])) != 0)
			continue;
		if (sk_X509_push(stack, cert) == 0) {
			X509_free(cert);
			return -ERR_NOMEM;
		}
	}
	*out = STEAL(stack);
	return 0;
}

static int
take_certs(struct voucher_certs *certs, CMS_ContentInfo *cms,
    const X509 *signer, struct reason *why)
{
	STACK_OF(X509) * all CLEANUP(x509_stack_free_p) = CMS_get1_certs(cms);

	for (int i = 0; i < sk_X509_num(all); i++) {
		struct blob der = {0};
		int err;

		if (X509_cmp(sk_X509_value(all, i), signer) == 0)
			continue;
		err = voucher_x509_to_der(&der, sk_X509_value(all, i));
		if (err == 0)
			err = voucher_certs_add(certs, blob_bytes(&der));
		blob_fini(&der);
		if (err != 0)
			return reason_set(
			    why, err, "the CMS has too many certificates");
	}
	return 0;
}

/* The value of a signed attribute that must be there once, with one value. */
static const void *
signed_attribute(CMS_SignerInfo *info, int nid, int type)
{
	static const int exactly_one = -3;

	return CMS_signed_get0_data_by_OBJ(
	    info, OBJ_nid2obj(nid), exactly_one, type);
}

/* [RFC5652 5.4] [RFC5652 11.1] [RFC5652 11.2] The attributes are what is
 * signed; they have to mean this content. */
static bool
attributes_match(CMS_ContentInfo *cms, struct bytes content)
{
	CMS_SignerInfo *info = signer_info(cms);
	const ASN1_OBJECT *type =
	    signed_attribute(info, NID_pkcs9_contentType, V_ASN1_OBJECT);
	const ASN1_OCTET_STRING *digest = signed_attribute(
	    info, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING);
	uint8_t made[EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	return type != NULL && digest != NULL &&
	       OBJ_cmp(type, CMS_get0_eContentType(cms)) == 0 &&
	       EVP_Digest(content.data, content.len, made, &len,
		   digest_of(info), NULL) == 1 &&
	       bytes_equal((struct bytes){made, len},
		   (struct bytes){ASN1_STRING_get0_data(digest),
		       (size_t)ASN1_STRING_length(digest)});
}

/* Not by CMS_verify(), which digests the content once for each algorithm that
 * the artifact lists, in as many nested calls, and leaves the content-type
 * attribute unread. *out is borrowed from cms. */
static int
verify(X509 **out, CMS_ContentInfo *cms, struct bytes content,
    STACK_OF(X509) * others, struct reason *why)
{
	EVP_PKEY *key = NULL;
	X509 *signer = NULL;

	CMS_set1_signers_certs(cms, others, 0);
	CMS_SignerInfo_get0_algs(signer_info(cms), &key, &signer, NULL, NULL);
	if (signer != NULL && key != NULL && voucher_key_is_usable(key) &&
	    CMS_SignerInfo_verify(signer_info(cms)) == 1 &&
	    attributes_match(cms, content)) {
		*out = signer;
		return 0;
	}
	ERR_clear_error();
	return reason_set(why, -ERR_REFUSED,
	    "RFC 8366 5.4: the voucher's CMS signature is not valid, or its "
	    "signer's certificate is missing");
}

int
cms_open_content(struct blob *content, struct blob *signer,
    struct voucher_certs *certs, struct bytes artifact,
    const struct voucher_certs *candidates, struct reason *why)
{
	CMS_ContentInfo *cms CLEANUP(CMS_ContentInfo_free_p) = NULL;
	STACK_OF(X509) * others CLEANUP(x509_stack_free_p) = NULL;
	ASN1_OCTET_STRING *octets;
	struct bytes inside;
	X509 *cert = NULL;
	int err = cms_parse(&cms, artifact, why);

	if (err == 0)
		err = candidate_stack(&others, candidates);
	if (err != 0)
		return err;
	octets = *CMS_get0_content(cms);
	inside = (struct bytes){
	    ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets)};
	err = verify(&cert, cms, inside, others, why);
	if (err == 0)
		err = voucher_x509_to_der(signer, cert);
	if (err == 0)
		err = take_certs(certs, cms, cert, why);
	return err == 0 ? blob_copy(content, inside) : err;
}
