#include "ca/domain_chain.h"

#include <openssl/err.h>

#include "base/str.h"
#include "ca/openssl_util.h"

/* subject's issuer is named so, is a CA, and signed it. */
static bool
signed_by(X509 *subject, X509 *issuer)
{
	/* Judges names, key identifiers and key usage. */
	bool is = X509_check_ca(issuer) == 1 &&
		  X509_check_issued(issuer, subject) == X509_V_OK &&
		  X509_verify(subject, X509_get0_pubkey(issuer)) == 1;

	ERR_clear_error();
	return is;
}

static bool
der_signed_by(struct bytes subject_der, struct bytes issuer_der)
{
	X509 *subject CLEANUP(x509_freep) = NULL;
	X509 *issuer CLEANUP(x509_freep) = NULL;

	return x509_parse(&subject, subject_der, NULL) == 0 &&
	       x509_parse(&issuer, issuer_der, NULL) == 0 &&
	       signed_by(subject, issuer);
}

static bool
chain_contains(const struct cert_list *chain, struct bytes der)
{
	for (size_t i = 0; i < chain->n; i++)
		if (bytes_equal(blob_bytes(&chain->items[i]), der))
			return true;
	return false;
}

int
domain_chain_order(struct cert_list *out, struct bytes leaf,
    const struct blob *others, size_t n_others, struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = x509_parse(&cert, leaf, why);
	size_t i = 0;

	out->n = 0;
	if (err == 0)
		err = cert_list_add(out, leaf);
	while (err == 0 && i < n_others && out->n < DOMAIN_CHAIN_MAX) {
		struct bytes other = blob_bytes(&others[i]);

		if (chain_contains(out, other) ||
		    !der_signed_by(
			blob_bytes(&out->items[out->n - 1]), other)) {
			i++;
			continue;
		}
		err = cert_list_add(out, other);
		i = 0;
	}
	return err;
}

bool
domain_chain_has(const struct cert_list *chain, struct bytes cert)
{
	if (bytes_equal(blob_bytes(&chain->items[0]), cert))
		return true;
	for (size_t i = 1; i < chain->n; i++)
		if (der_signed_by(cert, blob_bytes(&chain->items[i])))
			return true;
	return false;
}

bool
domain_chain_is_of(const struct cert_list *chain, struct bytes ca)
{
	return chain_contains(chain, ca) ||
	       der_signed_by(blob_bytes(&chain->items[chain->n - 1]), ca);
}

int
domain_chain_check_registrar(
    const struct cert_list *chain, int64_t now, struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	EXTENDED_KEY_USAGE *usages;
	int64_t not_before, not_after;
	bool is_registrar = false;
	int err = x509_parse(&cert, blob_bytes(&chain->items[0]), why);

	if (err == 0)
		err = asn1_unix_time(&not_before, X509_get0_notBefore(cert));
	if (err == 0)
		err = asn1_unix_time(&not_after, X509_get0_notAfter(cert));
	if (err != 0)
		return reason_set(
		    why, err, "the registrar's certificate is malformed");
	if (now < not_before || now > not_after)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.5.4: the registrar's certificate is not in "
		    "date");
	usages = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++)
		is_registrar = is_registrar || OBJ_obj2nid(sk_ASN1_OBJECT_value(
						   usages, i)) == NID_cmcRA;
	sk_ASN1_OBJECT_pop_free(usages, ASN1_OBJECT_free);
	ERR_clear_error();
	if (!is_registrar)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.5.4: the certificate that signed the request "
		    "has no id-kp-cmcRA: it is no registrar's");
	return 0;
}
