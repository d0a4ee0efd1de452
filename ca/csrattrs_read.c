/* The client's side of CsrAttrs. */
#include "ca/csrattrs.h"

#include <stdio.h>
#include <string.h>

#include "ca/der.h"
#include "ca/openssl_util.h"

static bool
is_oid(struct bytes oid, int nid)
{
	const ASN1_OBJECT *object = OBJ_nid2obj(nid);

	return bytes_equal(
	    oid, (struct bytes){OBJ_get0_data(object), OBJ_length(object)});
}

static void
note_key(struct csrattrs_wish *wish, const char *what)
{
	if (wish->other_key[0] == '\0')
		snprintf(wish->other_key, sizeof(wish->other_key), "%s", what);
}

/* A curve, as the value of ecPublicKey or alone. */
static void
note_curve(struct csrattrs_wish *wish, struct bytes oid)
{
	if (is_oid(oid, NID_X9_62_prime256v1))
		wish->p256 = true;
	else if (is_oid(oid, NID_secp384r1))
		note_key(wish, "EC P-384");
	else if (is_oid(oid, NID_secp521r1))
		note_key(wish, "EC P-521");
	else
		note_key(wish, "EC of another curve than P-256");
}

static void
note_oid(struct csrattrs_wish *wish, struct bytes oid)
{
	if (is_oid(oid, NID_pkcs9_challengePassword))
		wish->channel_binding = true;
	else if (is_oid(oid, NID_rsaEncryption))
		note_key(wish, "RSA");
	else if (is_oid(oid, NID_ED25519))
		note_key(wish, "Ed25519");
	else if (is_oid(oid, NID_X9_62_prime256v1) ||
		 is_oid(oid, NID_secp384r1) || is_oid(oid, NID_secp521r1))
		note_curve(wish, oid);
}

/* Extensions: a SEQUENCE of them, each of which begins with its OID. The old
 * form, a bare OID, dictates nothing. */
static int
note_extensions(struct csrattrs_wish *wish, struct bytes values)
{
	struct bytes extensions, extension, oid;

	while (der_next_is(values, DER_SEQUENCE)) {
		if (der_read(&extensions, &values, DER_SEQUENCE) != 0)
			return -ERR_INVALID;
		while (der_next_is(extensions, DER_SEQUENCE)) {
			if (der_read(&extension, &extensions, DER_SEQUENCE) !=
				0 ||
			    der_read(&oid, &extension, DER_OID) != 0)
				return -ERR_INVALID;
			if (is_oid(oid, NID_subject_alt_name))
				wish->names = true;
		}
	}
	return 0;
}

/* Attribute ::= SEQUENCE { type OID, values SET OF ANY } */
static int
note_attribute(struct csrattrs_wish *wish, struct bytes attribute)
{
	struct bytes type, values, curve;

	if (der_read(&type, &attribute, DER_OID) != 0 ||
	    der_read(&values, &attribute, DER_SET) != 0 || attribute.len != 0)
		return -ERR_INVALID;
	if (is_oid(type, NID_ext_req))
		return note_extensions(wish, values);
	if (!is_oid(type, NID_X9_62_id_ecPublicKey)) {
		note_oid(wish, type);
		return 0;
	}
	while (der_next_is(values, DER_OID)) {
		if (der_read(&curve, &values, DER_OID) != 0)
			return -ERR_INVALID;
		note_curve(wish, curve);
	}
	return 0;
}

static int
read_items(struct csrattrs_wish *wish, struct bytes der)
{
	struct bytes items, item;
	int err = der_read(&items, &der, DER_SEQUENCE);

	if (err == 0 && der.len != 0)
		err = -ERR_INVALID;
	while (err == 0 && items.len > 0) {
		if (der_next_is(items, DER_OID)) {
			err = der_read(&item, &items, DER_OID);
			if (err == 0)
				note_oid(wish, item);
		} else {
			err = der_read(&item, &items, DER_SEQUENCE);
			if (err == 0)
				err = note_attribute(wish, item);
		}
	}
	return err;
}

int
csrattrs_decode(struct csrattrs_wish *out, struct bytes der, struct reason *why)
{
	struct csrattrs_wish wish = {0};

	if (der.len > CSRATTRS_MAX_BYTES)
		return reason_set(why, -ERR_TOO_LARGE,
		    "csrattrs has more than %d bytes", CSRATTRS_MAX_BYTES);
	if (der.len > 0 && (der_check(der) != 0 || read_items(&wish, der) != 0))
		return reason_set(
		    why, -ERR_INVALID, "RFC 7030 4.5.2: csrattrs is malformed");
	*out = wish;
	return 0;
}
