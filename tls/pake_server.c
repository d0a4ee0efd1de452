#include "tls/pake_server.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/random.h"
#include "tls/conn_internal.h"
#include "tls/hello.h"
#include "tls/ossl.h"
#include "tls/pake_provider.h"
#include "tls/pake_wire.h"

/* [draft-ietf-tls-pake-02 6.2.2] "tls" and an empty application context. */
static const uint8_t transcript_context[] = {'t', 'l', 's'};

/* What libssl would refuse only after the claim, or what must not be combined
 * with a PAKE: none of it may cost a guess. */
static int
check_companions(struct tls_conn *conn, SSL *ssl, int *alert)
{
	if (!hello_offers_version(ssl, TLS1_3_VERSION))
		return hello_refused(conn, alert, SSL_AD_PROTOCOL_VERSION,
		    "pake without TLS 1.3");
	if (hello_has(ssl, TLSEXT_TYPE_psk) ||
	    hello_has(ssl, TLSEXT_TYPE_early_data))
		return hello_refused(conn, alert, SSL_AD_ILLEGAL_PARAMETER,
		    "pake beside pre_shared_key or early_data");
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* [draft-ietf-tls-pake-02 5.1] Without one of these pake is no valid
 * ClientHello; signature_algorithms since this server always sends its
 * certificate. */
static const char *
missing_companion(SSL *ssl)
{
	if (!hello_has(ssl, TLSEXT_TYPE_supported_groups))
		return "pake without supported_groups";
	if (!hello_has(ssl, TLSEXT_TYPE_key_share))
		return "pake without key_share";
	if (!hello_has(ssl, TLSEXT_TYPE_signature_algorithms))
		return "pake without signature_algorithms";
	return NULL;
}

/* An identity that no record can have becomes "". */
static void
set_attempt(struct pake_server *pake, const struct pake_client_hello *hello,
    const struct tls_server *server)
{
	struct bytes id = hello->client_identity;
	struct bytes name = {
	    (const uint8_t *)server->name, strlen(server->name)};

	if (id.len != 0 && id.len <= PAKE_IDENTITY_MAX &&
	    memchr(id.data, '\0', id.len) == NULL)
		memcpy(pake->attempt.identity, id.data, id.len);
	pake->attempt.server_name_matches =
	    bytes_equal(hello->server_identity, name);
}

static int
read_hello(struct tls_conn *conn, struct bytes extension, int *alert)
{
	struct pake_server *pake = &conn->pake_server;
	const struct tls_server *server = conn->server;
	struct pake_client_hello hello;
	int err =
	    pake_client_hello_parse(&hello, extension, server->pake_scheme);

	if (err == -ERR_INVALID)
		return hello_refused(
		    conn, alert, SSL_AD_DECODE_ERROR, "pake cannot be decoded");
	if (err == 0)
		err = spake2p_share_check(
		    pake_library_suite(server->library), hello.share_p);
	if (err != 0)
		return hello_refused(conn, alert, SSL_AD_ILLEGAL_PARAMETER,
		    "pake without a valid SPAKE2+ share");
	if (blob_copy(&pake->hello, extension) != 0)
		return hello_refused(
		    conn, alert, SSL_AD_INTERNAL_ERROR, "out of memory");
	memcpy(pake->share_p, hello.share_p, SPAKE2P_POINT_LEN);
	set_attempt(pake, &hello, server);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* SSL_set_SSL_CTX() takes the certificate and the context; what else differs
 * between the two is set on the connection. */
static bool
switch_context(SSL *ssl, const struct tls_server *server)
{
	return SSL_set_SSL_CTX(ssl, server->pake) == server->pake &&
	       SSL_set_min_proto_version(ssl, TLS1_3_VERSION) == 1 &&
	       SSL_set1_groups_list(ssl,
		   without_const(pake_library_groups(server->library))) == 1;
}

static int
first_hello(struct tls_conn *conn, SSL *ssl, struct bytes extension, int *alert)
{
	struct pake_server *pake = &conn->pake_server;
	const char *missing = missing_companion(ssl);
	int r = check_companions(conn, ssl, alert);

	if (r == SSL_CLIENT_HELLO_SUCCESS && missing != NULL) {
		/* libssl would turn a missing_extension sent from here into a
		 * handshake_failure: the version is not settled yet. */
		pake->state = PAKE_REFUSED;
		reason_set(&conn->error, 0, "ClientHello refused: %s", missing);
		return SSL_CLIENT_HELLO_SUCCESS;
	}
	if (r == SSL_CLIENT_HELLO_SUCCESS)
		r = read_hello(conn, extension, alert);
	if (r != SSL_CLIENT_HELLO_SUCCESS)
		return r;
	if (!switch_context(ssl, conn->server))
		return hello_refused(conn, alert, SSL_AD_INTERNAL_ERROR,
		    "cannot switch to the PAKE context");
	pake->state = PAKE_PENDING;
	if (conn->claim != NULL)
		conn->claim(conn->claim_owner, &pake->attempt);
	else
		pake_server_claimed(pake, conn->server, NULL);
	return pake->state == PAKE_PENDING ? SSL_CLIENT_HELLO_RETRY
					   : SSL_CLIENT_HELLO_SUCCESS;
}

int
pake_server_hello(struct tls_conn *conn, SSL *ssl, int *alert)
{
	struct pake_server *pake = &conn->pake_server;
	struct bytes extension = {NULL, 0};
	bool present = hello_get(&extension, ssl, conn->server->pake_extension);

	if (pake->state == PAKE_NO_HELLO) {
		if (present)
			return first_hello(conn, ssl, extension, alert);
		pake->state = PAKE_NOT_ASKED;
		return SSL_CLIENT_HELLO_SUCCESS;
	}
	/* [RFC8446 4.1.2] The second ClientHello repeats the first. */
	if (present != (pake->state != PAKE_NOT_ASKED) ||
	    (present && !bytes_equal(extension, blob_bytes(&pake->hello))))
		return hello_refused(conn, alert, SSL_AD_ILLEGAL_PARAMETER,
		    "pake differs after HelloRetryRequest");
	return pake->state == PAKE_PENDING ? SSL_CLIENT_HELLO_RETRY
					   : SSL_CLIENT_HELLO_SUCCESS;
}

void
pake_server_claimed(struct pake_server *pake, const struct tls_server *server,
    const struct verifier *record)
{
	if (pake->state != PAKE_PENDING)
		return;
	pake->granted = record != NULL && pake->attempt.server_name_matches &&
			pake->attempt.identity[0] != '\0';
	pake->record = pake->granted ? *record : server->dummy;
	pake->state = PAKE_CLAIMED;
}

/* libssl's own parse: everything was decided in pake_server_hello(). */
static int
parse_extension(SSL *ssl, unsigned int type, unsigned int context,
    const unsigned char *in, size_t len, X509 *x, size_t chain_index,
    int *alert, void *arg)
{
	const struct pake_server *pake = &tls_conn_of(ssl)->pake_server;

	(void)type;
	(void)x;
	(void)chain_index;
	(void)arg;
	*alert = pake->state == PAKE_REFUSED ? SSL_AD_MISSING_EXTENSION
					     : SSL_AD_ILLEGAL_PARAMETER;
	return (context & SSL_EXT_CLIENT_HELLO) != 0 &&
	       pake->state == PAKE_CLAIMED &&
	       bytes_equal((struct bytes){in, len}, blob_bytes(&pake->hello));
}

/* For a dummy, what would follow from it is replaced by noise; both cost the
 * same. */
static void
choose_keys(struct spake2p_keys *keys, bool granted)
{
	struct spake2p_keys noise;

	random_bytes(&noise, sizeof(noise));
	if (!granted)
		*keys = noise;
	OPENSSL_cleanse(&noise, sizeof(noise));
}

static int
respond(uint8_t out[PAKE_SERVER_HELLO_LEN], struct tls_conn *conn)
{
	struct pake_server *pake = &conn->pake_server;
	const struct tls_server *server = conn->server;
	const struct spake2p_suite *suite = pake_library_suite(server->library);
	const struct spake2p_names names = {
	    {transcript_context, sizeof(transcript_context)},
	    {(const uint8_t *)pake->attempt.identity,
		strlen(pake->attempt.identity)},
	    {(const uint8_t *)server->name, strlen(server->name)},
	};
	struct pake_server_hello hello;
	struct spake2p_keys keys;
	uint8_t y[SPAKE2P_SCALAR_LEN];
	int err = spake2p_scalar_random(suite, y);

	if (err == 0)
		err = spake2p_verifier_respond(hello.share_v, &keys, suite,
		    &names, &pake->record, pake->share_p, y);
	OPENSSL_cleanse(y, sizeof(y));
	if (err != 0)
		return err;
	choose_keys(&keys, pake->granted);
	memcpy(hello.confirm_v, keys.confirm_v, SPAKE2P_CONFIRM_LEN);
	pake_server_hello_encode(out, &hello, server->pake_scheme);
	pake_arm(keys.shared, &pake->injected);
	OPENSSL_cleanse(&keys, sizeof(keys));
	return 0;
}

/* The extension in the ServerHello, which libssl writes right before the key
 * share in the same call: the key armed here is the one that the provider takes
 * next. Not called for a HelloRetryRequest. */
static int
add_extension(SSL *ssl, unsigned int type, unsigned int context,
    const unsigned char **out, size_t *len, X509 *x, size_t chain_index,
    int *alert, void *arg)
{
	struct tls_conn *conn = tls_conn_of(ssl);
	struct pake_server *pake = &conn->pake_server;
	uint8_t *message;
	int err;

	(void)type;
	(void)x;
	(void)chain_index;
	(void)arg;
	*alert = SSL_AD_INTERNAL_ERROR;
	if ((context & SSL_EXT_TLS1_3_SERVER_HELLO) == 0 ||
	    pake->state != PAKE_CLAIMED || SSL_session_reused(ssl) ||
	    SSL_version(ssl) != TLS1_3_VERSION)
		return -1;
	message = malloc(PAKE_SERVER_HELLO_LEN);
	if (message == NULL)
		return -1;
	err = respond(message, conn);
	if (err != 0) {
		free(message);
		if (err == -ERR_REFUSED)
			*alert = SSL_AD_ILLEGAL_PARAMETER;
		return -1;
	}
	pake->state = PAKE_ARMED;
	*out = message;
	*len = PAKE_SERVER_HELLO_LEN;
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

int
pake_server_install(SSL_CTX *ctx, uint16_t extension)
{
	if (SSL_CTX_add_custom_ext(ctx, extension,
		SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_SERVER_HELLO,
		add_extension, free_extension, NULL, parse_extension,
		NULL) != 1)
		return -ERR_INVALID;
	return 0;
}

void
pake_server_finish(struct pake_server *pake)
{
	blob_fini(&pake->hello);
	OPENSSL_cleanse(&pake->record, sizeof(pake->record));
}

bool
pake_server_authenticated(const struct pake_server *pake, const SSL *ssl)
{
	return pake->state == PAKE_ARMED && pake->granted && pake->injected &&
	       SSL_is_init_finished(ssl) == 1 && SSL_session_reused(ssl) == 0 &&
	       SSL_version(ssl) == TLS1_3_VERSION;
}
