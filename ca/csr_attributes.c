#include <string.h>

#include <openssl/err.h>

#include "base/str.h"
#include "ca/csr_openssl.h"
#include "ca/names_openssl.h"
#include "ca/openssl_util.h"

#define EXTENSIONS_MAX 32

/* RFC 6402 2.9: asks for another name, which nobody gets here. */
#define CHANGE_SUBJECT_NAME "1.3.6.1.5.5.7.7.36"

/* What has a meaning here, or must not be there twice. Others (those of
 * Microsoft's tools, say) are about the requester, not the certificate, and are
 * not read. */
static const int known_attributes[] = {
    NID_ext_req, NID_pkcs9_challengePassword, NID_pkcs9_unstructuredName};

static void
extensions_freep(STACK_OF(X509_EXTENSION) * *exts)
{
	sk_X509_EXTENSION_pop_free(*exts, X509_EXTENSION_free);
}

static int
check_basic_constraints(X509_EXTENSION *ext, struct reason *why)
{
	BASIC_CONSTRAINTS *basic =
	    ext_decode(ext, ASN1_ITEM_rptr(BASIC_CONSTRAINTS));
	bool ca;

	if (basic == NULL)
		return reason_set(why, -ERR_INVALID,
		    "request's basicConstraints is malformed");
	ca = basic->ca != 0 || basic->pathlen != NULL;
	BASIC_CONSTRAINTS_free(basic);
	if (ca)
		return reason_set(why, -ERR_REFUSED,
		    "request for a CA certificate (basicConstraints CA:TRUE)");
	return 0;
}

static int
read_extension(struct names *out, X509_EXTENSION *ext, struct reason *why)
{
	ASN1_OBJECT *oid = X509_EXTENSION_get_object(ext);
	char text[80];

	switch (OBJ_obj2nid(oid)) {
	case NID_subject_alt_name:
		return names_from_ext(out, ext, why);
	case NID_basic_constraints:
		return check_basic_constraints(ext, why);
	case NID_key_usage:
	case NID_ext_key_usage:
	case NID_subject_key_identifier:
		return 0; /* the profile decides */
	default:
		break;
	}
	if (X509_EXTENSION_get_critical(ext) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "request asks for the critical extension %s, which no "
		    "profile has",
		    oid_text(text, sizeof(text), oid));
	return 0;
}

static int
read_extension_request(
    struct names *out, X509_ATTRIBUTE *attr, struct reason *why)
{
	STACK_OF(X509_EXTENSION) * exts CLEANUP(extensions_freep) = NULL;
	ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attr, 0);
	const uint8_t *p, *end;

	if (X509_ATTRIBUTE_count(attr) != 1 || value->type != V_ASN1_SEQUENCE)
		return reason_set(why, -ERR_INVALID,
		    "RFC 2985 5.4.2: extensionRequest must have one value");
	p = ASN1_STRING_get0_data(value->value.sequence);
	end = p + ASN1_STRING_length(value->value.sequence);
	exts = d2i_X509_EXTENSIONS(NULL, &p, end - p);
	if (exts == NULL || p != end) {
		ERR_clear_error();
		return reason_set(why, -ERR_INVALID,
		    "RFC 2985 5.4.2: extensionRequest is malformed");
	}
	if (sk_X509_EXTENSION_num(exts) > EXTENSIONS_MAX)
		return reason_set(why, -ERR_TOO_LARGE,
		    "request has more than %d extensions", EXTENSIONS_MAX);
	if (exts_have_duplicates(exts))
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.2: request has an extension twice");
	for (int i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
		int err =
		    read_extension(out, sk_X509_EXTENSION_value(exts, i), why);

		if (err != 0)
			return err;
	}
	return 0;
}

/* A DirectoryString, of which channel binding (RFC 7030 3.5) and whatever
 * people type need printable ASCII alone. */
static int
read_challenge(
    char out[CSR_CHALLENGE_MAX], X509_ATTRIBUTE *attr, struct reason *why)
{
	ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attr, 0);
	const ASN1_STRING *text;
	int len;

	if (X509_ATTRIBUTE_count(attr) != 1 ||
	    (value->type != V_ASN1_PRINTABLESTRING &&
		value->type != V_ASN1_UTF8STRING &&
		value->type != V_ASN1_IA5STRING &&
		value->type != V_ASN1_T61STRING))
		return reason_set(why, -ERR_INVALID,
		    "RFC 2985 5.4.1: challengePassword must be one string");
	text = value->value.asn1_string;
	len = ASN1_STRING_length(text);
	if (len >= CSR_CHALLENGE_MAX)
		return reason_set(why, -ERR_INVALID,
		    "RFC 2985 5.4.1: challengePassword is longer than %d "
		    "characters",
		    CSR_CHALLENGE_MAX - 1);
	memcpy(out, ASN1_STRING_get0_data(text), (size_t)len);
	out[len] = '\0';
	if (strlen(out) != (size_t)len || !str_is_printable(out))
		return reason_set(why, -ERR_INVALID,
		    "request's challengePassword is not printable ASCII");
	return 0;
}

/* The attribute's place in known_attributes, -1 if it has none. Microsoft's
 * name for the extension request means the same. */
static int
attribute_find(X509_ATTRIBUTE *attr)
{
	int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attr));

	if (nid == NID_ms_ext_req)
		nid = NID_ext_req;
	for (size_t i = 0; i < ARRAY_LEN(known_attributes); i++)
		if (known_attributes[i] == nid)
			return (int)i;
	return -1;
}

int
csr_attributes_read(struct csr_attributes *out,
    const STACK_OF(X509_ATTRIBUTE) * list, struct reason *why)
{
	bool seen[ARRAY_LEN(known_attributes)] = {false};
	struct csr_attributes read = {.challenge = ""};

	for (int i = 0; i < sk_X509_ATTRIBUTE_num(list); i++) {
		X509_ATTRIBUTE *attr = sk_X509_ATTRIBUTE_value(list, i);
		int at = attribute_find(attr), err = 0;
		char text[80];
		const char *name = oid_text(
		    text, sizeof(text), X509_ATTRIBUTE_get0_object(attr));

		if (strcmp(name, CHANGE_SUBJECT_NAME) == 0)
			return reason_set(why, -ERR_REFUSED,
			    "request asks for another name "
			    "(changeSubjectName), which is not done here");
		if (at < 0)
			continue;
		if (seen[at])
			return reason_set(why, -ERR_INVALID,
			    "request has the attribute %s twice", name);
		seen[at] = true;
		if (known_attributes[at] == NID_ext_req)
			err = read_extension_request(&read.names, attr, why);
		if (known_attributes[at] == NID_pkcs9_challengePassword)
			err = read_challenge(read.challenge, attr, why);
		if (err != 0)
			return err;
	}
	*out = read;
	return 0;
}
