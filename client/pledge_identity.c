#include "client/pledge_identity.h"

#include <string.h>

#include "base/file.h"
#include "ca/key.h"

#define FILE_MAX_BYTES ((size_t)256 * 1024)

int
pledge_read_certs(struct cert_list *out, const char *path, struct reason *why)
{
	struct blob pem = {0};
	struct reason inner = {""};
	int err = file_read(&pem, path, FILE_MAX_BYTES);

	if (err != 0)
		return reason_set(why, err, "%.200s: %s", path, err_text(err));
	err = cert_list_from_pem(out, blob_bytes(&pem), &inner);
	blob_fini(&pem);
	return err == 0
		   ? 0
		   : reason_set(why, err, "%.120s: %.120s", path, inner.text);
}

static int
read_chain(struct pledge_identity *identity, const char *cert,
    const char *chain, struct reason *why)
{
	struct cert_list *more CLEANUP(freep) = NULL;
	int err = pledge_read_certs(&identity->chain, cert, why);

	if (err != 0 || chain == NULL)
		return err;
	more = calloc(1, sizeof(*more));
	if (more == NULL)
		return -ERR_NOMEM;
	err = pledge_read_certs(more, chain, why);
	for (size_t i = 0; err == 0 && i < more->n; i++)
		err = cert_list_add(
		    &identity->chain, blob_bytes(&more->items[i]));
	cert_list_fini(more);
	return err;
}

static int
make_signer(struct pledge_identity *identity, struct reason *why)
{
	struct buf pem = {0};
	int err = 0;

	for (size_t i = 0; err == 0 && i < identity->chain.n; i++)
		err = cert_to_pem(&pem, blob_bytes(&identity->chain.items[i]));
	if (err == 0)
		err = voucher_signer_new(&identity->signer,
		    (struct bytes){(const uint8_t *)pem.data, pem.len},
		    blob_bytes(&identity->key), why);
	buf_fini(&pem);
	return err;
}

static int
load(struct pledge_identity *identity, const char *cert, const char *key,
    const char *chain, struct reason *why)
{
	int err = read_chain(identity, cert, chain, why);

	if (err == 0)
		err =
		    file_read_secret(&identity->key, key, FILE_MAX_BYTES, why);
	if (err == 0)
		err = make_signer(identity, why);
	if (err == 0)
		err = idevid_parse(&identity->idevid,
		    blob_bytes(&identity->chain.items[0]), why);
	if (err != 0)
		return err;
	identity->serial_number = identity->idevid.serial_number[0] != '\0'
				      ? identity->idevid.serial_number
				      : identity->idevid.hw_serial;
	if (identity->serial_number[0] == '\0')
		return reason_set(why, -ERR_INVALID,
		    "IEEE 802.1AR: the IDevID has no serial number");
	return 0;
}

int
pledge_identity_load(struct pledge_identity *out, const char *cert,
    const char *key, const char *chain, struct reason *why)
{
	int err;

	memset(out, 0, sizeof(*out));
	err = load(out, cert, key, chain, why);
	if (err != 0)
		pledge_identity_fini(out);
	return err;
}

void
pledge_identity_fini(struct pledge_identity *identity)
{
	cert_list_fini(&identity->chain);
	key_pem_fini(&identity->key);
	idevid_fini(&identity->idevid);
	voucher_signer_free(identity->signer);
	identity->signer = NULL;
}
