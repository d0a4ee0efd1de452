#include "ca/anchored.h"

#include <openssl/err.h>

#include "ca/openssl_util.h"

#define CHAIN_DEPTH_MAX 8
#define AUTH_LEVEL 2 /* 112 bits: RSA 2048, SHA-2 */

DEFINE_CLEANUP(store_freep, X509_STORE, X509_STORE_free)
DEFINE_CLEANUP(store_ctx_freep, X509_STORE_CTX, X509_STORE_CTX_free)

static void
certs_freep(STACK_OF(X509) * *certs)
{
	sk_X509_pop_free(*certs, X509_free);
}

static int
stack_of(STACK_OF(X509) * *out, const struct cert_list *certs)
{
	STACK_OF(X509) * stack CLEANUP(certs_freep) = sk_X509_new_null();
	size_t n = certs != NULL ? certs->n : 0;

	if (stack == NULL)
		return -ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		X509 *cert = NULL;

		/* One that cannot be read helps nobody. */
		if (x509_parse(&cert, blob_bytes(&certs->items[i]), NULL) != 0)
			continue;
		if (sk_X509_push(stack, cert) == 0) {
			X509_free(cert);
			return -ERR_NOMEM;
		}
	}
	*out = STEAL(stack);
	return 0;
}

static int
store_of(X509_STORE **out, const struct cert_list *anchors)
{
	STACK_OF(X509) * certs CLEANUP(certs_freep) = NULL;
	X509_STORE *store CLEANUP(store_freep) = X509_STORE_new();
	int err = store != NULL ? stack_of(&certs, anchors) : -ERR_NOMEM;

	for (int i = 0; err == 0 && i < sk_X509_num(certs); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(certs, i)) != 1)
			err = crypto_failed(NULL, "trust anchors");
	if (err == 0)
		*out = STEAL(store);
	return err;
}

static int
verify(X509_STORE_CTX *ctx, bool server, int64_t now, struct reason *why)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	int code;

	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH_MAX);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) !=
		1 ||
	    (server && X509_VERIFY_PARAM_set_purpose(
			   param, X509_PURPOSE_SSL_SERVER) != 1))
		return crypto_failed(why, "path validation");
	if (X509_verify_cert(ctx) == 1)
		return 0;
	code = X509_STORE_CTX_get_error(ctx);
	ERR_clear_error();
	return reason_set(why, -ERR_REFUSED, "RFC 5280 6: %.150s",
	    X509_verify_cert_error_string(code));
}

int
anchored_verify(struct bytes leaf, const struct cert_list *chain,
    const struct cert_list *anchors, bool server, int64_t now,
    struct reason *why)
{
	X509 *cert CLEANUP(x509_freep) = NULL;
	STACK_OF(X509) * untrusted CLEANUP(certs_freep) = NULL;
	X509_STORE *store CLEANUP(store_freep) = NULL;
	X509_STORE_CTX *ctx CLEANUP(store_ctx_freep) = X509_STORE_CTX_new();
	int err = ctx != NULL ? x509_parse(&cert, leaf, why) : -ERR_NOMEM;

	if (err == 0)
		err = stack_of(&untrusted, chain);
	if (err == 0)
		err = store_of(&store, anchors);
	if (err != 0)
		return err;
	if (X509_STORE_CTX_init(ctx, store, cert, untrusted) != 1)
		return crypto_failed(why, "path validation");
	return verify(ctx, server, now, why);
}
