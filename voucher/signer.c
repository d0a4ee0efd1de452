#include <openssl/err.h>
#include <openssl/pem.h>

#include "voucher/ossl.h"

void
voucher_signer_free(struct voucher_signer *signer)
{
	if (signer == NULL)
		return;
	EVP_PKEY_free(signer->key);
	x509_stack_free(signer->chain);
	free(signer);
}

/* A passphrase is never asked for. */
static int
no_passphrase(char *text, int size, int writing, void *arg)
{
	(void)text;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static int
read_chain(struct voucher_signer *signer, struct bytes pem)
{
	BIO *bio CLEANUP(BIO_free_all_p) = BIO_new_mem_buf(
	    pem.len != 0 ? (const void *)pem.data : "", (int)pem.len);
	X509 *cert;
	bool at_end;

	signer->chain = sk_X509_new_null();
	if (bio == NULL || signer->chain == NULL)
		return -ERR_NOMEM;
	while (
	    (cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL)
		if (sk_X509_push(signer->chain, cert) == 0) {
			X509_free(cert);
			return -ERR_NOMEM;
		}
	at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	return at_end && sk_X509_num(signer->chain) > 0 ? 0 : -ERR_INVALID;
}

static int
read_key(struct voucher_signer *signer, struct bytes pem)
{
	BIO *bio CLEANUP(BIO_free_all_p) = BIO_new_mem_buf(
	    pem.len != 0 ? (const void *)pem.data : "", (int)pem.len);

	if (bio == NULL)
		return -ERR_NOMEM;
	signer->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	ERR_clear_error();
	return signer->key != NULL ? 0 : -ERR_INVALID;
}

int
voucher_signer_new(struct voucher_signer **out, struct bytes chain_pem,
    struct bytes key_pem, struct reason *why)
{
	struct voucher_signer *signer = calloc(1, sizeof(*signer));
	int err = signer != NULL ? 0 : -ERR_NOMEM;

	if (err == 0) {
		err = read_chain(signer, chain_pem);
		if (err == -ERR_INVALID)
			reason_set(why, err, "no certificate in PEM");
	}
	if (err == 0) {
		err = read_key(signer, key_pem);
		if (err == -ERR_INVALID)
			reason_set(why, err, "no unencrypted key in PEM");
	}
	if (err == 0 && X509_check_private_key(sk_X509_value(signer->chain, 0),
			    signer->key) != 1) {
		ERR_clear_error();
		err = reason_set(
		    why, -ERR_INVALID, "the key does not fit the certificate");
	}
	if (err != 0) {
		voucher_signer_free(signer);
		return err;
	}
	*out = signer;
	return 0;
}
