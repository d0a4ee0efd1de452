#define OPENSSL_SUPPRESS_DEPRECATED

#include "tls/srp_libssl.h"

#include "tls/ossl.h"
#include "tls/srp_internal.h"

#ifndef OPENSSL_NO_SRP

int
srp_libssl_install(SSL_CTX *ctx, int (*answer)(SSL *ssl, int *alert, void *arg),
    struct reason *why)
{
	SSL *probe CLEANUP(SSL_free_p) = SSL_new(ctx);

	if (probe == NULL || SSL_set_cipher_list(probe, SRP_CIPHERS) != 1 ||
	    SSL_CTX_set_srp_username_callback(ctx, answer) != 1) {
		ossl_failed(NULL, "");
		return reason_set(why, -ERR_REFUSED,
		    "srp.enabled: this libssl does not do TLS-SRP");
	}
	return 0;
}

int
srp_libssl_answer(SSL *ssl, const uint8_t salt[SRP_SALT_LEN],
    const struct srp_verifier *verifier)
{
	BIGNUM *n CLEANUP(BN_clear_free_p) = srp_group_modulus();
	BIGNUM *g CLEANUP(BN_clear_free_p) = BN_new();
	BIGNUM *s CLEANUP(BN_clear_free_p) =
	    BN_bin2bn(salt, SRP_SALT_LEN, NULL);
	BIGNUM *v CLEANUP(BN_clear_free_p) =
	    BN_bin2bn(verifier->v, sizeof(verifier->v), NULL);

	if (n == NULL || g == NULL || s == NULL || v == NULL ||
	    BN_set_word(g, SRP_GROUP_GENERATOR) != 1 ||
	    SSL_set_srp_server_param(ssl, n, g, s, v, NULL) != 1)
		return ossl_failed(NULL, "");
	return 0;
}

const char *
srp_libssl_user(SSL *ssl)
{
	return SSL_get_srp_username(ssl);
}

#else

int
srp_libssl_install(SSL_CTX *ctx, int (*answer)(SSL *ssl, int *alert, void *arg),
    struct reason *why)
{
	(void)ctx;
	(void)answer;
	return reason_set(why, -ERR_REFUSED,
	    "srp.enabled: this libssl is built without TLS-SRP");
}

int
srp_libssl_answer(SSL *ssl, const uint8_t salt[SRP_SALT_LEN],
    const struct srp_verifier *verifier)
{
	(void)ssl;
	(void)salt;
	(void)verifier;
	return -ERR_REFUSED;
}

const char *
srp_libssl_user(SSL *ssl)
{
	(void)ssl;
	return NULL;
}

#endif
