#include "tests/unit/voucher/support.h"

#include "tests/unit/cmocka.h"

#include <string.h>

#include <openssl/pem.h>

#include "base/str.h"

static void
to_pem(struct blob *out, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	assert_int_equal(
	    blob_copy(out, (struct bytes){(uint8_t *)data, (size_t)len}), 0);
	BIO_free(bio);
}

void
identity_init(struct identity *id, const char *name, EVP_PKEY *key)
{
	bool is_ed = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
	BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
	struct blob cert_pem = {0}, key_pem = {0};
	struct reason why = {""};
	X509_NAME *subject;

	id->key = key;
	id->cert = X509_new();
	X509_set_version(id->cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(id->cert), 1);
	subject = X509_get_subject_name(id->cert);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(id->cert, subject);
	X509_gmtime_adj(X509_getm_notBefore(id->cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(id->cert), 3600);
	X509_set_pubkey(id->cert, key);
	assert_true(X509_sign(id->cert, key, is_ed ? NULL : EVP_sha256()) > 0);
	assert_int_equal(voucher_x509_to_der(&id->der, id->cert), 0);
	PEM_write_bio_X509(cert_bio, id->cert);
	PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
	to_pem(&cert_pem, cert_bio);
	to_pem(&key_pem, key_bio);
	if (voucher_signer_new(&id->signer, blob_bytes(&cert_pem),
		blob_bytes(&key_pem), &why) != 0)
		fail_msg("%s", why.text);
	blob_fini(&cert_pem);
	blob_fini(&key_pem);
}

void
identity_fini(struct identity *id)
{
	voucher_signer_free(id->signer);
	blob_fini(&id->der);
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
}

void
voucher_fill(struct voucher *v, enum voucher_kind kind)
{
	static const uint8_t octets[] = {4, 8, 15, 16, 23, 42, 0, 255};
	const struct bytes value = {octets, sizeof(octets)};

	voucher_init(v, kind);
	v->assertion = VOUCHER_PROXIMITY;
	v->created_on = 1700000000;
	v->expires_on = 1800000000;
	strcpy(v->serial_number, "SN-0001");
	memcpy(v->nonce.data, octets, sizeof(octets));
	v->nonce.len = sizeof(octets);
	v->domain_cert_revocation_checks = 0;
	assert_int_equal(blob_copy(&v->idevid_issuer, value), 0);
	if (kind == VOUCHER_VOUCHER) {
		assert_int_equal(blob_copy(&v->pinned_domain_cert, value), 0);
		return;
	}
	assert_int_equal(blob_copy(&v->proximity_registrar_cert, value), 0);
	assert_int_equal(blob_copy(&v->prior_signed_voucher_request, value), 0);
}

void
assert_vouchers_equal(const struct voucher *a, const struct voucher *b)
{
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->assertion, b->assertion);
	assert_int_equal(a->created_on, b->created_on);
	assert_int_equal(a->expires_on, b->expires_on);
	assert_string_equal(a->serial_number, b->serial_number);
	assert_true(voucher_nonce_equal(&a->nonce, &b->nonce));
	assert_int_equal(
	    a->domain_cert_revocation_checks, b->domain_cert_revocation_checks);
	assert_true(bytes_equal(
	    blob_bytes(&a->idevid_issuer), blob_bytes(&b->idevid_issuer)));
	assert_true(bytes_equal(blob_bytes(&a->pinned_domain_cert),
	    blob_bytes(&b->pinned_domain_cert)));
	assert_true(bytes_equal(blob_bytes(&a->proximity_registrar_cert),
	    blob_bytes(&b->proximity_registrar_cert)));
	assert_true(bytes_equal(blob_bytes(&a->prior_signed_voucher_request),
	    blob_bytes(&b->prior_signed_voucher_request)));
}

void
blob_of_hex(struct blob *out, const char *hex)
{
	out->len = strlen(hex) / 2;
	out->data = malloc(out->len + 1);
	assert_non_null(out->data);
	assert_int_equal(hex_decode(out->data, out->len, hex), 0);
	/* Of its own size, so that sanitizers see an overrun. */
	if (out->len != 0)
		out->data = realloc(out->data, out->len);
}

void
blob_of_text(struct blob *out, const char *text)
{
	assert_int_equal(blob_copy(out, text_bytes(text)), 0);
}

struct bytes
text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

struct bytes
buf_octets(const struct buf *buf)
{
	return (struct bytes){(const uint8_t *)buf->data, buf->len};
}

void
assert_reason(const struct reason *why, const char *part)
{
	if (why->text[0] == '\0' || strstr(why->text, part) == NULL)
		fail_msg("the reason is \"%s\", not \"%s\"", why->text, part);
}
