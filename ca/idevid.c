#include "ca/idevid.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/sha.h>

#include "base/str.h"
#include "ca/anchored.h"
#include "ca/openssl_util.h"

#define OID_MASA_URL "1.3.6.1.5.5.7.1.32"
#define OID_MUD_URL "1.3.6.1.5.5.7.1.25"
#define OID_HARDWARE_MODULE_NAME "1.3.6.1.5.5.7.8.4"

DEFINE_CLEANUP(ia5_freep, ASN1_IA5STRING, ASN1_IA5STRING_free)
DEFINE_CLEANUP(object_freep, ASN1_OBJECT, ASN1_OBJECT_free)

static void
sequence_freep(ASN1_SEQUENCE_ANY **sequence)
{
	sk_ASN1_TYPE_pop_free(*sequence, ASN1_TYPE_free);
}

/* --- texts --- */

static int
copy_printable(char *out, size_t size, const uint8_t *data, int len)
{
	if (len <= 0 || (size_t)len >= size ||
	    memchr(data, '\0', (size_t)len) != NULL)
		return -ERR_INVALID;
	memcpy(out, data, (size_t)len);
	out[len] = '\0';
	return str_is_printable(out) ? 0 : -ERR_INVALID;
}

static int
read_subject(struct idevid *out, const X509 *cert, struct reason *why)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_serialNumber, -1);
	const ASN1_STRING *value;

	if (at < 0)
		return 0;
	if (X509_NAME_get_index_by_NID(subject, NID_serialNumber, at) >= 0)
		return reason_set(why, -ERR_INVALID,
		    "the IDevID's subject has two serial numbers");
	value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
	if (copy_printable(out->serial_number, sizeof(out->serial_number),
		ASN1_STRING_get0_data(value), ASN1_STRING_length(value)) != 0)
		return reason_set(why, -ERR_INVALID,
		    "the IDevID's serial number is not printable ASCII of at "
		    "most %d characters",
		    IDEVID_SERIAL_MAX - 1);
	return 0;
}

/* --- extensions --- */

/* An extension that is an IA5String; "" if it is absent. */
static int
read_url(char *out, const X509 *cert, const char *oid, const char *what,
    struct reason *why)
{
	ASN1_OBJECT *object CLEANUP(object_freep) = OBJ_txt2obj(oid, 1);
	ASN1_IA5STRING *text CLEANUP(ia5_freep) = NULL;
	int at;

	if (object == NULL)
		return -ERR_NOMEM;
	at = X509_get_ext_by_OBJ(cert, object, -1);
	if (at < 0)
		return 0;
	text =
	    ext_decode(X509_get_ext(cert, at), ASN1_ITEM_rptr(ASN1_IA5STRING));
	if (text == NULL ||
	    copy_printable(out, IDEVID_URL_MAX, ASN1_STRING_get0_data(text),
		ASN1_STRING_length(text)) != 0)
		return reason_set(why, -ERR_INVALID,
		    "the IDevID's %s is not an IA5String of at most %d "
		    "characters",
		    what, IDEVID_URL_MAX - 1);
	return 0;
}

static int
set_hw_serial(struct idevid *out, const ASN1_OCTET_STRING *serial)
{
	const uint8_t *data = ASN1_STRING_get0_data(serial);
	int len = ASN1_STRING_length(serial);

	if (copy_printable(out->hw_serial, sizeof(out->hw_serial), data, len) ==
	    0)
		return 0;
	if (len <= 0 || (size_t)len * 2 >= sizeof(out->hw_serial))
		return -ERR_INVALID;
	hex_encode(out->hw_serial, (struct bytes){data, (size_t)len});
	return 0;
}

/* [RFC4108 5] HardwareModuleName: a type's OID and the serial number. */
static const ASN1_OCTET_STRING *
hardware_serial(const ASN1_SEQUENCE_ANY *module)
{
	const ASN1_TYPE *type, *serial;

	if (sk_ASN1_TYPE_num(module) != 2)
		return NULL;
	type = sk_ASN1_TYPE_value(module, 0);
	serial = sk_ASN1_TYPE_value(module, 1);
	return type->type == V_ASN1_OBJECT &&
		       serial->type == V_ASN1_OCTET_STRING
		   ? serial->value.octet_string
		   : NULL;
}

static int
read_hardware_name(
    struct idevid *out, const GENERAL_NAME *name, struct reason *why)
{
	ASN1_SEQUENCE_ANY *module CLEANUP(sequence_freep) = NULL;
	const ASN1_TYPE *value = name->d.otherName->value;
	const ASN1_OCTET_STRING *serial = NULL;
	const uint8_t *p;
	char oid[64];

	if (OBJ_obj2txt(oid, sizeof(oid), name->d.otherName->type_id, 1) <= 0 ||
	    strcmp(oid, OID_HARDWARE_MODULE_NAME) != 0)
		return 0;
	if (value->type == V_ASN1_SEQUENCE && out->hw_serial[0] == '\0') {
		p = ASN1_STRING_get0_data(value->value.sequence);
		module = d2i_ASN1_SEQUENCE_ANY(
		    NULL, &p, ASN1_STRING_length(value->value.sequence));
	}
	if (module != NULL)
		serial = hardware_serial(module);
	if (serial != NULL && set_hw_serial(out, serial) == 0)
		return 0;
	ERR_clear_error();
	return reason_set(why, -ERR_INVALID,
	    "RFC 4108 5: the IDevID's hardwareModuleName is malformed");
}

static int
read_alt_names(struct idevid *out, const X509 *cert, struct reason *why)
{
	int at = x509_find_ext(cert, NID_subject_alt_name);
	GENERAL_NAMES *names CLEANUP(general_names_freep) = NULL;
	int err = 0;

	if (at < 0)
		return 0;
	names =
	    ext_decode(X509_get_ext(cert, at), ASN1_ITEM_rptr(GENERAL_NAMES));
	if (names == NULL)
		return reason_set(why, -ERR_INVALID,
		    "the IDevID's subjectAltName is malformed");
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && err == 0; i++)
		if (sk_GENERAL_NAME_value(names, i)->type == GEN_OTHERNAME)
			err = read_hardware_name(
			    out, sk_GENERAL_NAME_value(names, i), why);
	return err;
}

/* OCTET STRING, with its tag. */
static int
put_octets(struct blob *out, const uint8_t *data, int len)
{
	ASN1_OCTET_STRING *octets CLEANUP(octets_freep) =
	    ASN1_OCTET_STRING_new();
	uint8_t *der = NULL;
	int n, err;

	if (octets == NULL || ASN1_OCTET_STRING_set(octets, data, len) != 1)
		return -ERR_NOMEM;
	n = i2d_ASN1_OCTET_STRING(octets, &der);
	if (n <= 0)
		return crypto_failed(NULL, "encode idevid-issuer");
	err = blob_copy(out, (struct bytes){der, (size_t)n});
	OPENSSL_free(der);
	return err;
}

/* [RFC8366bis] The extnValue; without one, what it would be for this very key.
 */
static int
read_issuer(struct idevid *out, const X509 *cert)
{
	int at = x509_find_ext(cert, NID_authority_key_identifier);
	/* SEQUENCE { [0] keyIdentifier } */
	uint8_t made[4 + SHA_DIGEST_LENGTH] = {
	    0x30, 2 + SHA_DIGEST_LENGTH, 0x80, SHA_DIGEST_LENGTH};
	const ASN1_OCTET_STRING *value;
	unsigned int len = 0;

	if (at >= 0) {
		value = X509_EXTENSION_get_data(X509_get_ext(cert, at));
		return put_octets(&out->issuer, ASN1_STRING_get0_data(value),
		    ASN1_STRING_length(value));
	}
	if (X509_pubkey_digest(cert, EVP_sha1(), made + 4, &len) != 1)
		return crypto_failed(NULL, "key identifier");
	return put_octets(&out->issuer, made, sizeof(made));
}

static int
read_not_after(struct idevid *out, const X509 *cert, struct reason *why)
{
	if (asn1_unix_time(&out->not_after, X509_get0_notAfter(cert)) != 0)
		return reason_set(
		    why, -ERR_INVALID, "the IDevID's validity is malformed");
	return 0;
}

static int
parse(struct idevid *out, struct bytes der, struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = x509_parse(&cert, der, why);

	if (err == 0)
		err = read_subject(out, cert, why);
	if (err == 0)
		err = read_alt_names(out, cert, why);
	if (err == 0)
		err = read_url(
		    out->masa_url, cert, OID_MASA_URL, "MASA URL", why);
	if (err == 0)
		err = read_url(out->mud_url, cert, OID_MUD_URL, "MUD URL", why);
	if (err == 0)
		err = read_not_after(out, cert, why);
	if (err == 0)
		err = read_issuer(out, cert);
	if (err != 0)
		return err;
	if (strncmp(out->mud_url, "https://", 8) != 0)
		out->mud_url[0] = '\0';
	cert_sha256(out->sha256, der);
	return name_text(
	    out->subject, sizeof(out->subject), X509_get_subject_name(cert));
}

int
idevid_parse(struct idevid *out, struct bytes der, struct reason *why)
{
	struct idevid idevid = {.subject = ""};
	int err = parse(&idevid, der, why);

	if (err != 0) {
		idevid_fini(&idevid);
		return err;
	}
	*out = idevid;
	return 0;
}

void
idevid_fini(struct idevid *idevid)
{
	blob_fini(&idevid->issuer);
}

int
idevid_verify(struct bytes der, const struct cert_list *chain,
    const struct cert_list *anchors, int64_t now, struct reason *why)
{
	struct reason inner = {""};
	int err = anchored_verify(der, chain, anchors, false, now, &inner);

	if (err == 0)
		return 0;
	return reason_set(why, err, "IDevID: %s", inner.text);
}
