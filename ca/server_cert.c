#include "ca/server_cert.h"

#include <string.h>

#include <openssl/err.h>

#include "base/str.h"
#include "ca/csr_openssl.h"
#include "ca/openssl_util.h"
#include "ca/pem.h"

#define SIGNATURE_BITS_MIN 112 /* SHA-2: the level of path validation */

static int
check_time(const struct cert_info *info, int64_t now, struct reason *why)
{
	char time[RFC3339_LEN];

	if (info->not_after <= now) {
		rfc3339_format(time, info->not_after);
		return reason_set(why, -ERR_REFUSED,
		    "RFC 5280 4.1.2.5: the certificate expired at %s", time);
	}
	if (info->not_before > now) {
		rfc3339_format(time, info->not_before);
		return reason_set(why, -ERR_REFUSED,
		    "RFC 5280 4.1.2.5: the certificate is not valid before %s",
		    time);
	}
	return 0;
}

static bool
has_wildcard_of(const struct names *names, const char *name)
{
	const char *parent = strchr(name, '.');
	char wildcard[NAME_TEXT_MAX];

	return parent != NULL &&
	       str_format(wildcard, sizeof(wildcard), "*%s", parent) == 0 &&
	       names_has(names, NAME_DNS, wildcard);
}

static int
check_name(const struct cert_info *info, const char *name, struct reason *why)
{
	if (names_has(&info->names, NAME_DNS, name))
		return 0;
	if (has_wildcard_of(&info->names, name))
		return reason_set(why, -ERR_REFUSED,
		    "the certificate has %.100s only by a wildcard: it must "
		    "have the DNS-ID itself, which endpoints keep",
		    name);
	return reason_set(why, -ERR_REFUSED,
	    "RFC 9525 6.3: %.150s is not among the certificate's DNS-IDs",
	    name);
}

/* X509_check_ca() knows older ways, too, of saying that this is a CA. */
static int
check_end_entity(X509 *cert, struct reason *why)
{
	bool ca = X509_check_ca(cert) != 0;

	ERR_clear_error();
	if (ca)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 5280 4.2.1.9: this is a CA certificate, not a "
		    "server's");
	if ((X509_get_extension_flags(cert) & EXFLAG_CRITICAL) != 0)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 5280 4.2: the certificate has an unknown critical "
		    "extension");
	return 0;
}

static int
check_usage(X509 *cert, const struct cert_info *info, struct reason *why)
{
	if (!info->server_auth)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 5280 4.2.1.12: the certificate's extended key usage "
		    "lacks serverAuth");
	if ((X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE) == 0)
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8446 4.4.2.2: the certificate's key usage lacks "
		    "digitalSignature");
	return 0;
}

static int
check_signature(X509 *cert, struct reason *why)
{
	int bits = 0;

	if (X509_get_signature_info(cert, NULL, NULL, &bits, NULL) == 1 &&
	    bits >= SIGNATURE_BITS_MIN)
		return 0;
	ERR_clear_error();
	return reason_set(why, -ERR_REFUSED,
	    "the certificate is signed with a weak or unknown algorithm: it "
	    "must be SHA-256 or better");
}

int
server_cert_check(struct cert_info *out, struct bytes der, const char *name,
    int64_t now, struct reason *why)
{
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = info != NULL ? cert_parse(info, der, why) : -ERR_NOMEM;

	if (err == 0)
		err = x509_parse(&cert, der, why);
	if (err == 0)
		err = check_end_entity(cert, why);
	if (err == 0)
		err = check_name(info, name, why);
	if (err == 0)
		err = check_time(info, now, why);
	if (err == 0)
		err = check_usage(cert, info, why);
	if (err == 0)
		err = csr_key_check(X509_get_X509_PUBKEY(cert), why);
	if (err == 0)
		err = check_signature(cert, why);
	if (err == 0)
		*out = *info;
	return err;
}

static int
check_blocks(struct bytes pem, struct reason *why)
{
	struct pem_block block;
	int more;

	while ((more = pem_next(&block, &pem)) == 0) {
		if (strcmp(block.label, "CERTIFICATE") == 0)
			continue;
		if (strstr(block.label, "PRIVATE KEY") != NULL)
			return reason_set(why, -ERR_REFUSED,
			    "this is a private key: it stays with the server; "
			    "give the certificate only");
		return reason_set(why, -ERR_REFUSED,
		    "the text holds a %.60s, not only certificates",
		    block.label);
	}
	return 0;
}

static int
check_is_ca(struct bytes der, size_t at, struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = x509_parse(&cert, der, why);
	bool ca = err == 0 && X509_check_ca(cert) == 1;

	ERR_clear_error();
	if (err != 0 || ca)
		return err;
	return reason_set(why, -ERR_REFUSED,
	    "certificate %zu of the text is not a CA's: the server's own comes "
	    "first, then those of its CAs, and no second server's",
	    at);
}

int
server_cert_from_pem(
    struct blob *der, size_t *n_more, struct bytes pem, struct reason *why)
{
	struct cert_list list CLEANUP(cert_list_fini) = {0};
	int err = check_blocks(pem, why);

	if (err == 0)
		err = cert_list_from_pem(&list, pem, why);
	for (size_t i = 1; i < list.n && err == 0; i++)
		err = check_is_ca(blob_bytes(&list.items[i]), i + 1, why);
	if (err != 0)
		return err;
	*n_more = list.n - 1;
	*der = list.items[0];
	list.items[0] = (struct blob){NULL, 0};
	return 0;
}
