#include "ca/cert.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/str.h"
#include "ca/der.h"
#include "ca/openssl_util.h"

/* RFC 5280 4.1.2.1: version 3. */
static const uint8_t version_3[] = {DER_INTEGER, 0x01, 0x02};

static int
read_serial(struct cert_outline *out, struct bytes *tbs)
{
	struct bytes serial;

	if (der_read(&serial, tbs, DER_INTEGER) != 0 || serial.len == 0 ||
	    (serial.data[0] & 0x80) != 0)
		return -ERR_INVALID;
	if (serial.len > 1 && serial.data[0] == 0) {
		serial.data++;
		serial.len--;
	}
	if (serial.len > sizeof(out->serial) / 2)
		return -ERR_INVALID;
	hex_encode(out->serial, serial);
	return 0;
}

static int
read_time(int64_t *out, struct bytes *validity)
{
	const uint8_t *p = validity->data;
	ASN1_TIME *time = d2i_ASN1_TIME(NULL, &p, (long)validity->len);
	int err = -ERR_INVALID;

	if (time != NULL) {
		err = asn1_unix_time(out, time);
		validity->len -= (size_t)(p - validity->data);
		validity->data = p;
	}
	ASN1_TIME_free(time);
	ERR_clear_error();
	return err;
}

static int
read_validity(struct cert_outline *out, struct bytes *tbs)
{
	struct bytes validity;
	int err = der_read(&validity, tbs, DER_SEQUENCE);

	if (err == 0)
		err = read_time(&out->not_before, &validity);
	if (err == 0)
		err = read_time(&out->not_after, &validity);
	return err == 0 && validity.len != 0 ? -ERR_INVALID : err;
}

/* RFC 5280 appendix A.1: id-at-commonName. */
static const uint8_t id_common_name[] = {DER_OID, 0x03, 0x55, 0x04, 0x03};

static bool
is_plain(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '-' || c == '.'))
			return false;
	}
	return text.len > 0;
}

/* The subject that nearly all have: one common name, of characters that RFC
 * 4514 does not escape. False for any other. */
static bool
read_plain_subject(struct cert_outline *out, struct bytes name)
{
	struct bytes cn;

	if (der_read(&name, &name, DER_SEQUENCE) != 0 ||
	    der_read(&cn, &name, DER_SET) != 0 || name.len != 0 ||
	    der_read(&name, &cn, DER_SEQUENCE) != 0 || cn.len != 0 ||
	    !der_take(&name, id_common_name, sizeof(id_common_name)))
		return false;
	if (der_read(&cn, &name, DER_UTF8_STRING) != 0 || name.len != 0 ||
	    !is_plain(cn))
		return false;
	return str_format(out->subject, sizeof(out->subject), "CN=%.*s",
		   (int)cn.len, (const char *)cn.data) == 0;
}

static int
read_subject(struct cert_outline *out, struct bytes *tbs)
{
	struct bytes der;
	const uint8_t *p;
	X509_NAME *name;
	int err = der_read_element(&der, tbs);

	if (err != 0 || read_plain_subject(out, der))
		return err;
	p = der.data;
	name = d2i_X509_NAME(NULL, &p, (long)der.len);
	ERR_clear_error();
	err = name != NULL && p == der.data + der.len
		  ? name_text(out->subject, sizeof(out->subject), name)
		  : -ERR_INVALID;
	X509_NAME_free(name);
	return err;
}

/* Certificate { TBSCertificate { [0] version, serial, algorithm, issuer,
 * validity, subject, ... */
static int
read_tbs(struct cert_outline *out, struct bytes tbs)
{
	struct bytes skipped;
	int err = der_read(&skipped, &tbs, DER_CONTEXT_0);

	if (err == 0 &&
	    !bytes_equal(skipped, (struct bytes){version_3, sizeof(version_3)}))
		err = -ERR_INVALID;
	if (err == 0)
		err = read_serial(out, &tbs);
	for (int i = 0; i < 2 && err == 0; i++)
		err = der_read(&skipped, &tbs, DER_SEQUENCE);
	if (err == 0)
		err = read_validity(out, &tbs);
	return err == 0 ? read_subject(out, &tbs) : err;
}

int
cert_outline_parse(
    struct cert_outline *out, struct bytes der, struct reason *why)
{
	struct cert_outline outline = {.serial = ""};
	struct bytes in = der;
	int err = der.len > CERT_MAX_BYTES ? -ERR_TOO_LARGE : der_check(der);

	if (err == 0)
		err = der_read(&in, &in, DER_SEQUENCE);
	if (err == 0)
		err = der_read(&in, &in, DER_SEQUENCE);
	if (err == 0)
		err = read_tbs(&outline, in);
	if (err != 0)
		return reason_set(
		    why, err, "not an X.509 certificate (RFC 5280 4.1)");
	*out = outline;
	return 0;
}
