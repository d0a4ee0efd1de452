#include "tls/context.h"

#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "tls/ossl.h"

/* What is left of TLS 1.2: forward secrecy and authenticated encryption. */
#define TLS12_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AESCCM:!AESCCM8"

/* [RFC8446 4.2.3] [RFC9155 2] OpenSSL's default has SHA-224 in TLS 1.2, too. */
#define SIGNATURES                                                             \
	"ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:ed448:"                \
	"rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"            \
	"rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"         \
	"RSA+SHA256:RSA+SHA384:RSA+SHA512"

/* A client's chain: more than any device's, less than libssl's 100 KiB. */
#define CLIENT_CHAIN_MAX_BYTES (32 * 1024)

#define OPTIONS                                                                \
	(SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |  \
	    SSL_OP_IGNORE_UNEXPECTED_EOF)

#define MODES                                                                  \
	(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |            \
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)

static const unsigned char alpn_http11[] = "\x08http/1.1";

/* [RFC7301 3.2] Without a common protocol the connection goes on without ALPN:
 * nothing but HTTP/1.1 is spoken here anyway. */
static int
select_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *in, unsigned int in_len, void *arg)
{
	unsigned char *selected;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&selected, out_len, alpn_http11,
		sizeof(alpn_http11) - 1, in, in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = selected;
	return SSL_TLSEXT_ERR_OK;
}

/* Possession of the key is proved by the handshake. Whether the certificate is
 * trusted depends on the request, and is judged by its handler. */
static int
accept_any_client(X509_STORE_CTX *x, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(x, X509_V_OK);
	return 1;
}

static BIO *
pem_open(struct bytes pem)
{
	if (pem.len == 0 || pem.len > INT_MAX)
		return NULL;
	return BIO_new_mem_buf(pem.data, (int)pem.len);
}

/* The next certificate, or NULL, of the PEM text. */
static X509 *
read_cert(BIO *bio, OSSL_LIB_CTX *libctx)
{
	X509 *cert = X509_new_ex(libctx, NULL);

	if (cert == NULL || PEM_read_bio_X509(bio, &cert, NULL, NULL) != NULL)
		return cert;
	X509_free(cert);
	return NULL;
}

static bool
at_end_of_pem(void)
{
	unsigned long last = ERR_peek_last_error();

	if (ERR_GET_LIB(last) != ERR_LIB_PEM ||
	    ERR_GET_REASON(last) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

static int
use_chain(
    SSL_CTX *ctx, struct bytes pem, OSSL_LIB_CTX *libctx, struct reason *why)
{
	BIO *bio CLEANUP(BIO_free_all_p) = pem_open(pem);
	X509 *leaf CLEANUP(X509_free_p) = NULL;
	X509 *next;

	leaf = bio != NULL ? read_cert(bio, libctx) : NULL;
	if (leaf == NULL || SSL_CTX_use_certificate(ctx, leaf) != 1)
		return ossl_failed(why, "server certificate");
	while ((next = read_cert(bio, libctx)) != NULL)
		if (SSL_CTX_add0_chain_cert(ctx, next) != 1) {
			X509_free(next);
			return ossl_failed(why, "server certificate's chain");
		}
	if (!at_end_of_pem())
		return ossl_failed(why, "server certificate's chain");
	return 0;
}

static int
use_key(
    SSL_CTX *ctx, struct bytes pem, OSSL_LIB_CTX *libctx, struct reason *why)
{
	EVP_PKEY *key CLEANUP(EVP_PKEY_free_p) = ossl_read_key(pem, libctx);

	if (key == NULL || SSL_CTX_use_PrivateKey(ctx, key) != 1 ||
	    SSL_CTX_check_private_key(ctx) != 1)
		return ossl_failed(why, "server key");
	return 0;
}

static bool
set_policy(SSL_CTX *ctx, const struct server_context_config *config)
{
	SSL_CTX_set_options(ctx, OPTIONS);
	SSL_CTX_set_mode(ctx, MODES);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_alpn_select_cb(ctx, select_alpn, NULL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, accept_any_client, NULL);
	SSL_CTX_set_max_cert_list(ctx, CLIENT_CHAIN_MAX_BYTES);
	return SSL_CTX_set_min_proto_version(ctx, config->min_version) == 1 &&
	       SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
	       SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, TLS12_CIPHERS) == 1 &&
	       SSL_CTX_set1_sigalgs_list(ctx, without_const(SIGNATURES)) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, without_const(config->groups)) ==
		   1;
}

int
server_context_new(SSL_CTX **out, const struct server_context_config *config,
    struct reason *why)
{
	SSL_CTX *ctx CLEANUP(SSL_CTX_free_p) =
	    SSL_CTX_new_ex(config->libctx, NULL, TLS_server_method());
	int err;

	if (ctx == NULL || !set_policy(ctx, config))
		return ossl_failed(why, "TLS context");
	err = use_chain(ctx, config->chain_pem, config->libctx, why);
	if (err == 0)
		err = use_key(ctx, config->key_pem, config->libctx, why);
	if (err == 0)
		*out = STEAL(ctx);
	return err;
}
