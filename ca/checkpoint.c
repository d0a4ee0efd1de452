#include "ca/checkpoint.h"

#include <openssl/err.h>

#include "base/ipc.h"
#include "ca/authority_load.h"
#include "ca/key_openssl.h"
#include "ca/openssl_util.h"

#define LABEL "estuary audit checkpoint 1"
#define SIGNED_MAX_BYTES 256

static void
md_ctx_freep(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static int
compose(
    struct buf *b, const struct checkpoint *checkpoint, struct bytes issuing)
{
	uint8_t ca[SHA256_LEN];
	int err = sha256(ca, issuing);

	if (err != 0)
		return err;
	ipc_put_text(b, LABEL);
	buf_add(b, ca, sizeof(ca));
	ipc_put_u64(b, (uint64_t)checkpoint->counter);
	ipc_put_u64(b, (uint64_t)checkpoint->at);
	ipc_put_u64(b, (uint64_t)checkpoint->last_id);
	buf_add(b, checkpoint->head, sizeof(checkpoint->head));
	return buf_status(b);
}

int
checkpoint_sign(struct checkpoint *checkpoint,
    const struct authority *authority, struct reason *why)
{
	struct buf b CLEANUP(buf_fini) = {.max = SIGNED_MAX_BYTES};
	EVP_MD_CTX *ctx CLEANUP(md_ctx_freep) = EVP_MD_CTX_new();
	size_t len = sizeof(checkpoint->signature);
	int err = compose(&b, checkpoint, blob_bytes(&authority->issuing));

	if (err != 0)
		return reason_set(why, err, "%s", err_text(err));
	if (ctx == NULL ||
	    EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL,
		key_pkey(authority->issuing_key), NULL) != 1 ||
	    EVP_DigestSign(ctx, checkpoint->signature, &len,
		(const uint8_t *)b.data, b.len) != 1)
		return crypto_failed(why, "sign checkpoint");
	checkpoint->signature_len = len;
	return 0;
}

int
checkpoint_verify(const struct checkpoint *checkpoint, struct bytes issuing_der,
    struct reason *why)
{
	struct buf b CLEANUP(buf_fini) = {.max = SIGNED_MAX_BYTES};
	EVP_MD_CTX *ctx CLEANUP(md_ctx_freep) = EVP_MD_CTX_new();
	X509 *issuing CLEANUP(x509_freep) = NULL;
	int err = compose(&b, checkpoint, issuing_der);

	if (err == 0)
		err = x509_parse(&issuing, issuing_der, why);
	if (err != 0)
		return err;
	if (ctx == NULL || EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL,
			       NULL, X509_get0_pubkey(issuing), NULL) != 1)
		return crypto_failed(why, "verify checkpoint");
	if (EVP_DigestVerify(ctx, checkpoint->signature,
		checkpoint->signature_len, (const uint8_t *)b.data, b.len) == 1)
		return 0;
	ERR_clear_error();
	return reason_set(why, -ERR_REFUSED,
	    "its signature is not the issuing CA's: it was changed or forged");
}
