#include "voucher/cose.h"

#include <string.h>

#include "voucher/cbor_item.h"
#include "voucher/sigalg.h"

#define TAG_COSE_SIGN1 18
#define TAGGED_COSE_SIGN1 0xd2 /* the tag's one octet */
#define HEADER_ALG 1
#define HEADER_CRIT 2
#define HEADER_X5BAG 32
#define HEADER_X5CHAIN 33

#define AUTOBUF CLEANUP(buf_fini)
#define AUTOBLOB CLEANUP(blob_fini)

static struct bytes
buf_bytes(const struct buf *b)
{
	return (struct bytes){(const uint8_t *)b->data, b->len};
}

/* [RFC9052 4.4] Sig_structure, without external data. */
static int
signed_input(struct buf *out, struct bytes protected, struct bytes payload)
{
	static const char context[] = "Signature1";

	cbor_put_array(out, 4);
	cbor_put_text(out, context, sizeof(context) - 1);
	cbor_put_bytes(out, protected);
	cbor_put_bytes(out, (struct bytes){NULL, 0});
	cbor_put_bytes(out, payload);
	return buf_status(out);
}

/* --- out --- */

/* [RFC9360 2] One certificate is a byte string, more are an array. */
static int
put_x5bag(struct buf *out, const struct voucher_certs *certs)
{
	cbor_put_map(out, certs->n != 0 ? 1 : 0);
	if (certs->n == 0)
		return buf_status(out);
	cbor_put_int(out, HEADER_X5BAG);
	if (certs->n > 1)
		cbor_put_array(out, certs->n);
	for (size_t i = 0; i < certs->n; i++)
		cbor_put_bytes(out, blob_bytes(&certs->items[i]));
	return buf_status(out);
}

static int
collect_certs(struct voucher_certs *out, const struct voucher_signer *signer,
    const struct voucher_sign_params *params)
{
	size_t n_extra = params->extra != NULL ? params->extra->n : 0;
	int err = 0;

	for (size_t i = 0; err == 0 && i < params->n_chain &&
			   (int)i < sk_X509_num(signer->chain);
	     i++) {
		struct blob der AUTOBLOB = {0};

		err = voucher_x509_to_der(
		    &der, sk_X509_value(signer->chain, (int)i));
		if (err == 0)
			err = voucher_certs_add(out, blob_bytes(&der));
	}
	for (size_t i = 0; err == 0 && i < n_extra; i++)
		err = voucher_certs_add(
		    out, blob_bytes(&params->extra->items[i]));
	return err;
}

int
cose_sign_content(struct blob *out, struct bytes content,
    const struct voucher_signer *signer,
    const struct voucher_sign_params *params)
{
	const struct sigalg *alg = sigalg_of_key(signer->key);
	struct voucher_certs certs CLEANUP(voucher_certs_fini) = {.n = 0};
	struct buf protected AUTOBUF = {0}, input AUTOBUF = {0};
	struct buf cose AUTOBUF = {0};
	struct blob signature AUTOBLOB = {0};
	int err =
	    alg != NULL ? collect_certs(&certs, signer, params) : -ERR_INVALID;

	if (err != 0)
		return err;
	cbor_put_map(&protected, 1);
	cbor_put_int(&protected, HEADER_ALG);
	cbor_put_int(&protected, alg->cose);
	err = buf_status(&protected);
	if (err == 0)
		err = signed_input(&input, buf_bytes(&protected), content);
	if (err == 0)
		err = sigalg_sign(
		    &signature, alg, signer->key, buf_bytes(&input));
	if (err != 0)
		return err;
	cbor_put_tag(&cose, TAG_COSE_SIGN1);
	cbor_put_array(&cose, 4);
	cbor_put_bytes(&cose, buf_bytes(&protected));
	put_x5bag(&cose, &certs);
	cbor_put_bytes(&cose, content);
	cbor_put_bytes(&cose, blob_bytes(&signature));
	err = buf_status(&cose);
	return err == 0 ? blob_copy(out, buf_bytes(&cose)) : err;
}

/* --- in --- */

/* Borrowed from document, which keeps them. */
struct sign1 {
	cbor_item_t *document;
	struct bytes protected, payload, signature;
	const cbor_item_t *unprotected;
};

static void
sign1_fini(struct sign1 *sign1)
{
	cbor_item_freep(&sign1->document);
}

static int
not_cose(struct reason *why, const char *what)
{
	return reason_set(why, -ERR_INVALID, "RFC 9052 4.2: %s", what);
}

static int
sign1_parse(struct sign1 *out, struct bytes artifact, struct reason *why)
{
	cbor_item_t **items;
	size_t n = 0;

	/* The tag may be left out; libcbor 0.8 knows none from 6 to 20. */
	if (artifact.len != 0 && artifact.data[0] == TAGGED_COSE_SIGN1)
		artifact = (struct bytes){artifact.data + 1, artifact.len - 1};
	if (cbor_item_load(&out->document, artifact) != 0)
		return not_cose(why, "the voucher is not CBOR");
	items = cbor_item_array(&n, out->document);
	if (items == NULL || n != 4 ||
	    !cbor_item_bytes(&out->protected, items[0]) ||
	    !cbor_map_is_plain(items[1]) ||
	    !cbor_item_bytes(&out->payload, items[2]) ||
	    !cbor_item_bytes(&out->signature, items[3]))
		return not_cose(why, "the voucher is not a COSE_Sign1 with its "
				     "content");
	out->unprotected = items[1];
	return 0;
}

/* The value of a header; NULL if it is absent. Borrowed. */
static const cbor_item_t *
find_header(const cbor_item_t *headers, int64_t wanted)
{
	size_t n = 0;
	struct cbor_pair *pairs = cbor_item_map(&n, headers);
	int64_t key;

	for (size_t i = 0; i < n; i++)
		if (cbor_item_int(&key, pairs[i].key) && key == wanted)
			return pairs[i].value;
	return NULL;
}

/* [RFC9052 3] [RFC9052 3.1] */
static int
read_alg(
    const struct sigalg **out, const struct sign1 *sign1, struct reason *why)
{
	cbor_item_t *headers AUTOCBOR = NULL;
	int64_t id;

	if (cbor_item_load(&headers, sign1->protected) != 0 ||
	    !cbor_map_is_plain(headers))
		return not_cose(why, "the protected header is malformed");
	if (find_header(headers, HEADER_CRIT) != NULL ||
	    find_header(sign1->unprotected, HEADER_CRIT) != NULL)
		return not_cose(why, "a critical header is not understood");
	if (find_header(sign1->unprotected, HEADER_ALG) != NULL)
		return not_cose(why, "the algorithm is not protected");
	if (!cbor_item_int(&id, find_header(headers, HEADER_ALG)) ||
	    sigalg_by_cose(id) == NULL)
		return not_cose(why, "the algorithm is none that is supported");
	*out = sigalg_by_cose(id);
	return 0;
}

static int
add_cert(struct voucher_certs *out, struct bytes der)
{
	int err = voucher_x509_check(der);

	return err == 0 ? voucher_certs_add(out, der) : err;
}

static int
add_certs(struct voucher_certs *out, const cbor_item_t *value)
{
	struct bytes der;
	size_t n = 0;
	cbor_item_t **items = cbor_item_array(&n, value);
	int err = 0;

	if (cbor_item_bytes(&der, value))
		return add_cert(out, der);
	if (items == NULL)
		return -ERR_INVALID;
	for (size_t i = 0; i < n && err == 0; i++)
		err = cbor_item_bytes(&der, items[i]) ? add_cert(out, der)
						      : -ERR_INVALID;
	return err;
}

static int
read_certs(
    struct voucher_certs *out, const struct sign1 *sign1, struct reason *why)
{
	static const int64_t headers[] = {HEADER_X5CHAIN, HEADER_X5BAG};

	for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
		const cbor_item_t *value =
		    find_header(sign1->unprotected, headers[i]);

		if (value != NULL && add_certs(out, value) != 0)
			return not_cose(why, "the certificates in the header "
					     "are malformed or too many");
	}
	return 0;
}

static bool
signed_by(const struct sigalg *alg, struct bytes input, struct bytes signature,
    struct bytes cert_der)
{
	X509 *cert CLEANUP(X509_free_p) = NULL;
	EVP_PKEY *key;

	if (voucher_x509_parse(&cert, cert_der) != 0)
		return false;
	key = X509_get0_pubkey(cert);
	return key != NULL && sigalg_verify(alg, key, input, signature);
}

/* The first of certs that has signed. */
static bool
find_signer(struct blob *signer, const struct voucher_certs *certs,
    const struct sigalg *alg, const struct sign1 *sign1, struct bytes input)
{
	size_t n = certs != NULL ? certs->n : 0;

	for (size_t i = 0; i < n; i++)
		if (signed_by(alg, input, sign1->signature,
			blob_bytes(&certs->items[i])))
			return blob_copy(
				   signer, blob_bytes(&certs->items[i])) == 0;
	return false;
}

static int
open_sign1(struct blob *signer, struct voucher_certs *certs,
    const struct sign1 *sign1, const struct voucher_certs *candidates,
    struct reason *why)
{
	struct buf input AUTOBUF = {0};
	const struct sigalg *alg = NULL;
	int err = read_alg(&alg, sign1, why);

	if (err == 0)
		err = read_certs(certs, sign1, why);
	if (err == 0)
		err = signed_input(&input, sign1->protected, sign1->payload);
	if (err != 0)
		return err;
	if (find_signer(signer, candidates, alg, sign1, buf_bytes(&input)) ||
	    find_signer(signer, certs, alg, sign1, buf_bytes(&input)))
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "RFC 9052 4.4: the voucher's COSE signature is not valid, or its "
	    "signer's certificate is missing");
}

int
cose_open_content(struct blob *content, struct blob *signer,
    struct voucher_certs *certs, struct bytes artifact,
    const struct voucher_certs *candidates, struct reason *why)
{
	struct sign1 sign1 CLEANUP(sign1_fini) = {.document = NULL};
	int err = sign1_parse(&sign1, artifact, why);

	if (err == 0)
		err = open_sign1(signer, certs, &sign1, candidates, why);
	return err == 0 ? blob_copy(content, sign1.payload) : err;
}

/* --- stripping --- */

/* False for the headers that go. */
static bool
stays(const cbor_item_t *key)
{
	int64_t id;

	return !cbor_item_int(&id, key) ||
	       (id != HEADER_X5BAG && id != HEADER_X5CHAIN);
}

static int
put_item(struct buf *out, const cbor_item_t *item)
{
	unsigned char *data = NULL;
	size_t size, len = cbor_serialize_alloc(item, &data, &size);

	if (len == 0)
		return -ERR_NOMEM;
	buf_add(out, data, len);
	free(data);
	return buf_status(out);
}

static int
put_remaining(struct buf *out, const cbor_item_t *headers)
{
	size_t n = 0, kept = 0;
	struct cbor_pair *pairs = cbor_item_map(&n, headers);
	int err = 0;

	for (size_t i = 0; i < n; i++)
		kept += stays(pairs[i].key);
	cbor_put_map(out, kept);
	for (size_t i = 0; i < n && err == 0; i++) {
		if (!stays(pairs[i].key))
			continue;
		err = put_item(out, pairs[i].key);
		if (err == 0)
			err = put_item(out, pairs[i].value);
	}
	return err;
}

int
cose_strip(struct blob *out, struct bytes artifact)
{
	struct sign1 sign1 CLEANUP(sign1_fini) = {.document = NULL};
	struct buf cose AUTOBUF = {0};
	int err = sign1_parse(&sign1, artifact, NULL);

	if (err != 0)
		return err;
	if (find_header(sign1.unprotected, HEADER_X5BAG) == NULL &&
	    find_header(sign1.unprotected, HEADER_X5CHAIN) == NULL)
		return blob_copy(out, artifact);
	cbor_put_tag(&cose, TAG_COSE_SIGN1);
	cbor_put_array(&cose, 4);
	cbor_put_bytes(&cose, sign1.protected);
	err = put_remaining(&cose, sign1.unprotected);
	cbor_put_bytes(&cose, sign1.payload);
	cbor_put_bytes(&cose, sign1.signature);
	if (err == 0)
		err = buf_status(&cose);
	return err == 0 ? blob_copy(out, buf_bytes(&cose)) : err;
}
