#include "ca/cert.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/sha.h>

#include "base/str.h"
#include "ca/names_openssl.h"
#include "ca/openssl_util.h"

#define SERIAL_OCTETS_MAX 20 /* RFC 5280 4.1.2.2 */

static int
read_serial(struct cert_info *info, const X509 *cert, struct reason *why)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	int len = ASN1_STRING_length(serial);

	if (len > SERIAL_OCTETS_MAX ||
	    ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.1.2.2: serial number is negative or longer "
		    "than %d octets",
		    SERIAL_OCTETS_MAX);
	hex_encode(info->serial,
	    (struct bytes){ASN1_STRING_get0_data(serial), (size_t)len});
	return 0;
}

static int
read_subject(struct cert_info *info, const X509 *cert, struct reason *why)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	const X509_NAME *issuer = X509_get_issuer_name(cert);
	int err = name_text(info->subject, sizeof(info->subject), subject);

	if (err == 0)
		err = name_text(info->issuer, sizeof(info->issuer), issuer);
	if (err != 0)
		return err;
	info->self_issued = X509_NAME_cmp(subject, issuer) == 0;
	if (name_common_name(info->common_name, sizeof(info->common_name), NULL,
		subject) != 0)
		return reason_set(why, -ERR_INVALID,
		    "certificate's common name is malformed or too long");
	name_serial_number(
	    info->serial_number, sizeof(info->serial_number), subject);
	return 0;
}

static int
read_names(struct cert_info *info, const X509 *cert, struct reason *why)
{
	int at = x509_find_ext(cert, NID_subject_alt_name);

	if (at < 0)
		return 0;
	return names_from_ext(&info->names, X509_get_ext(cert, at), why);
}

static bool
has_cmc_ra(const X509 *cert)
{
	EXTENDED_KEY_USAGE *usages =
	    X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	bool has = false;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
		if (OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i)) == NID_cmcRA)
			has = true;
	EXTENDED_KEY_USAGE_free(usages);
	return has;
}

static int
read_usage(struct cert_info *info, X509 *cert, struct reason *why)
{
	uint32_t flags = X509_get_extension_flags(cert), eku;

	if ((flags & EXFLAG_INVALID) != 0) {
		ERR_clear_error();
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.2: certificate has a malformed extension");
	}
	eku = X509_get_extended_key_usage(cert);
	info->is_ca = X509_check_ca(cert) == 1;
	info->server_auth = (eku & XKU_SSL_SERVER) != 0;
	info->client_auth = (eku & XKU_SSL_CLIENT) != 0;
	info->cmc_ra = has_cmc_ra(cert);
	return 0;
}

void
cert_sha256(uint8_t out[32], struct bytes der)
{
	SHA256(der.data, der.len, out);
}

int
cert_parse(struct cert_info *out, struct bytes der, struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	int err;

	if (info == NULL)
		return -ERR_NOMEM;
	err = x509_parse(&cert, der, why);
	if (err == 0)
		err = read_serial(info, cert, why);
	if (err == 0)
		err = read_subject(info, cert, why);
	if (err == 0)
		err = read_names(info, cert, why);
	if (err == 0)
		err = read_usage(info, cert, why);
	if (err == 0)
		err =
		    spki_sha256(info->spki_sha256, X509_get_X509_PUBKEY(cert));
	if (err != 0)
		return err;
	if (asn1_unix_time(&info->not_before, X509_get0_notBefore(cert)) != 0 ||
	    asn1_unix_time(&info->not_after, X509_get0_notAfter(cert)) != 0)
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.1.2.5: validity is malformed");
	cert_sha256(info->sha256, der);
	*out = *info;
	return 0;
}
