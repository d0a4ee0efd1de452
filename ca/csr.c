#include "ca/csr.h"

#include <string.h>

#include <openssl/err.h>

#include "base/base64.h"
#include "ca/cert.h"
#include "ca/csr_openssl.h"
#include "ca/der.h"
#include "ca/openssl_util.h"
#include "ca/pem.h"

#define COMMON_NAME_BYTES_MAX 256
/* Base64 and line ends around the largest request. */
#define CSR_TEXT_MAX_BYTES (2 * CSR_MAX_BYTES)

struct csr {
	struct blob der;
	bool sliced;
	struct csr_slices slices; /* of der, when sliced */
	X509_REQ *req;            /* NULL when sliced */
	X509_NAME *own_subject;   /* NULL unless sliced, as the next */
	X509_PUBKEY *own_key;
	struct csr_attributes attributes;
	char common_name[COMMON_NAME_BYTES_MAX];
	char serial_number[SUBJECT_SERIAL_MAX + 1];
	bool subject_has_more, subject_is_odd;
};

DEFINE_CLEANUP(csr_freep, struct csr, csr_free)

static const X509_NAME *
subject_of(const struct csr *csr)
{
	return csr->sliced ? csr->own_subject
			   : X509_REQ_get_subject_name(csr->req);
}

static int
check_encoding(struct bytes der, struct reason *why)
{
	if (der.len == 0)
		return reason_set(why, -ERR_INVALID, "request is empty");
	if (der.len > CSR_MAX_BYTES)
		return reason_set(why, -ERR_TOO_LARGE,
		    "request is larger than %d bytes", CSR_MAX_BYTES);
	if (der_check(der) != 0)
		return reason_set(why, -ERR_INVALID,
		    "request is not valid DER: cut off, damaged, or with "
		    "bytes behind it");
	return 0;
}

static int
read_structure(struct csr *csr, struct reason *why)
{
	struct bytes der = blob_bytes(&csr->der);
	const uint8_t *p = der.data;

	csr->req = d2i_X509_REQ(NULL, &p, (long)der.len);
	if (csr->req == NULL || p != der.data + der.len) {
		ERR_clear_error();
		return reason_set(why, -ERR_INVALID,
		    "RFC 2986 4: not a PKCS #10 certification request");
	}
	if (X509_REQ_get_version(csr->req) != X509_REQ_VERSION_1)
		return reason_set(why, -ERR_INVALID,
		    "RFC 2986 4.1: request's version is not 0");
	return 0;
}

static int
read_subject(struct csr *csr, struct reason *why)
{
	const X509_NAME *subject = subject_of(csr);
	int n_common_names, n_serial_numbers;
	int err = name_common_name(csr->common_name, sizeof(csr->common_name),
	    &n_common_names, subject);

	if (err != 0)
		return reason_set(why, -ERR_INVALID,
		    "request's common name is malformed or too long");
	n_serial_numbers = name_serial_number(
	    csr->serial_number, sizeof(csr->serial_number), subject);
	csr->subject_is_odd =
	    n_common_names > 1 || n_serial_numbers > 1 ||
	    n_common_names + n_serial_numbers != X509_NAME_entry_count(subject);
	csr->subject_has_more =
	    n_common_names > 1 || X509_NAME_entry_count(subject) > 1 ||
	    (n_common_names == 0 && X509_NAME_entry_count(subject) > 0);
	return 0;
}

static int
read_attributes(struct csr *csr, struct reason *why)
{
	STACK_OF(X509_ATTRIBUTE) *list = sk_X509_ATTRIBUTE_new_null();
	int err = list != NULL ? 0 : -ERR_NOMEM;

	for (int i = 0; i < X509_REQ_get_attr_count(csr->req) && err == 0; i++)
		if (sk_X509_ATTRIBUTE_push(
			list, X509_REQ_get_attr(csr->req, i)) <= 0)
			err = -ERR_NOMEM;
	err = err == 0 ? csr_attributes_read(&csr->attributes, list, why)
		       : reason_set(why, err, "out of memory");
	sk_X509_ATTRIBUTE_free(list); /* they are the request's */
	return err;
}

static int
read_general(struct csr *csr, struct reason *why)
{
	int err = read_structure(csr, why);

	if (err == 0)
		err = csr_key_check(X509_REQ_get_X509_PUBKEY(csr->req), why);
	if (err == 0)
		err = read_subject(csr, why);
	if (err == 0)
		err = read_attributes(csr, why);
	return err;
}

/* False when that did not work: the general way will say why. */
static bool
take_slices(struct csr *csr)
{
	const uint8_t *p = csr->slices.subject.data;

	csr->own_subject =
	    d2i_X509_NAME(NULL, &p, (long)csr->slices.subject.len);
	csr->own_key = csr_slice_key(&csr->slices);
	ERR_clear_error();
	csr->sliced = csr->own_subject != NULL && csr->own_key != NULL &&
		      p == csr->slices.subject.data + csr->slices.subject.len;
	return csr->sliced;
}

static int
read_sliced(struct csr *csr, struct reason *why)
{
	STACK_OF(X509_ATTRIBUTE) * list CLEANUP(csr_attribute_list_freep) =
	    NULL;
	int err = read_subject(csr, why);

	if (err != 0)
		return err;
	list = csr_slice_attributes(&csr->slices);
	if (list == NULL)
		return reason_set(why, -ERR_INVALID,
		    "RFC 2986 4: not a PKCS #10 certification request");
	return csr_attributes_read(&csr->attributes, list, why);
}

static int
request_new(struct csr **out, struct bytes der, struct reason *why)
{
	struct csr *csr CLEANUP(csr_freep) = calloc(1, sizeof(*csr));
	int err;

	if (csr == NULL) {
		reason_set(why, -ERR_NOMEM, "out of memory");
		return -ERR_NOMEM;
	}
	err = check_encoding(der, why);
	if (err == 0)
		err = blob_copy(&csr->der, der);
	if (err == 0)
		*out = STEAL(csr);
	return err;
}

int
csr_read(struct csr **out, struct bytes der, bool may_slice, struct reason *why)
{
	struct csr *csr CLEANUP(csr_freep) = NULL;
	int err = request_new(&csr, der, why);

	if (err != 0)
		return err;
	if (may_slice && csr_slice(&csr->slices, blob_bytes(&csr->der)) &&
	    take_slices(csr))
		err = read_sliced(csr, why);
	else
		err = read_general(csr, why);
	if (err == 0)
		*out = STEAL(csr);
	return err;
}

int
csr_proof_failed(struct reason *why)
{
	return reason_set(why, -ERR_REFUSED,
	    "RFC 2986 4.2: proof of possession failed, the request is not "
	    "signed with its own key");
}

static int
check_proof_general(const struct csr *csr, struct reason *why)
{
	switch (X509_REQ_get_signature_nid(csr->req)) {
	case NID_ecdsa_with_SHA256:
	case NID_ecdsa_with_SHA384:
	case NID_ecdsa_with_SHA512:
	case NID_sha256WithRSAEncryption:
	case NID_sha384WithRSAEncryption:
	case NID_sha512WithRSAEncryption:
	case NID_ED25519:
		break;
	default:
		return reason_set(why, -ERR_REFUSED,
		    "request is signed with %s: SHA-256, SHA-384, SHA-512 or "
		    "Ed25519 is wanted",
		    OBJ_nid2sn(X509_REQ_get_signature_nid(csr->req)));
	}
	if (X509_REQ_verify(csr->req, X509_REQ_get0_pubkey(csr->req)) != 1) {
		ERR_clear_error();
		return csr_proof_failed(why);
	}
	return 0;
}

/* RFC 2986 4.2: the signature proves possession of the key. */
int
csr_check_proof(const struct csr *csr, struct reason *why)
{
	return csr->sliced ? csr_slice_verify(&csr->slices, why)
			   : check_proof_general(csr, why);
}

int
csr_parse(struct csr **out, struct bytes der, struct reason *why)
{
	struct csr *csr CLEANUP(csr_freep) = NULL;
	int err = csr_read(&csr, der, true, why);

	if (err == 0)
		err = csr_check_proof(csr, why);
	if (err == 0)
		*out = STEAL(csr);
	return err;
}

/* By its encoding: X509_PUBKEY_dup() forgets how many bits the last octet has,
 * and zeros at the end would go. */
static int
proved_key_general(X509_PUBKEY **out, struct bytes der, struct reason *why)
{
	struct csr *csr CLEANUP(csr_freep) = NULL;
	unsigned char *spki = NULL;
	const unsigned char *p;
	int len, err = csr_parse(&csr, der, why);

	if (err != 0)
		return err;
	len = i2d_X509_PUBKEY(csr_public_key(csr), &spki);
	p = spki;
	*out = len > 0 ? d2i_X509_PUBKEY(NULL, &p, len) : NULL;
	OPENSSL_free(spki);
	return *out != NULL ? 0 : reason_set(why, -ERR_NOMEM, "out of memory");
}

int
csr_proved_key(X509_PUBKEY **out, struct bytes der, struct reason *why)
{
	struct csr_slices slices;
	int err = check_encoding(der, why);

	if (err != 0)
		return err;
	if (!csr_slice(&slices, der))
		return proved_key_general(out, der, why);
	err = csr_slice_verify(&slices, why);
	if (err != 0)
		return err;
	*out = csr_slice_key(&slices);
	return *out != NULL ? 0 : reason_set(why, -ERR_NOMEM, "out of memory");
}

static bool
is_request_label(const char *label)
{
	return strcmp(label, "CERTIFICATE REQUEST") == 0 ||
	       strcmp(label, "NEW CERTIFICATE REQUEST") == 0;
}

static int
decode_armour(struct blob *der, struct bytes text, struct reason *why)
{
	struct pem_block block, second;

	if (pem_next(&block, &text) != 0)
		return reason_set(why, -ERR_INVALID,
		    "request's PEM block is cut off or malformed");
	if (!is_request_label(block.label))
		return reason_set(why, -ERR_INVALID,
		    "PEM block is a %s, not a CERTIFICATE REQUEST",
		    block.label);
	if (pem_next(&second, &text) != 1)
		return reason_set(why, -ERR_INVALID, "more than one PEM block");
	if (pem_decode(der, &block) != 0)
		return reason_set(
		    why, -ERR_INVALID, "request's base64 is malformed");
	return 0;
}

static int
decode_text(struct blob *der, struct bytes text, struct reason *why)
{
	if (text.len > CSR_TEXT_MAX_BYTES)
		return reason_set(why, -ERR_TOO_LARGE,
		    "request is larger than %d characters", CSR_TEXT_MAX_BYTES);
	if (text.len > 0 && memmem(text.data, text.len, "-----", 5) != NULL)
		return decode_armour(der, text, why);
	if (base64_decode(der, (const char *)text.data, text.len) != 0)
		return reason_set(
		    why, -ERR_INVALID, "request is neither PEM nor base64");
	return 0;
}

int
csr_read_text(
    struct csr **out, const char *text, size_t len, struct reason *why)
{
	struct blob der CLEANUP(blob_fini) = {0};
	int err =
	    decode_text(&der, (struct bytes){(const uint8_t *)text, len}, why);

	return err != 0 ? err : csr_read(out, blob_bytes(&der), true, why);
}

int
csr_parse_text(
    struct csr **out, const char *text, size_t len, struct reason *why)
{
	struct csr *csr CLEANUP(csr_freep) = NULL;
	int err = csr_read_text(&csr, text, len, why);

	if (err == 0)
		err = csr_check_proof(csr, why);
	if (err == 0)
		*out = STEAL(csr);
	return err;
}

void
csr_free(struct csr *csr)
{
	if (csr == NULL)
		return;
	X509_REQ_free(csr->req);
	X509_NAME_free(csr->own_subject);
	X509_PUBKEY_free(csr->own_key);
	blob_fini(&csr->der);
	free(csr);
}

struct bytes
csr_der(const struct csr *csr)
{
	return blob_bytes(&csr->der);
}

int
csr_key_sha256(uint8_t out[32], const struct csr *csr)
{
	return spki_sha256(out, csr_public_key(csr));
}

const char *
csr_common_name(const struct csr *csr)
{
	return csr->common_name;
}

bool
csr_subject_has_more(const struct csr *csr)
{
	return csr->subject_has_more;
}

const char *
csr_serial_number(const struct csr *csr)
{
	return csr->serial_number;
}

bool
csr_subject_is_odd(const struct csr *csr)
{
	return csr->subject_is_odd;
}

bool
csr_subject_is_of(const struct csr *csr, struct bytes cert_der)
{
	X509 *cert CLEANUP(x509_freep) = NULL;

	return x509_parse(&cert, cert_der, NULL) == 0 &&
	       X509_NAME_cmp(subject_of(csr), X509_get_subject_name(cert)) == 0;
}

const struct names *
csr_names(const struct csr *csr)
{
	return &csr->attributes.names;
}

const char *
csr_challenge(const struct csr *csr)
{
	return csr->attributes.challenge;
}

X509_PUBKEY *
csr_public_key(const struct csr *csr)
{
	return csr->sliced ? csr->own_key : X509_REQ_get_X509_PUBKEY(csr->req);
}
