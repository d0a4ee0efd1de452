#include "ca/csr_openssl.h"

#include <stdatomic.h>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "base/sha256.h"
#include "ca/der.h"
#include "ca/openssl_util.h"

#define P256_POINT_BYTES 65
#define POINT_UNCOMPRESSED 0x04

/* RFC 2986 4.1: version 0. */
static const uint8_t version_0[] = {DER_INTEGER, 0x01, 0x00};
/* RFC 5480 2: id-ecPublicKey with prime256v1, and the BIT STRING's header. */
static const uint8_t p256_key[] = {DER_SEQUENCE, 0x59, DER_SEQUENCE, 0x13,
    DER_OID, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, DER_OID, 0x08,
    0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, DER_BIT_STRING, 0x42, 0x00};
/* RFC 5758 3.2: ecdsa-with-SHA256, without parameters. */
static const uint8_t ecdsa_sha256[] = {DER_SEQUENCE, 0x0a, DER_OID, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};

/* CertificationRequestInfo; nothing but the key has one form alone. */
static bool
slice_info(struct csr_slices *s, struct bytes info)
{
	if (der_read(&info, &info, DER_SEQUENCE) != 0 ||
	    !der_take(&info, version_0, sizeof(version_0)) ||
	    !der_next_is(info, DER_SEQUENCE) ||
	    der_read_element(&s->subject, &info) != 0 ||
	    !der_take(&info, p256_key, sizeof(p256_key)) ||
	    info.len < P256_POINT_BYTES || info.data[0] != POINT_UNCOMPRESSED)
		return false;
	s->point = (struct bytes){info.data, P256_POINT_BYTES};
	info.data += P256_POINT_BYTES;
	info.len -= P256_POINT_BYTES;
	return der_read(&s->attributes, &info, DER_CONTEXT_0) == 0 &&
	       info.len == 0;
}

bool
csr_slice(struct csr_slices *out, struct bytes der)
{
	struct csr_slices s;
	struct bytes in = der;

	if (der_read(&in, &in, DER_SEQUENCE) != 0 ||
	    !der_next_is(in, DER_SEQUENCE) ||
	    der_read_element(&s.info, &in) != 0 || !slice_info(&s, s.info) ||
	    !der_take(&in, ecdsa_sha256, sizeof(ecdsa_sha256)) ||
	    der_read(&s.signature, &in, DER_BIT_STRING) != 0 || in.len != 0 ||
	    s.signature.len < 2 || s.signature.data[0] != 0)
		return false;
	s.signature.data++;
	s.signature.len--;
	*out = s;
	return true;
}

static void
attribute_free(X509_ATTRIBUTE *attribute)
{
	X509_ATTRIBUTE_free(attribute);
}

void
csr_attribute_list_freep(STACK_OF(X509_ATTRIBUTE) * *list)
{
	sk_X509_ATTRIBUTE_pop_free(*list, attribute_free);
}

STACK_OF(X509_ATTRIBUTE) * csr_slice_attributes(const struct csr_slices *slices)
{
	STACK_OF(X509_ATTRIBUTE) * list CLEANUP(csr_attribute_list_freep) =
	    sk_X509_ATTRIBUTE_new_null();
	struct bytes in = slices->attributes;

	while (list != NULL && in.len > 0) {
		const uint8_t *p = in.data;
		X509_ATTRIBUTE *attribute =
		    d2i_X509_ATTRIBUTE(NULL, &p, (long)in.len);

		if (attribute == NULL ||
		    sk_X509_ATTRIBUTE_push(list, attribute) <= 0) {
			X509_ATTRIBUTE_free(attribute);
			ERR_clear_error();
			return NULL;
		}
		in.len -= (size_t)(p - in.data);
		in.data = p;
	}
	return STEAL(list);
}

X509_PUBKEY *
csr_slice_key(const struct csr_slices *slices)
{
	X509_PUBKEY *key = X509_PUBKEY_new();
	uint8_t *point = OPENSSL_memdup(slices->point.data, slices->point.len);

	if (key != NULL && point != NULL &&
	    X509_PUBKEY_set0_param(key, OBJ_nid2obj(NID_X9_62_id_ecPublicKey),
		V_ASN1_OBJECT, OBJ_nid2obj(NID_X9_62_prime256v1), point,
		(int)slices->point.len) == 1)
		return key;
	OPENSSL_free(point);
	X509_PUBKEY_free(key);
	ERR_clear_error();
	return NULL;
}

/* --- the proof --- */

/* A key of the curve, of which copies get other points: what OpenSSL's decoders
 * do for each key anew. Made once, never changed, never freed. */
static EVP_PKEY *p256_template;
static CRYPTO_ONCE p256_once = CRYPTO_ONCE_STATIC_INIT;

static void
make_template(void)
{
	p256_template = EVP_EC_gen("P-256");
	ERR_clear_error();
}

/* The copy that was used last, for whoever comes next. */
static _Atomic(EVP_PKEY *) spare_copy;

static EVP_PKEY *
copy_take(void)
{
	EVP_PKEY *key = atomic_exchange(&spare_copy, NULL);

	if (key != NULL ||
	    CRYPTO_THREAD_run_once(&p256_once, make_template) != 1 ||
	    p256_template == NULL)
		return key;
	return EVP_PKEY_dup(p256_template);
}

static void
copy_give(EVP_PKEY *key)
{
	EVP_PKEY_free(atomic_exchange(&spare_copy, key));
}

/* Also finds that the point is not on the curve. */
static EVP_PKEY *
key_of_point(struct bytes point)
{
	EVP_PKEY *key = copy_take();

	if (key != NULL &&
	    EVP_PKEY_set1_encoded_public_key(key, point.data, point.len) == 1)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

/* 1, or not: as EVP_PKEY_verify(). */
static int
verify(EVP_PKEY *key, struct bytes info, struct bytes signature)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t digest[SHA256_LEN];
	int r = 0;

	if (ctx != NULL && sha256(digest, info) == 0 &&
	    EVP_PKEY_verify_init(ctx) == 1)
		r = EVP_PKEY_verify(
		    ctx, signature.data, signature.len, digest, sizeof(digest));
	EVP_PKEY_CTX_free(ctx);
	return r;
}

int
csr_slice_verify(const struct csr_slices *slices, struct reason *why)
{
	EVP_PKEY *key = key_of_point(slices->point);
	bool good =
	    key != NULL && verify(key, slices->info, slices->signature) == 1;

	ERR_clear_error();
	if (key == NULL)
		return reason_set(why, -ERR_INVALID, "public key is malformed");
	copy_give(key);
	return good ? 0 : csr_proof_failed(why);
}
