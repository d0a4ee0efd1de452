#include "voucher/jws.h"

#include <string.h>

#include "base/base64.h"
#include "voucher/json_util.h"
#include "voucher/sigalg.h"

#define TYP "voucher-jws+json"

/* --- out --- */

static int
append_cert(json_t *x5c, const X509 *cert)
{
	struct blob der AUTOBLOB = {0};
	struct buf text AUTOBUF = {0};
	int err = voucher_x509_to_der(&der, cert);

	/* [RFC7515 4.1.6] Not base64url. */
	if (err == 0)
		err = base64_encode(&text, blob_bytes(&der), 0);
	if (err == 0 &&
	    json_array_append_new(x5c, json_string(buf_text(&text))) != 0)
		err = -ERR_NOMEM;
	return err;
}

static int
protected_header(struct buf *out, const struct sigalg *alg,
    const struct voucher_signer *signer, size_t n_chain)
{
	json_t *x5c = json_array();
	json_t *header AUTOJSON = json_pack(
	    "{s:s, s:s, s:o}", "alg", alg->jose, "typ", TYP, "x5c", x5c);
	AUTOFREE char *text = NULL;
	int err = header != NULL ? 0 : -ERR_NOMEM;

	for (size_t i = 0;
	     err == 0 && i < n_chain && (int)i < sk_X509_num(signer->chain);
	     i++)
		err = append_cert(x5c, sk_X509_value(signer->chain, (int)i));
	if (err == 0)
		text = json_dumps(header, JSON_COMPACT);
	if (text == NULL)
		return err != 0 ? err : -ERR_NOMEM;
	return base64url_encode(
	    out, (struct bytes){(const uint8_t *)text, strlen(text)});
}

/* [RFC7515 5.1] What is signed: both parts in base64url, a dot between. */
static int
sign_parts(struct buf *out, const char *protected, const char *payload,
    const struct sigalg *alg, EVP_PKEY *key)
{
	struct buf input AUTOBUF = {0};
	struct blob signature AUTOBLOB = {0};
	int err = buf_printf(&input, "%s.%s", protected, payload);

	if (err == 0)
		err = sigalg_sign(&signature, alg, key,
		    (struct bytes){(const uint8_t *)input.data, input.len});
	return err == 0 ? base64url_encode(out, blob_bytes(&signature)) : err;
}

int
jws_sign_content(struct blob *out, struct bytes content,
    const struct voucher_signer *signer,
    const struct voucher_sign_params *params)
{
	const struct sigalg *alg = sigalg_of_key(signer->key);
	size_t n_chain = params->n_chain > 0 ? params->n_chain : 1;
	struct buf protected AUTOBUF = {0}, payload AUTOBUF = {0};
	struct buf signature AUTOBUF = {0}, json AUTOBUF = {0};
	int err;

	if (alg == NULL)
		return -ERR_INVALID;
	err = protected_header(&protected, alg, signer, n_chain);
	if (err == 0)
		err = base64url_encode(&payload, content);
	if (err == 0)
		err = sign_parts(&signature, buf_text(&protected),
		    buf_text(&payload), alg, signer->key);
	if (err == 0)
		err = buf_printf(&json,
		    "{\"payload\":\"%s\",\"signatures\":[{\"protected\":\"%s\","
		    "\"signature\":\"%s\"}]}",
		    buf_text(&payload), buf_text(&protected),
		    buf_text(&signature));
	if (err != 0)
		return err;
	return blob_copy(
	    out, (struct bytes){(const uint8_t *)json.data, json.len});
}

/* --- in --- */

static int
not_jws(struct reason *why, const char *what)
{
	return reason_set(why, -ERR_INVALID, "RFC 7515: %s", what);
}

/* A member of base64url, decoded. */
static int
decode_member(struct blob *out, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_string(value))
		return -ERR_INVALID;
	return base64url_decode(
	    out, json_string_value(value), json_string_length(value));
}

/* The signature's own members; borrowed from document. */
static int
find_signature(const json_t **out, const json_t *document, struct reason *why)
{
	const json_t *signatures = json_object_get(document, "signatures");
	const json_t *signature = json_array_get(signatures, 0);

	if (!json_is_string(json_object_get(document, "payload")))
		return not_jws(why, "there is no payload");
	if (!json_is_array(signatures) || json_array_size(signatures) != 1 ||
	    !json_is_string(json_object_get(signature, "protected")))
		return not_jws(why, "there is not exactly one signature with a "
				    "protected header");
	*out = signature;
	return 0;
}

/* [RFC7515 4] [RFC7515 4.1.11] Of the unprotected header nothing is used, but
 * it must not seem to say what the protected one does. */
static bool
is_disjoint(const json_t *protected, json_t *unprotected)
{
	const char *key;
	json_t *value;

	if (unprotected == NULL)
		return true;
	if (!json_is_object(unprotected) ||
	    json_object_get(unprotected, "crit") != NULL)
		return false;
	json_object_foreach(unprotected, key, value)
	{
		if (json_object_get(protected, key) != NULL)
			return false;
	}
	return true;
}

static int
read_header(json_t **out, const json_t *signature, struct reason *why)
{
	struct blob text AUTOBLOB = {0};
	json_t *header AUTOJSON = NULL;
	const json_t *typ;

	if (decode_member(&text, signature, "protected") != 0)
		return not_jws(why, "the protected header is not base64url");
	header = json_parse(blob_bytes(&text), NULL);
	if (!json_is_object(header))
		return not_jws(why, "the protected header is not JSON");
	/* [RFC7515 4.1.11] None is understood. */
	if (json_object_get(header, "crit") != NULL)
		return not_jws(why, "a critical header is not understood");
	if (!is_disjoint(header, json_object_get(signature, "header")))
		return not_jws(why, "the unprotected header is malformed or "
				    "repeats the protected one");
	typ = json_object_get(header, "typ");
	if (typ != NULL &&
	    (!json_is_string(typ) || strcmp(json_string_value(typ), TYP) != 0))
		return not_jws(why, "typ is not " TYP);
	*out = STEAL(header);
	return 0;
}

/* x5c: the leaf to signer, the others to certs. */
static int
read_x5c(struct blob *signer, struct voucher_certs *certs, const json_t *header,
    struct reason *why)
{
	const json_t *x5c = json_object_get(header, "x5c");
	const json_t *item;
	size_t i;

	if (x5c != NULL && (!json_is_array(x5c) || json_array_size(x5c) == 0))
		return not_jws(why, "x5c is not a list of certificates");
	json_array_foreach(x5c, i, item)
	{
		struct blob der AUTOBLOB = {0};
		int err = json_is_string(item)
			      ? base64_decode(&der, json_string_value(item),
				    json_string_length(item))
			      : -ERR_INVALID;

		if (err == 0)
			err = voucher_x509_check(blob_bytes(&der));
		if (err == 0 && i == 0)
			err = blob_copy(signer, blob_bytes(&der));
		else if (err == 0)
			err = voucher_certs_add(certs, blob_bytes(&der));
		if (err != 0)
			return reason_set(why, err,
			    "RFC 7515 4.1.6: x5c is not a list of at most %d "
			    "certificates",
			    VOUCHER_CERTS_MAX);
	}
	return 0;
}

struct signed_parts {
	const struct sigalg *alg;
	struct buf input;
	struct blob signature;
};

static void
signed_parts_fini(struct signed_parts *parts)
{
	buf_fini(&parts->input);
	blob_fini(&parts->signature);
}

static int
read_parts(struct signed_parts *out, const json_t *document,
    const json_t *signature, const json_t *header, struct reason *why)
{
	const char *alg = json_string_value(json_object_get(header, "alg"));

	out->alg = alg != NULL ? sigalg_by_jose(alg) : NULL;
	if (out->alg == NULL)
		return not_jws(why, "alg is none that is supported");
	if (decode_member(&out->signature, signature, "signature") != 0)
		return not_jws(why, "the signature is not base64url");
	return buf_printf(&out->input, "%s.%s",
	    json_string_value(json_object_get(signature, "protected")),
	    json_string_value(json_object_get(document, "payload")));
}

static bool
signed_by(const struct signed_parts *parts, struct bytes cert_der)
{
	X509 *cert CLEANUP(X509_free_p) = NULL;
	EVP_PKEY *key;

	if (voucher_x509_parse(&cert, cert_der) != 0)
		return false;
	key = X509_get0_pubkey(cert);
	return key != NULL &&
	       sigalg_verify(parts->alg, key,
		   (struct bytes){
		       (const uint8_t *)parts->input.data, parts->input.len},
		   blob_bytes(&parts->signature));
}

static int
verify_parts(struct blob *signer, const struct signed_parts *parts,
    const struct voucher_certs *candidates, struct reason *why)
{
	size_t n = candidates != NULL ? candidates->n : 0;

	if (signer->len != 0 && signed_by(parts, blob_bytes(signer)))
		return 0;
	for (size_t i = 0; signer->len == 0 && i < n; i++)
		if (signed_by(parts, blob_bytes(&candidates->items[i])))
			return blob_copy(
			    signer, blob_bytes(&candidates->items[i]));
	return reason_set(why, -ERR_REFUSED,
	    "RFC 7515 5.2: the voucher's JWS signature is not valid, or its "
	    "signer's certificate is missing");
}

int
jws_open_content(struct blob *content, struct blob *signer,
    struct voucher_certs *certs, struct bytes artifact,
    const struct voucher_certs *candidates, struct reason *why)
{
	struct signed_parts parts CLEANUP(signed_parts_fini) = {0};
	json_t *document AUTOJSON = json_parse(artifact, NULL);
	json_t *header AUTOJSON = NULL;
	const json_t *signature = NULL;
	int err;

	if (!json_is_object(document))
		return not_jws(why, "the voucher is not a JSON object");
	err = find_signature(&signature, document, why);
	if (err == 0)
		err = read_header(&header, signature, why);
	if (err == 0)
		err = read_x5c(signer, certs, header, why);
	if (err == 0)
		err = read_parts(&parts, document, signature, header, why);
	if (err == 0)
		err = verify_parts(signer, &parts, candidates, why);
	if (err == 0 && decode_member(content, document, "payload") != 0)
		err = not_jws(why, "the payload is not base64url");
	return err;
}
