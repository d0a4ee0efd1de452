#include "ca/build.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/err.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "ca/cert.h"
#include "ca/der.h"
#include "ca/names_openssl.h"
#include "ca/openssl_util.h"

#define KEY_ID_LEN 20
/* ECDSA with P-256: two integers of 33 octets at most, with their headers. */
#define SIGNATURE_MAX_BYTES 80

static int
set_serial(X509 *cert)
{
	uint8_t octets[SERIAL_OCTETS];
	BIGNUM *number;
	bool ok;

	serial_make(octets, clock_now());
	number = BN_bin2bn(octets, sizeof(octets), NULL);
	ok = number != NULL &&
	     BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL;
	BN_free(number);
	return ok ? 0 : crypto_failed(NULL, "make serial number");
}

static int
set_serial_and_validity(X509 *cert, int64_t not_before, int64_t not_after)
{
	/* ASN1_TIME_set() chooses as RFC 5280 4.1.2.5 says: UTCTime to 2049. */
	if (ASN1_TIME_set(X509_getm_notBefore(cert), not_before) == NULL ||
	    ASN1_TIME_set(X509_getm_notAfter(cert), not_after) == NULL)
		return crypto_failed(NULL, "set validity");
	return set_serial(cert);
}

int
build_start(X509 **out, int64_t not_before, int64_t not_after)
{
	X509 *cert CLEANUP(x509_freep) = X509_new();
	int err;

	if (cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1)
		return crypto_failed(NULL, "start certificate");
	err = set_serial_and_validity(cert, not_before, not_after);
	if (err == 0)
		*out = STEAL(cert);
	return err;
}

int
build_next(X509 *cert, int n_extensions, int64_t not_before, int64_t not_after)
{
	X509_NAME *subject = X509_get_subject_name(cert);

	while (X509_NAME_entry_count(subject) > 0)
		X509_NAME_ENTRY_free(X509_NAME_delete_entry(subject, 0));
	while (X509_get_ext_count(cert) > n_extensions)
		X509_EXTENSION_free(X509_delete_ext(cert, n_extensions));
	return set_serial_and_validity(cert, not_before, not_after);
}

/* A copy of an algorithm's parameter: an OID (shared when OpenSSL knows it),
 * NULL, or nothing. */
static void *
copy_parameter(int type, const void *value)
{
	return type == V_ASN1_OBJECT ? OBJ_dup(value) : NULL;
}

int
build_public_key(X509 *cert, X509_PUBKEY *key)
{
	ASN1_OBJECT *oid;
	X509_ALGOR *algorithm;
	const uint8_t *bits;
	const void *param;
	uint8_t *copy;
	void *param_copy;
	int len, type;

	if (X509_PUBKEY_get0_param(&oid, &bits, &len, &algorithm, key) != 1)
		return crypto_failed(NULL, "read public key");
	X509_ALGOR_get0(NULL, &type, &param, algorithm);
	param_copy = copy_parameter(type, param);
	copy = OPENSSL_memdup(bits, (size_t)len);
	if (copy == NULL || (type == V_ASN1_OBJECT && param_copy == NULL) ||
	    X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(cert), OBJ_dup(oid),
		type, param_copy, copy, len) != 1) {
		OPENSSL_free(copy);
		return crypto_failed(NULL, "copy public key");
	}
	return 0;
}

int
build_ext(X509 *cert, int nid, void *value, bool critical)
{
	if (X509_add1_ext_i2d(cert, nid, value, critical, X509V3_ADD_DEFAULT) !=
	    1)
		return crypto_failed(NULL, "add extension");
	return 0;
}

int
build_basic_constraints(X509 *cert, int pathlen)
{
	BASIC_CONSTRAINTS *basic = BASIC_CONSTRAINTS_new();
	int err = -ERR_NOMEM;

	if (basic == NULL)
		return err;
	if (pathlen >= 0) {
		basic->ca = 0xff;
		basic->pathlen = ASN1_INTEGER_new();
	}
	if (pathlen < 0 || (basic->pathlen != NULL &&
			       ASN1_INTEGER_set(basic->pathlen, pathlen) == 1))
		err =
		    build_ext(cert, NID_basic_constraints, basic, EXT_CRITICAL);
	BASIC_CONSTRAINTS_free(basic);
	return err;
}

int
build_key_usage(X509 *cert, unsigned int bits)
{
	ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
	int err = usage != NULL ? 0 : -ERR_NOMEM;

	/* Bit 0 of the ASN.1 is the octet's top bit. */
	for (int i = 0; i < 8 && err == 0; i++)
		if ((bits & (0x80u >> i)) != 0 &&
		    ASN1_BIT_STRING_set_bit(usage, i, 1) != 1)
			err = -ERR_NOMEM;
	if (err == 0)
		err = build_ext(cert, NID_key_usage, usage, EXT_CRITICAL);
	ASN1_BIT_STRING_free(usage);
	return err;
}

int
build_ext_key_usage(X509 *cert, const int *nids, size_t n)
{
	EXTENDED_KEY_USAGE *usage = sk_ASN1_OBJECT_new_null();
	int err = usage != NULL ? 0 : -ERR_NOMEM;

	/* The objects are OpenSSL's own, which free() leaves alone. */
	for (size_t i = 0; i < n && err == 0; i++)
		if (sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(nids[i])) <= 0)
			err = -ERR_NOMEM;
	if (err == 0)
		err = build_ext(cert, NID_ext_key_usage, usage, EXT_PLAIN);
	sk_ASN1_OBJECT_free(usage);
	return err;
}

int
build_alt_names(X509 *cert, const struct names *names)
{
	GENERAL_NAMES *general CLEANUP(general_names_freep) = NULL;
	bool no_subject =
	    X509_NAME_entry_count(X509_get_subject_name(cert)) == 0;
	int err = names_to_general(&general, names);

	return err != 0
		   ? err
		   : build_ext(cert, NID_subject_alt_name, general, no_subject);
}

/* RFC 7093 2, method 1: the leftmost 160 bits of the key's SHA-256. */
int
build_subject_key_id(X509 *cert)
{
	const ASN1_BIT_STRING *key = X509_get0_pubkey_bitstr(cert);
	ASN1_OCTET_STRING *id CLEANUP(octets_freep) = ASN1_OCTET_STRING_new();
	uint8_t digest[SHA256_LEN];
	int err = sha256(digest, (struct bytes){ASN1_STRING_get0_data(key),
				     (size_t)ASN1_STRING_length(key)});

	if (err != 0)
		return err;
	if (id == NULL || ASN1_OCTET_STRING_set(id, digest, KEY_ID_LEN) != 1)
		return crypto_failed(NULL, "make key identifier");
	return build_ext(cert, NID_subject_key_identifier, id, EXT_PLAIN);
}

int
build_authority_key_id(X509 *cert, X509 *issuer)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(issuer);
	AUTHORITY_KEYID *authority;
	int err = -ERR_NOMEM;

	if (id == NULL)
		return crypto_failed(NULL, "read the CA's key identifier");
	authority = AUTHORITY_KEYID_new();
	if (authority == NULL)
		return err;
	authority->keyid = ASN1_OCTET_STRING_dup(id);
	if (authority->keyid != NULL)
		err = build_ext(
		    cert, NID_authority_key_identifier, authority, EXT_PLAIN);
	AUTHORITY_KEYID_free(authority);
	return err;
}

int
build_key_ids(X509 *cert, X509 *issuer)
{
	int err = build_subject_key_id(cert);

	if (err != 0 || issuer == NULL)
		return err;
	return build_authority_key_id(cert, issuer);
}

int
build_sign(struct blob *out, X509 *cert, EVP_PKEY *key)
{
	if (X509_sign(cert, key, EVP_sha256()) <= 0)
		return crypto_failed(NULL, "sign certificate");
	return x509_to_der(out, cert);
}

int
build_sign_ready(EVP_MD_CTX **out, EVP_PKEY *key)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (ctx == NULL ||
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) != 1) {
		EVP_MD_CTX_free(ctx);
		return crypto_failed(NULL, "prepare signature");
	}
	*out = ctx;
	return 0;
}

/* The signature's value. */
static int
sign_tbs(struct blob *out, struct bytes tbs, const EVP_MD_CTX *ready)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t value[SIGNATURE_MAX_BYTES];
	size_t len = sizeof(value);
	bool ok = ctx != NULL && EVP_MD_CTX_copy_ex(ctx, ready) == 1 &&
		  EVP_DigestSign(ctx, value, &len, tbs.data, tbs.len) == 1;

	EVP_MD_CTX_free(ctx);
	if (!ok)
		return crypto_failed(NULL, "sign certificate");
	return blob_copy(out, (struct bytes){value, len});
}

/* Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, BIT STRING }
 */
static int
wrap(struct blob *out, struct bytes tbs, struct bytes algorithm,
    struct bytes signature)
{
	struct buf buf CLEANUP(buf_fini) = {.max = CERT_MAX_BYTES};
	size_t bits = 1 + signature.len;

	der_add_header(&buf, DER_SEQUENCE,
	    tbs.len + algorithm.len + der_header_len(bits) + bits);
	buf_add(&buf, tbs.data, tbs.len);
	buf_add(&buf, algorithm.data, algorithm.len);
	der_add_header(&buf, DER_BIT_STRING, bits);
	buf_add(&buf, "", 1); /* no unused bits */
	buf_add(&buf, signature.data, signature.len);
	if (buf_status(&buf) != 0)
		return buf_status(&buf);
	*out = (struct blob){(uint8_t *)STEAL(buf.data), buf.len};
	return 0;
}

int
build_sign_again(struct blob *out, X509 *cert, const EVP_MD_CTX *ready)
{
	struct blob signature CLEANUP(blob_fini) = {0};
	const X509_ALGOR *algorithm = X509_get0_tbs_sigalg(cert);
	uint8_t *tbs = NULL, *name = NULL;
	int tbs_len = i2d_re_X509_tbs(cert, &tbs);
	int name_len = i2d_X509_ALGOR(algorithm, &name);
	int err = 0;

	if (tbs_len <= 0 || name_len <= 0)
		err = crypto_failed(NULL, "encode certificate");
	if (err == 0)
		err = sign_tbs(
		    &signature, (struct bytes){tbs, (size_t)tbs_len}, ready);
	if (err == 0)
		err = wrap(out, (struct bytes){tbs, (size_t)tbs_len},
		    (struct bytes){name, (size_t)name_len},
		    blob_bytes(&signature));
	OPENSSL_free(tbs);
	OPENSSL_free(name);
	return err;
}
