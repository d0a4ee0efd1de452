#include "ca/vendor.h"

#include <string.h>

#include "base/clock.h"
#include "ca/build.h"
#include "ca/der.h"
#include "ca/key_openssl.h"
#include "ca/openssl_util.h"

#define OID_MASA_URL "1.3.6.1.5.5.7.1.32"
#define OID_MUD_URL "1.3.6.1.5.5.7.1.25"
#define OID_HARDWARE_MODULE_NAME "1.3.6.1.5.5.7.8.4"

/* For registrars whose clock is slow when the manufacturer is new. */
#define BACKDATE_S 3600

DEFINE_CLEANUP(general_name_freep, GENERAL_NAME, GENERAL_NAME_free)
DEFINE_CLEANUP(object_freep, ASN1_OBJECT, ASN1_OBJECT_free)
DEFINE_CLEANUP(extension_freep, X509_EXTENSION, X509_EXTENSION_free)

/* --- what all have --- */

static int
add_name(X509_NAME *name, int nid, const char *text, struct reason *why)
{
	if (X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
		(const uint8_t *)text, -1, -1, 0) == 1)
		return 0;
	crypto_failed(NULL, "name a certificate");
	return reason_set(why, -ERR_INVALID,
	    "a certificate cannot have the %s %s", OBJ_nid2ln(nid), text);
}

static int
set_subject(X509 *cert, const struct vendor_subject *subject,
    const char *serial_number, struct reason *why)
{
	X509_NAME *name = X509_get_subject_name(cert);
	int err =
	    add_name(name, NID_organizationName, subject->organization, why);

	if (err == 0)
		err = add_name(name, NID_commonName, subject->common_name, why);
	if (err == 0 && serial_number != NULL)
		err = add_name(name, NID_serialNumber, serial_number, why);
	return err;
}

/* Subject, issuer and public key; issuer NULL: self-signed. */
static int
start(X509 **out, const struct vendor_subject *subject,
    const char *serial_number, const struct key *key, const X509 *issuer,
    int64_t not_after, struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = build_start(&cert, clock_now() - BACKDATE_S, not_after);

	if (err == 0)
		err = set_subject(cert, subject, serial_number, why);
	if (err != 0)
		return err;
	if (X509_set_issuer_name(cert,
		X509_get_subject_name(issuer != NULL ? issuer : cert)) != 1 ||
	    X509_set_pubkey(cert, key_pkey(key)) != 1)
		return crypto_failed(why, "start certificate");
	*out = STEAL(cert);
	return 0;
}

/* --- CAs --- */

int
vendor_ca_make(struct blob *out, const struct key *key,
    const struct vendor_subject *subject, struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = start(&cert, subject, NULL, key, NULL, VENDOR_NEVER, why);

	if (err == 0)
		err = build_basic_constraints(cert, 0);
	if (err == 0)
		err = build_key_usage(cert, KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	if (err == 0)
		err = build_key_ids(cert, NULL);
	return err != 0 ? err : build_sign(out, cert, key_pkey(key));
}

/* --- the voucher service --- */

/* What end entities have in common. */
static int
finish(struct blob *out, X509 *cert, X509 *ca, const struct key *ca_key)
{
	int err = build_basic_constraints(cert, -1);

	if (err == 0)
		err = build_key_usage(cert, KU_DIGITAL_SIGNATURE);
	if (err == 0)
		err = build_key_ids(cert, ca);
	return err != 0 ? err : build_sign(out, cert, key_pkey(ca_key));
}

static int
add_role(X509 *cert, const struct vendor_service *service)
{
	static const int server[] = {NID_server_auth};
	static const int client[] = {NID_client_auth};
	int err;

	switch (service->role) {
	case VENDOR_TLS_SERVER:
		err = build_ext_key_usage(cert, server, ARRAY_LEN(server));
		return err != 0 ? err : build_alt_names(cert, service->names);
	case VENDOR_CUSTOMER:
		return build_ext_key_usage(cert, client, ARRAY_LEN(client));
	case VENDOR_VOUCHER_SIGNER:
		break;
	}
	return 0;
}

int
vendor_service_make(struct blob *out, const struct key *key,
    const struct vendor_issuer *issuer, const struct vendor_service *service,
    struct reason *why)
{
	X509 *ca CLEANUP(x509_freep) = NULL, *cert CLEANUP(x509_freep) = NULL;
	int err = x509_parse(&ca, issuer->cert, why);

	if (err == 0)
		err = start(&cert, &service->subject, NULL, key, ca,
		    service->not_after, why);
	if (err == 0)
		err = add_role(cert, service);
	return err != 0 ? err : finish(out, cert, ca, issuer->key);
}

/* --- devices --- */

/* An extension that is an IA5String. */
static int
add_url(X509 *cert, const char *oid, const char *url)
{
	ASN1_OBJECT *object CLEANUP(object_freep) = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *value CLEANUP(octets_freep) =
	    ASN1_OCTET_STRING_new();
	X509_EXTENSION *ext CLEANUP(extension_freep) = NULL;
	struct buf der CLEANUP(buf_fini) = {0};
	size_t len = strlen(url);

	der_add_header(&der, V_ASN1_IA5STRING, len);
	buf_add(&der, url, len);
	if (buf_status(&der) != 0 || object == NULL || value == NULL ||
	    ASN1_OCTET_STRING_set(
		value, (const uint8_t *)der.data, (int)der.len) != 1)
		return -ERR_NOMEM;
	ext = X509_EXTENSION_create_by_OBJ(NULL, object, 0, value);
	if (ext == NULL || X509_add_ext(cert, ext, -1) != 1)
		return crypto_failed(NULL, "add extension");
	return 0;
}

/* [RFC4108 5] SEQUENCE { hwType OBJECT IDENTIFIER, hwSerialNum OCTET STRING };
 * the type is one of the enterprise for examples (RFC 5612). */
static int
hardware_module(struct buf *out, const char *serial_number)
{
	static const uint8_t type[] = {0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01,
	    0x81, 0xfd, 0x59, 0x01, 0x01};
	size_t len = strlen(serial_number);

	der_add_header(
	    out, DER_SEQUENCE, sizeof(type) + der_header_len(len) + len);
	buf_add(out, type, sizeof(type));
	der_add_header(out, V_ASN1_OCTET_STRING, len);
	buf_add(out, serial_number, len);
	return buf_status(out);
}

static int
make_other_name(GENERAL_NAME **out, struct bytes value)
{
	GENERAL_NAME *name CLEANUP(general_name_freep) = GENERAL_NAME_new();
	ASN1_OBJECT *type = OBJ_txt2obj(OID_HARDWARE_MODULE_NAME, 1);
	const uint8_t *p = value.data;
	ASN1_TYPE *any = d2i_ASN1_TYPE(NULL, &p, (long)value.len);

	if (name == NULL || type == NULL || any == NULL ||
	    GENERAL_NAME_set0_othername(name, type, any) != 1) {
		ASN1_OBJECT_free(type);
		ASN1_TYPE_free(any);
		return crypto_failed(NULL, "make hardwareModuleName");
	}
	*out = STEAL(name);
	return 0;
}

static int
add_hardware_module(X509 *cert, const char *serial_number)
{
	GENERAL_NAMES *names CLEANUP(general_names_freep) = GENERAL_NAMES_new();
	struct buf der CLEANUP(buf_fini) = {0};
	GENERAL_NAME *name = NULL;
	int err =
	    names != NULL ? hardware_module(&der, serial_number) : -ERR_NOMEM;

	if (err == 0)
		err = make_other_name(
		    &name, (struct bytes){(const uint8_t *)der.data, der.len});
	if (err != 0)
		return err;
	if (sk_GENERAL_NAME_push(names, name) <= 0) {
		GENERAL_NAME_free(name);
		return -ERR_NOMEM;
	}
	return build_ext(cert, NID_subject_alt_name, names, EXT_PLAIN);
}

int
vendor_idevid_make(struct blob *out, const struct key *key,
    const struct vendor_issuer *issuer, const struct vendor_device *device,
    struct reason *why)
{
	X509 *ca CLEANUP(x509_freep) = NULL, *cert CLEANUP(x509_freep) = NULL;
	int err = x509_parse(&ca, issuer->cert, why);

	if (err == 0)
		err = start(&cert, &device->subject,
		    device->hardware_module ? NULL : device->serial_number, key,
		    ca, VENDOR_NEVER, why);
	if (err == 0 && device->hardware_module)
		err = add_hardware_module(cert, device->serial_number);
	/* [RFC8995 2.3.2] */
	if (err == 0)
		err = add_url(cert, OID_MASA_URL, device->masa_url);
	/* [RFC8520 11] */
	if (err == 0 && device->mud_url != NULL)
		err = add_url(cert, OID_MUD_URL, device->mud_url);
	return err != 0 ? err : finish(out, cert, ca, issuer->key);
}
