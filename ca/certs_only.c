#include "ca/certs_only.h"

#include "ca/der.h"
#include "ca/openssl_util.h"

/* 1.2.840.113549.1.7.2 and .1, RFC 5652 */
static const uint8_t id_signed_data[] = {
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02};
static const uint8_t id_data[] = {
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
/* RFC 5652 5.1: version 1 when there are neither other certificates nor
 * signers. */
static const uint8_t version_1[] = {DER_INTEGER, 0x01, 0x01};
static const uint8_t empty_set[] = {DER_SET, 0x00};

static size_t
wrapped(size_t len)
{
	return der_header_len(len) + len;
}

int
certs_only_encode(struct blob *out, const struct cert_list *certs)
{
	struct buf buf CLEANUP(buf_fini) = {.max = CERTS_ONLY_MAX_BYTES};
	size_t n_certs = 0, signed_data;

	if (certs->n == 0)
		return -ERR_INVALID;
	for (size_t i = 0; i < certs->n; i++)
		n_certs += certs->items[i].len;
	signed_data = sizeof(version_1) + sizeof(empty_set) +
		      wrapped(sizeof(id_data)) + wrapped(n_certs) +
		      sizeof(empty_set);
	der_add_header(&buf, DER_SEQUENCE,
	    sizeof(id_signed_data) + wrapped(wrapped(signed_data)));
	buf_add(&buf, id_signed_data, sizeof(id_signed_data));
	der_add_header(&buf, DER_CONTEXT_0, wrapped(signed_data));
	der_add_header(&buf, DER_SEQUENCE, signed_data);
	buf_add(&buf, version_1, sizeof(version_1));
	buf_add(&buf, empty_set, sizeof(empty_set));
	der_add_header(&buf, DER_SEQUENCE, sizeof(id_data));
	buf_add(&buf, id_data, sizeof(id_data));
	der_add_header(&buf, DER_CONTEXT_0, n_certs);
	for (size_t i = 0; i < certs->n; i++)
		buf_add(&buf, certs->items[i].data, certs->items[i].len);
	buf_add(&buf, empty_set, sizeof(empty_set));
	if (buf_status(&buf) != 0)
		return buf_status(&buf);
	*out = (struct blob){(uint8_t *)STEAL(buf.data), buf.len};
	return 0;
}

/* ContentInfo { signedData, [0] SignedData } */
static int
read_content_info(struct bytes *signed_data, struct bytes der)
{
	struct bytes info, content;

	if (der_check(der) != 0 || der_read(&info, &der, DER_SEQUENCE) != 0 ||
	    !der_take(&info, id_signed_data, sizeof(id_signed_data)) ||
	    der_read(&content, &info, DER_CONTEXT_0) != 0 || info.len != 0 ||
	    der_read(signed_data, &content, DER_SEQUENCE) != 0 ||
	    content.len != 0)
		return -ERR_INVALID;
	return 0;
}

/* SignedData { 1, {}, { data }, [0] certificates, {} }; an empty set of CRLs,
 * as some programs write it, is none. */
static int
read_signed_data(
    struct bytes *certificates, struct bytes in, struct reason *why)
{
	struct bytes encap, crls = {0};

	if (!der_take(&in, version_1, sizeof(version_1)))
		return reason_set(why, -ERR_INVALID,
		    "RFC 5652 5.1: certs-only message is not of version 1");
	if (!der_take(&in, empty_set, sizeof(empty_set)))
		return reason_set(why, -ERR_INVALID,
		    "certs-only message names digest algorithms");
	if (der_read(&encap, &in, DER_SEQUENCE) != 0 ||
	    !der_take(&encap, id_data, sizeof(id_data)) || encap.len != 0)
		return reason_set(
		    why, -ERR_INVALID, "certs-only message has content");
	if (der_read(certificates, &in, DER_CONTEXT_0) != 0 ||
	    certificates->len == 0)
		return reason_set(why, -ERR_INVALID,
		    "certs-only message has no certificates");
	if (der_next_is(in, DER_CONTEXT_1) &&
	    (der_read(&crls, &in, DER_CONTEXT_1) != 0 || crls.len != 0))
		return reason_set(
		    why, -ERR_INVALID, "certs-only message has CRLs");
	if (!der_take(&in, empty_set, sizeof(empty_set)) || in.len != 0)
		return reason_set(
		    why, -ERR_INVALID, "certs-only message has signers");
	return 0;
}

static int
read_certificates(struct cert_list *out, struct bytes in, struct reason *why)
{
	while (in.len > 0) {
		X509 *cert CLEANUP(x509_freep) = NULL;
		struct bytes der;
		int err;

		if (der_read_element(&der, &in) != 0)
			return reason_set(why, -ERR_INVALID,
			    "certs-only message is malformed");
		err = x509_parse(&cert, der, why);
		if (err != 0)
			return err;
		err = cert_list_add(out, der);
		if (err == -ERR_TOO_LARGE)
			reason_set(why, err,
			    "certs-only message has more than %d certificates",
			    CERT_LIST_MAX);
		if (err != 0)
			return err;
	}
	return 0;
}

int
certs_only_decode(struct cert_list *out, struct bytes der, struct reason *why)
{
	struct cert_list list CLEANUP(cert_list_fini) = {0};
	struct bytes signed_data, certificates;
	int err;

	if (der.len > CERTS_ONLY_MAX_BYTES)
		return reason_set(why, -ERR_TOO_LARGE,
		    "certs-only message larger than %d bytes",
		    CERTS_ONLY_MAX_BYTES);
	if (read_content_info(&signed_data, der) != 0)
		return reason_set(why, -ERR_INVALID,
		    "RFC 5652 3: not a CMS SignedData message in DER");
	err = read_signed_data(&certificates, signed_data, why);
	if (err == 0)
		err = read_certificates(&list, certificates, why);
	if (err != 0)
		return err;
	*out = list;
	list.n = 0;
	return 0;
}
