#include "tls/pake_client.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/random.h"
#include "tls/conn_internal.h"
#include "tls/ossl.h"
#include "tls/pake_provider.h"
#include "tls/pake_wire.h"
#include "tls/wire.h"

/* [draft-ietf-tls-pake-02 6.2.2] "tls" and an empty application context. */
static const uint8_t transcript_context[] = {'t', 'l', 's'};

/* [RFC8446 4.1.3] The random of a ServerHello that is a HelloRetryRequest. */
static const uint8_t retry_random[32] = {0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a,
    0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2,
    0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8,
    0x33, 0x9c};

static struct bytes
text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

int
pake_client_init(struct pake_client *pake, const struct spake2p_suite *suite,
    const struct tls_client_config *config, const struct spake2p_secret *secret)
{
	int err;

	pake->suite = suite;
	pake->extension = config->pake_extension;
	pake->scheme = config->pake_scheme;
	pake->secret = *secret;
	err = blob_copy(&pake->client_identity, text_bytes(config->identity));
	if (err == 0)
		err = blob_copy(&pake->server_identity,
		    text_bytes(config->server_identity));
	if (err == 0)
		err = spake2p_scalar_random(suite, pake->x);
	if (err == 0)
		err = spake2p_prover_share(
		    pake->share_p, suite, &pake->secret, pake->x);
	return err;
}

static void
wipe_secrets(struct pake_client *pake)
{
	OPENSSL_cleanse(&pake->secret, sizeof(pake->secret));
	OPENSSL_cleanse(pake->x, sizeof(pake->x));
}

void
pake_client_fini(struct pake_client *pake)
{
	wipe_secrets(pake);
	blob_fini(&pake->client_identity);
	blob_fini(&pake->server_identity);
}

bool
pake_client_confirmed(const struct pake_client *pake)
{
	return pake->verdict == PAKE_CONFIRMED && pake->injected;
}

/* The extension's body in a ServerHello; false when there is none. A message
 * that cannot be decoded has none either, and libssl will refuse it. */
static bool
find_extension(struct bytes *out, struct bytes hello, uint16_t extension)
{
	struct bytes skipped, extensions;
	uint16_t type;

	/* session id, cipher suite and compression method */
	if (!wire_get_vector8(&skipped, &hello) ||
	    !wire_get_bytes(&skipped, &hello, 3) ||
	    !wire_get_vector16(&extensions, &hello))
		return false;
	while (wire_get_u16(&type, &extensions) &&
	       wire_get_vector16(out, &extensions))
		if (type == extension)
			return true;
	return false;
}

static enum pake_client_verdict
judge_answer(struct pake_client *pake, struct spake2p_keys *keys,
    const struct pake_server_hello *hello)
{
	const struct spake2p_names names = {
	    {transcript_context, sizeof(transcript_context)},
	    blob_bytes(&pake->client_identity),
	    blob_bytes(&pake->server_identity),
	};
	struct spake2p_keys found;
	int err = spake2p_prover_finish(&found, pake->suite, &names,
	    &pake->secret, pake->x, pake->share_p, hello->share_v);
	bool equal;

	if (err != 0)
		return err == -ERR_REFUSED ? PAKE_BAD_SHARE : PAKE_FAILED;
	equal = CRYPTO_memcmp(found.confirm_v, hello->confirm_v,
		    SPAKE2P_CONFIRM_LEN) == 0;
	*keys = found;
	OPENSSL_cleanse(&found, sizeof(found));
	return equal ? PAKE_CONFIRMED : PAKE_BAD_CONFIRM;
}

/* Whatever the answer, the provider gets a key, so that libssl goes on to the
 * extension's callback, which sends the alert that fits. */
static void
read_answer(struct pake_client *pake, struct bytes extension)
{
	struct pake_server_hello hello;
	struct spake2p_keys keys;
	int err;

	random_bytes(&keys, sizeof(keys));
	err = pake_server_hello_parse(&hello, extension, pake->scheme);
	if (err == 0)
		pake->verdict = judge_answer(pake, &keys, &hello);
	else
		pake->verdict =
		    err == -ERR_INVALID ? PAKE_MALFORMED : PAKE_BAD_SHARE;
	pake_arm(keys.shared, &pake->injected);
	OPENSSL_cleanse(&keys, sizeof(keys));
	wipe_secrets(pake);
}

void
pake_client_message(struct pake_client *pake, struct bytes message)
{
	struct bytes header, random, extension;

	/* Type and length, then legacy_version and random. */
	if (!wire_get_bytes(&header, &message, 4) ||
	    header.data[0] != SSL3_MT_SERVER_HELLO ||
	    !wire_get_bytes(&header, &message, 2) ||
	    !wire_get_bytes(&random, &message, sizeof(retry_random)) ||
	    memcmp(random.data, retry_random, sizeof(retry_random)) == 0 ||
	    pake->verdict != PAKE_UNANSWERED)
		return;
	if (find_extension(&extension, message, pake->extension))
		read_answer(pake, extension);
	else
		pake->verdict = PAKE_IGNORED;
}

static void
on_message(int write, int version, int type, const void *data, size_t len,
    SSL *ssl, void *arg)
{
	struct tls_conn *conn = tls_conn_of(ssl);

	(void)version;
	(void)arg;
	if (!write && type == SSL3_RT_HANDSHAKE)
		pake_client_message(
		    &conn->pake_client, (struct bytes){data, len});
}

static int
add_extension(SSL *ssl, unsigned int type, unsigned int context,
    const unsigned char **out, size_t *len, X509 *x, size_t chain_index,
    int *alert, void *arg)
{
	const struct pake_client *pake = &tls_conn_of(ssl)->pake_client;
	struct pake_client_hello hello = {blob_bytes(&pake->client_identity),
	    blob_bytes(&pake->server_identity), pake->share_p};
	struct blob encoded;

	(void)type;
	(void)x;
	(void)chain_index;
	(void)arg;
	if ((context & SSL_EXT_CLIENT_HELLO) == 0)
		return 0;
	*alert = SSL_AD_INTERNAL_ERROR;
	if (pake_client_hello_encode(&encoded, &hello, pake->scheme) != 0)
		return -1;
	*out = encoded.data;
	*len = encoded.len;
	return 1;
}

static void
free_extension(SSL *ssl, unsigned int type, unsigned int context,
    const unsigned char *out, void *arg)
{
	(void)ssl;
	(void)type;
	(void)context;
	(void)arg;
	free(without_const(out));
}

/* The key share was decapsulated already; here only the alert is chosen.
 * [draft-ietf-tls-pake-02 6.2.2] A wrong confirmV is a decrypt_error. */
static int
parse_extension(SSL *ssl, unsigned int type, unsigned int context,
    const unsigned char *in, size_t len, X509 *x, size_t chain_index,
    int *alert, void *arg)
{
	const struct pake_client *pake = &tls_conn_of(ssl)->pake_client;

	(void)type;
	(void)context;
	(void)in;
	(void)len;
	(void)x;
	(void)chain_index;
	(void)arg;
	switch (pake->verdict) {
	case PAKE_CONFIRMED:
		*alert = SSL_AD_INTERNAL_ERROR;
		return pake->injected;
	case PAKE_BAD_CONFIRM:
		*alert = SSL_AD_DECRYPT_ERROR;
		return 0;
	case PAKE_MALFORMED:
		*alert = SSL_AD_DECODE_ERROR;
		return 0;
	case PAKE_FAILED:
		*alert = SSL_AD_INTERNAL_ERROR;
		return 0;
	case PAKE_BAD_SHARE:
	case PAKE_UNANSWERED:
	case PAKE_IGNORED:
		break;
	}
	*alert = SSL_AD_ILLEGAL_PARAMETER;
	return 0;
}

int
pake_client_install(SSL_CTX *ctx, uint16_t extension)
{
	if (SSL_CTX_add_custom_ext(ctx, extension,
		SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_SERVER_HELLO,
		add_extension, free_extension, NULL, parse_extension,
		NULL) != 1)
		return -ERR_INVALID;
	SSL_CTX_set_msg_callback(ctx, on_message);
	return 0;
}
