#include "tls/judge.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "tls/ossl.h"

/* The peer's certificates in DER; out has JUDGE_CHAIN_MAX elements, of which *n
 * are to be freed also after a failure. */
static int
chain_encode(struct bytes *out, size_t *n, const STACK_OF(X509) * chain,
    struct reason *why)
{
	int count = chain != NULL ? sk_X509_num(chain) : 0;

	*n = 0;
	if (count <= 0)
		return reason_set(
		    why, -ERR_REFUSED, "the server sent no certificate");
	if (count > JUDGE_CHAIN_MAX)
		return reason_set(why, -ERR_REFUSED,
		    "the server sent %d certificates, more than %d", count,
		    JUDGE_CHAIN_MAX);
	for (int i = 0; i < count; i++) {
		unsigned char *der = NULL;
		int len = i2d_X509(sk_X509_value(chain, i), &der);

		if (len <= 0)
			return ossl_failed(why, "cannot encode a certificate");
		out[(*n)++] = (struct bytes){der, (size_t)len};
	}
	return 0;
}

static int
judge_chain(
    struct judgement *j, const STACK_OF(X509) * chain, struct reason *why)
{
	struct bytes der[JUDGE_CHAIN_MAX] = {0};
	size_t n;
	int err = chain_encode(der, &n, chain, why);

	if (err == 0)
		err = j->judge(j->arg, der, n, why);
	for (size_t i = 0; i < n; i++)
		OPENSSL_free(without_const(der[i].data));
	return err;
}

int
judgement_run(struct judgement *j, X509_STORE_CTX *x)
{
	struct reason local = {""};
	int err = judge_chain(j, X509_STORE_CTX_get0_untrusted(x),
	    j->why != NULL ? j->why : &local);

	j->accepted = err == 0;
	j->refused = err != 0;
	X509_STORE_CTX_set_error(
	    x, err == 0 ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
	return err == 0;
}

/* Judgements that belong to an SSL_CTX of somebody else's, freed with it. */

static CRYPTO_ONCE index_once = CRYPTO_ONCE_STATIC_INIT;
static int judgement_index = -1;

static void
judgement_free(
    void *parent, void *ptr, CRYPTO_EX_DATA *ad, int idx, long argl, void *argp)
{
	(void)parent;
	(void)ad;
	(void)idx;
	(void)argl;
	(void)argp;
	free(ptr);
}

static void
index_new(void)
{
	judgement_index =
	    SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, judgement_free);
}

static int
installed_verify(X509_STORE_CTX *x, void *arg)
{
	return judgement_run(arg, x);
}

int
tls_judge_install(
    void *ssl_ctx, tls_judge_fn judge, void *arg, struct reason *why)
{
	struct judgement *j;

	if (CRYPTO_THREAD_run_once(&index_once, index_new) != 1 ||
	    judgement_index < 0)
		return ossl_failed(why, "cannot install the judge");
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return -ERR_NOMEM;
	*j = (struct judgement){.judge = judge, .arg = arg, .why = why};
	if (SSL_CTX_set_ex_data(ssl_ctx, judgement_index, j) != 1) {
		free(j);
		return ossl_failed(why, "cannot install the judge");
	}
	SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ssl_ctx, installed_verify, j);
	return 0;
}
