#include "ca/names_openssl.h"

#include <string.h>

#include "base/addr.h"
#include "base/log.h"
#include "base/str.h"
#include "ca/openssl_util.h"

/* An IA5String as text: printable ASCII without a final dot. */
static int
ia5_text(char out[NAME_TEXT_MAX], const ASN1_STRING *value, const char *what,
    struct reason *why)
{
	const char *data = (const char *)ASN1_STRING_get0_data(value);
	size_t len = (size_t)ASN1_STRING_length(value);

	if (len == 0 || len >= NAME_TEXT_MAX)
		return reason_set(why, -ERR_INVALID,
		    "subjectAltName: %s of %zu bytes", what, len);
	memcpy(out, data, len);
	out[len] = '\0';
	if (strlen(out) != len || !str_is_printable(out))
		return reason_set(why, -ERR_INVALID,
		    "subjectAltName: %s holds a character that no name has",
		    what);
	if (out[len - 1] == '.')
		return reason_set(why, -ERR_INVALID,
		    "subjectAltName: %s %s ends with a dot", what, out);
	return 0;
}

static int
add_text(struct names *out, enum name_type type, const ASN1_STRING *value,
    const char *what, struct reason *why)
{
	char text[NAME_TEXT_MAX], quoted[128];
	int err = ia5_text(text, value, what, why);

	if (err != 0)
		return err;
	err = names_add(out, type, text);
	if (err == -ERR_INVALID)
		reason_set(why, err, "subjectAltName: %s is not a valid %s",
		    log_quote(quoted, sizeof(quoted), text), what);
	return err;
}

static int
add_ip(struct names *out, const ASN1_OCTET_STRING *value, struct reason *why)
{
	struct ip_addr ip = {0};
	char text[IP_TEXT_MAX];
	int len = ASN1_STRING_length(value);

	if (len != 4 && len != 16)
		return reason_set(why, -ERR_INVALID,
		    "subjectAltName: iPAddress of %d bytes", len);
	ip.len = (uint8_t)len;
	memcpy(ip.bytes, ASN1_STRING_get0_data(value), ip.len);
	ip_format(text, &ip);
	return names_add(out, NAME_IP, text);
}

static int
add_other_name(struct names *out, const OTHERNAME *other, struct reason *why)
{
	char oid[80], text[96];

	if (OBJ_obj2nid(other->type_id) != NID_SRVName) {
		int err = str_format(text, sizeof(text), "otherName %s",
		    oid_text(oid, sizeof(oid), other->type_id));

		return err != 0 ? err : names_add(out, NAME_OTHER, text);
	}
	if (other->value == NULL || other->value->type != V_ASN1_IA5STRING)
		return reason_set(why, -ERR_INVALID,
		    "RFC 4985 2: SRVName is not an IA5String");
	return add_text(
	    out, NAME_SRV, other->value->value.ia5string, "SRVName", why);
}

static int
add_general(struct names *out, const GENERAL_NAME *name, struct reason *why)
{
	switch (name->type) {
	case GEN_DNS:
		return add_text(out, NAME_DNS, name->d.dNSName, "dNSName", why);
	case GEN_IPADD:
		return add_ip(out, name->d.iPAddress, why);
	case GEN_OTHERNAME:
		return add_other_name(out, name->d.otherName, why);
	case GEN_EMAIL:
		return names_add(out, NAME_OTHER, "email");
	case GEN_URI:
		return names_add(out, NAME_OTHER, "URI");
	case GEN_DIRNAME:
		return names_add(out, NAME_OTHER, "directoryName");
	case GEN_RID:
		return names_add(out, NAME_OTHER, "registeredID");
	case GEN_X400:
		return names_add(out, NAME_OTHER, "x400Address");
	case GEN_EDIPARTY:
		return names_add(out, NAME_OTHER, "ediPartyName");
	default:
		return names_add(out, NAME_OTHER, "unknown name type");
	}
}

int
names_from_general(
    struct names *out, const GENERAL_NAMES *general, struct reason *why)
{
	struct names names = {0};

	if (sk_GENERAL_NAME_num(general) <= 0)
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.2.1.6: subjectAltName is empty");
	for (int i = 0; i < sk_GENERAL_NAME_num(general); i++) {
		int err =
		    add_general(&names, sk_GENERAL_NAME_value(general, i), why);

		if (err == -ERR_TOO_LARGE)
			reason_set(why, err,
			    "subjectAltName: more than %d names", NAMES_MAX);
		if (err != 0)
			return err;
	}
	*out = names;
	return 0;
}

int
names_from_ext(struct names *out, X509_EXTENSION *ext, struct reason *why)
{
	GENERAL_NAMES *general CLEANUP(general_names_freep) =
	    ext_decode(ext, ASN1_ITEM_rptr(GENERAL_NAMES));

	if (general == NULL)
		return reason_set(why, -ERR_INVALID,
		    "RFC 5280 4.2.1.6: subjectAltName is malformed");
	return names_from_general(out, general, why);
}

static GENERAL_NAME *
general_of_string(int type, int string_type, const void *data, size_t len)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value = ASN1_STRING_type_new(string_type);

	if (name == NULL || value == NULL ||
	    ASN1_STRING_set(value, data, (int)len) != 1) {
		GENERAL_NAME_free(name);
		ASN1_STRING_free(value);
		return NULL;
	}
	GENERAL_NAME_set0_value(name, type, value);
	return name;
}

/* otherName [0] { id-on-dnsSRV, [0] EXPLICIT IA5String } */
static GENERAL_NAME *
general_of_srv(const char *text)
{
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_TYPE *value = ASN1_TYPE_new();
	ASN1_STRING *ia5 = ASN1_STRING_type_new(V_ASN1_IA5STRING);

	if (name == NULL || value == NULL || ia5 == NULL ||
	    ASN1_STRING_set(ia5, text, (int)strlen(text)) != 1)
		goto fail;
	ASN1_TYPE_set(value, V_ASN1_IA5STRING, STEAL(ia5));
	if (GENERAL_NAME_set0_othername(
		name, OBJ_nid2obj(NID_SRVName), value) != 1)
		goto fail;
	return name;
fail:
	GENERAL_NAME_free(name);
	ASN1_TYPE_free(value);
	ASN1_STRING_free(ia5);
	return NULL;
}

static int
general_of(GENERAL_NAME **out, const struct name *name)
{
	struct ip_addr ip;

	switch (name->type) {
	case NAME_DNS:
		*out = general_of_string(
		    GEN_DNS, V_ASN1_IA5STRING, name->text, strlen(name->text));
		break;
	case NAME_IP:
		if (ip_parse(&ip, name->text) != 0)
			return -ERR_INVALID;
		*out = general_of_string(
		    GEN_IPADD, V_ASN1_OCTET_STRING, ip.bytes, ip.len);
		break;
	case NAME_SRV:
		*out = general_of_srv(name->text);
		break;
	case NAME_OTHER:
	default:
		return -ERR_INVALID;
	}
	return *out != NULL ? 0 : crypto_failed(NULL, "encode name");
}

int
names_to_general(GENERAL_NAMES **out, const struct names *names)
{
	GENERAL_NAMES *general CLEANUP(general_names_freep) =
	    GENERAL_NAMES_new();

	if (general == NULL)
		return -ERR_NOMEM;
	for (size_t i = 0; i < names->n; i++) {
		GENERAL_NAME *name = NULL;
		int err = general_of(&name, &names->items[i]);

		if (err != 0)
			return err;
		if (sk_GENERAL_NAME_push(general, name) <= 0) {
			GENERAL_NAME_free(name);
			return -ERR_NOMEM;
		}
	}
	*out = STEAL(general);
	return 0;
}
