#include "ca/csrattrs.h"

#include "ca/der.h"
#include "ca/names_openssl.h"
#include "ca/openssl_util.h"

static int
add_oid(struct buf *out, int nid)
{
	unsigned char *der = NULL;
	int len = i2d_ASN1_OBJECT(OBJ_nid2obj(nid), &der);

	if (len <= 0)
		return crypto_failed(NULL, "encode OID");
	buf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return buf_status(out);
}

/* Attribute ::= SEQUENCE { type OID, values SET OF ANY } with one value. */
static int
add_attribute(struct buf *out, int nid, const struct buf *value)
{
	struct buf type = {0};
	int err = add_oid(&type, nid);

	if (err == 0) {
		der_add_header(out, DER_SEQUENCE,
		    type.len + der_header_len(value->len) + value->len);
		buf_add(out, type.data, type.len);
		der_add_header(out, DER_SET, value->len);
		buf_add(out, value->data, value->len);
		err = buf_status(out);
	}
	buf_fini(&type);
	return err;
}

static int
add_key_type(struct buf *out)
{
	struct buf curve = {0};
	int err = add_oid(&curve, NID_X9_62_prime256v1);

	if (err == 0)
		err = add_attribute(out, NID_X9_62_id_ecPublicKey, &curve);
	buf_fini(&curve);
	return err;
}

static int
make_alt_names(X509_EXTENSION **out, const struct names *names)
{
	GENERAL_NAMES *general CLEANUP(general_names_freep) = NULL;
	int err = names_to_general(&general, names);

	if (err != 0)
		return err;
	*out = X509V3_EXT_i2d(NID_subject_alt_name, 0, general);
	return *out != NULL ? 0 : crypto_failed(NULL, "encode names");
}

/* [RFC9908 3.2] one extensionRequest attribute, with the values wanted. */
static int
add_extension_request(struct buf *out, const struct names *names)
{
	X509_EXTENSION *ext = NULL;
	unsigned char *der = NULL;
	struct buf value = {0};
	int len = 0, err = make_alt_names(&ext, names);

	if (err == 0) {
		len = i2d_X509_EXTENSION(ext, &der);
		err = len > 0 ? 0 : crypto_failed(NULL, "encode extension");
	}
	if (err == 0) {
		der_add_header(&value, DER_SEQUENCE, (size_t)len);
		buf_add(&value, der, (size_t)len);
		err = buf_status(&value);
	}
	if (err == 0)
		err = add_attribute(out, NID_ext_req, &value);
	OPENSSL_free(der);
	X509_EXTENSION_free(ext);
	buf_fini(&value);
	return err;
}

int
csrattrs_encode(struct blob *out, const struct csrattrs *attrs)
{
	struct buf items = {0}, all = {0};
	int err = 0;

	if (attrs->channel_binding)
		err = add_oid(&items, NID_pkcs9_challengePassword);
	if (err == 0)
		err = add_key_type(&items);
	if (err == 0)
		err = add_oid(&items, NID_ecdsa_with_SHA256);
	if (err == 0 && attrs->names != NULL)
		err = add_extension_request(&items, attrs->names);
	if (err == 0) {
		der_add_header(&all, DER_SEQUENCE, items.len);
		buf_add(&all, items.data, items.len);
		err = buf_status(&all);
	}
	if (err == 0)
		err = blob_copy(
		    out, (struct bytes){(const uint8_t *)all.data, all.len});
	buf_fini(&items);
	buf_fini(&all);
	return err;
}
