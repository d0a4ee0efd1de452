#include "ca/server_pair.h"

#include <string.h>

#include <openssl/err.h>

#include "ca/openssl_util.h"
#include "ca/pem.h"
#include "ca/server_cert.h"

/* One key, and not an encrypted one. */
static int
check_key_blocks(struct bytes pem, struct reason *why)
{
	struct pem_block block;
	size_t n = 0;
	int more;

	while ((more = pem_next(&block, &pem)) == 0) {
		if (strcmp(block.label, "ENCRYPTED PRIVATE KEY") == 0)
			return reason_set(why, -ERR_REFUSED,
			    "the private key is encrypted, and nobody is "
			    "asked for a pass phrase");
		n += strstr(block.label, "PRIVATE KEY") != NULL;
	}
	if (more < 0)
		return reason_set(
		    why, more, "the private key's PEM is cut off or malformed");
	if (n != 1)
		return reason_set(why, -ERR_INVALID,
		    "there are %zu private keys, not one", n);
	return 0;
}

static int
read_key(EVP_PKEY **out, struct bytes pem, struct reason *why)
{
	int err = check_key_blocks(pem, why);

	if (err != 0)
		return err;
	err = pkey_from_pem(out, pem);
	if (err == -ERR_INVALID)
		reason_set(why, err,
		    "the private key cannot be read: is it encrypted?");
	return err;
}

static int
check_key(struct bytes leaf, struct bytes key_pem, struct reason *why)
{
	EVP_PKEY *key CLEANUP(pkey_freep) = NULL;
	X509 *cert CLEANUP(x509_freep) = NULL;
	int err = read_key(&key, key_pem, why);

	if (err == 0)
		err = x509_parse(&cert, leaf, why);
	if (err != 0)
		return err;
	if (X509_check_private_key(cert, key) == 1)
		return 0;
	ERR_clear_error();
	return reason_set(why, -ERR_REFUSED,
	    "the private key is not that of the certificate");
}

/* [RFC5246 7.4.2] each certificate directly certifies the one before it. */
static int
check_link(
    struct bytes subject, struct bytes issuer, size_t at, struct reason *why)
{
	X509 *below CLEANUP(x509_freep) = NULL;
	X509 *above CLEANUP(x509_freep) = NULL;
	int err = x509_parse(&below, subject, why);
	bool fits;

	if (err == 0)
		err = x509_parse(&above, issuer, why);
	if (err != 0)
		return err;
	fits = X509_check_issued(above, below) == X509_V_OK &&
	       X509_verify(below, X509_get0_pubkey(above)) == 1;
	ERR_clear_error();
	if (fits)
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "RFC 5246 7.4.2: certificate %zu of the chain did not issue the "
	    "one before it",
	    at);
}

static int
check_chain(const struct cert_list *chain, struct reason *why)
{
	int err = 0;

	for (size_t i = 1; i < chain->n && err == 0; i++)
		err = check_link(blob_bytes(&chain->items[i - 1]),
		    blob_bytes(&chain->items[i]), i + 1, why);
	return err;
}

int
server_pair_read(struct server_pair *out, struct bytes chain_pem,
    struct bytes key_pem, const char *name, int64_t now, struct reason *why)
{
	struct cert_list chain CLEANUP(cert_list_fini) = {0};
	struct buf pem CLEANUP(buf_fini) = {0};
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	int err = info != NULL ? cert_list_from_pem(&chain, chain_pem, why)
			       : -ERR_NOMEM;

	if (err == 0)
		err = server_cert_check(
		    info, blob_bytes(&chain.items[0]), name, now, why);
	if (err == 0)
		err = check_chain(&chain, why);
	if (err == 0)
		err = check_key(blob_bytes(&chain.items[0]), key_pem, why);
	for (size_t i = 0; i < chain.n && err == 0; i++)
		err = cert_to_pem(&pem, blob_bytes(&chain.items[i]));
	if (err != 0)
		return err;
	out->info = *info;
	out->chain_pem = pem;
	pem = (struct buf){0};
	return 0;
}

void
server_pair_fini(struct server_pair *pair)
{
	buf_fini(&pair->chain_pem);
}
