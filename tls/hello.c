#include "tls/hello.h"

#include "tls/conn_internal.h"
#include "tls/wire.h"

int
hello_refused(struct tls_conn *conn, int *alert, int value, const char *why)
{
	*alert = value;
	reason_set(&conn->error, 0, "ClientHello refused: %s", why);
	return SSL_CLIENT_HELLO_ERROR;
}

bool
hello_get(struct bytes *out, SSL *ssl, unsigned int extension)
{
	return SSL_client_hello_get0_ext(
		   ssl, extension, &out->data, &out->len) == 1;
}

bool
hello_has(SSL *ssl, unsigned int extension)
{
	struct bytes data;

	return hello_get(&data, ssl, extension);
}

bool
hello_offers_version(SSL *ssl, uint16_t version)
{
	struct bytes in, versions;
	uint16_t offered;

	if (!hello_get(&in, ssl, TLSEXT_TYPE_supported_versions))
		return version <= TLS1_2_VERSION &&
		       SSL_client_hello_get0_legacy_version(ssl) >= version;
	if (!wire_get_vector8(&versions, &in))
		return false;
	while (wire_get_u16(&offered, &versions))
		if (offered == version)
			return true;
	return false;
}

/* Runs for the first ClientHello, again for the same one when a claim is
 * through, and for the one after a HelloRetryRequest. */
static int
on_client_hello(SSL *ssl, int *alert, void *arg)
{
	struct tls_conn *conn = tls_conn_of(ssl);
	const struct tls_server *server = conn->server;
	int r = SSL_CLIENT_HELLO_SUCCESS;

	(void)arg;
	if (server->pake != NULL)
		r = pake_server_hello(conn, ssl, alert);
	/* One with both is the PAKE's: srp means nothing to TLS 1.3. */
	if (server->srp && conn->pake_server.state <= PAKE_NOT_ASKED &&
	    r == SSL_CLIENT_HELLO_SUCCESS)
		r = srp_server_hello(conn, ssl, alert);
	return r;
}

void
hello_install(SSL_CTX *ctx)
{
	SSL_CTX_set_client_hello_cb(ctx, on_client_hello, NULL);
}
