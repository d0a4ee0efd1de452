#include "ca/openssl_util.h"

#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/log.h"
#include "ca/cert.h"
#include "ca/der.h"

int
crypto_failed(struct reason *why, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	char text[256] = "no detail", quoted[288];

	if (code != 0)
		ERR_error_string_n(code, text, sizeof(text));
	ERR_clear_error();
	log_error("crypto library failure", "what=%s detail=%s", what,
	    log_quote(quoted, sizeof(quoted), text));
	return reason_set(why, -ERR_CRYPTO, "internal failure: %s", what);
}

static int
no_pass_phrase(char *out, int size, int writing, void *arg)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

int
pkey_from_pem(EVP_PKEY **out, struct bytes pem)
{
	BIO *bio CLEANUP(bio_freep) = NULL;
	EVP_PKEY *pkey;

	if (pem.len == 0 || pem.len > INT32_MAX)
		return -ERR_INVALID;
	bio = BIO_new_mem_buf(pem.data, (int)pem.len);
	if (bio == NULL)
		return -ERR_NOMEM;
	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
	ERR_clear_error();
	if (pkey == NULL)
		return -ERR_INVALID;
	*out = pkey;
	return 0;
}

bool
exts_have_duplicates(const STACK_OF(X509_EXTENSION) * exts)
{
	for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
		X509_EXTENSION *ext = sk_X509_EXTENSION_value(exts, i);

		if (X509v3_get_ext_by_OBJ(
			exts, X509_EXTENSION_get_object(ext), i) >= 0)
			return true;
	}
	return false;
}

int
x509_parse(X509 **out, struct bytes der, struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	const uint8_t *p = der.data;

	if (der.len > CERT_MAX_BYTES)
		return reason_set(why, -ERR_TOO_LARGE,
		    "certificate larger than %d bytes", CERT_MAX_BYTES);
	if (der_check(der) != 0)
		return reason_set(
		    why, -ERR_INVALID, "certificate is not valid DER");
	cert = d2i_X509(NULL, &p, (long)der.len);
	if (cert == NULL || p != der.data + der.len) {
		ERR_clear_error();
		return reason_set(why, -ERR_INVALID,
		    "not an X.509 certificate (RFC 5280 4.1)");
	}
	if (exts_have_duplicates(X509_get0_extensions(cert)))
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.2: certificate has an extension twice");
	*out = STEAL(cert);
	return 0;
}

int
x509_to_der(struct blob *out, const X509 *cert)
{
	int len = i2d_X509(cert, NULL);
	uint8_t *data, *p;

	if (len <= 0)
		return crypto_failed(NULL, "encode certificate");
	data = p = malloc((size_t)len);
	if (data == NULL)
		return -ERR_NOMEM;
	i2d_X509(cert, &p);
	*out = (struct blob){data, (size_t)len};
	return 0;
}

int
x509_find_ext(const X509 *cert, int nid)
{
	return X509_get_ext_by_NID(cert, nid, -1);
}

void *
ext_decode(X509_EXTENSION *ext, const ASN1_ITEM *type)
{
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);
	struct bytes der = {
	    ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
	const uint8_t *p = der.data;
	ASN1_VALUE *decoded;

	if (der_check(der) != 0)
		return NULL;
	decoded = ASN1_item_d2i(NULL, &p, (long)der.len, type);
	if (decoded == NULL)
		ERR_clear_error();
	return decoded;
}

static bool
has_control_characters(const uint8_t *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] == 0x7f)
			return true;
	return false;
}

static int
utf8_copy(char *out, size_t size, const ASN1_STRING *value)
{
	uint8_t *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, value);
	int err = 0;

	if (len < 0) {
		ERR_clear_error();
		return -ERR_INVALID;
	}
	if (has_control_characters(text, (size_t)len))
		err = -ERR_INVALID;
	else if ((size_t)len >= size)
		err = -ERR_TOO_LARGE;
	else
		memcpy(out, text, (size_t)len);
	if (err == 0)
		out[len] = '\0';
	OPENSSL_free(text);
	return err;
}

int
name_common_name(char *out, size_t size, int *count, const X509_NAME *name)
{
	int at = -1, first = -1, n = 0;

	while (
	    (at = X509_NAME_get_index_by_NID(name, NID_commonName, at)) >= 0) {
		if (n++ == 0)
			first = at;
	}
	if (count != NULL)
		*count = n;
	if (first < 0) {
		out[0] = '\0';
		return 0;
	}
	return utf8_copy(out, size,
	    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, first)));
}

const char *
oid_text(char *out, size_t size, const ASN1_OBJECT *oid)
{
	int nid = OBJ_obj2nid(oid);

	if (nid != NID_undef)
		return OBJ_nid2sn(nid);
	if (OBJ_obj2txt(out, (int)size, oid, 1) <= 0)
		return "unreadable OID";
	return out;
}

int
name_text(char *out, size_t size, const X509_NAME *name)
{
	BIO *bio CLEANUP(bio_freep) = BIO_new(BIO_s_mem());
	int len;

	if (bio == NULL ||
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0)
		return crypto_failed(NULL, "print name");
	len = BIO_read(bio, out, (int)size - 1);
	out[len > 0 ? len : 0] = '\0';
	return 0;
}

int
asn1_unix_time(int64_t *out, const ASN1_TIME *time)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1) {
		ERR_clear_error();
		return -ERR_INVALID;
	}
	*out = timegm(&tm);
	return 0;
}
