#include "tls/srp_server.h"

#include <string.h>

#include <openssl/crypto.h>

#include "tls/conn_internal.h"
#include "tls/hello.h"
#include "tls/srp_internal.h"
#include "tls/srp_libssl.h"

/* A user name that no identity can have becomes "". */
static void
set_user(struct srp_server *srp, struct bytes user)
{
	memcpy(srp->user, user.data, user.len);
	srp->attempt.srp = true;
	/* SRP has no name of the server in it. */
	srp->attempt.server_name_matches = true;
	if (user.len <= PAKE_IDENTITY_MAX)
		memcpy(srp->attempt.identity, user.data, user.len);
}

/* Nothing that libssl would refuse only after the claim may cost a guess. */
static int
read_hello(struct tls_conn *conn, SSL *ssl, struct bytes extension, int *alert)
{
	struct srp_server *srp = &conn->srp_server;
	struct bytes user, suites = {NULL, 0};

	if (srp_user_parse(&user, extension) != 0)
		return hello_refused(
		    conn, alert, SSL_AD_DECODE_ERROR, "srp cannot be decoded");
	if (!hello_offers_version(ssl, TLS1_2_VERSION))
		return hello_refused(conn, alert, SSL_AD_PROTOCOL_VERSION,
		    "srp without TLS 1.2");
	suites.len = SSL_client_hello_get0_ciphers(ssl, &suites.data);
	if (!srp_suite_offered(suites))
		return hello_refused(conn, alert, SSL_AD_HANDSHAKE_FAILURE,
		    "srp without an SRP cipher suite of this server");
	if (srp_salt(srp->salt, conn->server->srp_seed, user) != 0)
		return hello_refused(
		    conn, alert, SSL_AD_INTERNAL_ERROR, "no salt for srp");
	set_user(srp, user);
	return SSL_CLIENT_HELLO_SUCCESS;
}

/* [RFC5054 2.5.1] A connection that asks for SRP gets SRP or nothing. */
static bool
limit(SSL *ssl)
{
	return SSL_set_max_proto_version(ssl, TLS1_2_VERSION) == 1 &&
	       SSL_set_cipher_list(ssl, SRP_CIPHERS) == 1;
}

static int
first_hello(struct tls_conn *conn, SSL *ssl, struct bytes extension, int *alert)
{
	struct srp_server *srp = &conn->srp_server;
	int r = read_hello(conn, ssl, extension, alert);

	if (r != SSL_CLIENT_HELLO_SUCCESS)
		return r;
	if (!limit(ssl))
		return hello_refused(conn, alert, SSL_AD_INTERNAL_ERROR,
		    "cannot limit the connection to SRP");
	srp->state = SRP_PENDING;
	if (conn->claim != NULL)
		conn->claim(conn->claim_owner, &srp->attempt);
	else
		srp_server_claimed(srp, conn->server, NULL);
	return srp->state == SRP_PENDING ? SSL_CLIENT_HELLO_RETRY
					 : SSL_CLIENT_HELLO_SUCCESS;
}

int
srp_server_hello(struct tls_conn *conn, SSL *ssl, int *alert)
{
	struct srp_server *srp = &conn->srp_server;
	struct bytes extension;

	if (srp->state == SRP_NO_HELLO) {
		if (hello_get(&extension, ssl, TLSEXT_TYPE_srp))
			return first_hello(conn, ssl, extension, alert);
		srp->state = SRP_NOT_ASKED;
	}
	return srp->state == SRP_PENDING ? SSL_CLIENT_HELLO_RETRY
					 : SSL_CLIENT_HELLO_SUCCESS;
}

void
srp_server_claimed(struct srp_server *srp, const struct tls_server *server,
    const struct srp_verifier *verifier)
{
	if (srp->state != SRP_PENDING)
		return;
	srp->granted = verifier != NULL && srp->attempt.identity[0] != '\0';
	srp->verifier = srp->granted ? *verifier : server->srp_dummy;
	srp->state = SRP_CLAIMED;
}

/* [RFC5054 2.5.1.3] The same for those whom nobody knows: what they get is a
 * salt of theirs and a verifier that nothing fits, and what they hear is what a
 * wrong password hears. */
static int
answer(SSL *ssl, int *alert, void *arg)
{
	struct srp_server *srp = &tls_conn_of(ssl)->srp_server;

	(void)arg;
	*alert = SSL_AD_INTERNAL_ERROR;
	if (srp->state != SRP_CLAIMED || SSL_session_reused(ssl) ||
	    srp_libssl_answer(ssl, srp->salt, &srp->verifier) != 0)
		return SRP_FATAL;
	srp->state = SRP_ANSWERED;
	return SRP_GO_ON;
}

int
srp_server_install(SSL_CTX *ctx, struct reason *why)
{
	return srp_libssl_install(ctx, answer, why);
}

void
srp_server_finish(struct srp_server *srp)
{
	OPENSSL_cleanse(&srp->verifier, sizeof(srp->verifier));
}

static bool
is_srp(const SSL *ssl)
{
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);

	return SSL_version(ssl) == TLS1_2_VERSION && cipher != NULL &&
	       SSL_CIPHER_get_kx_nid(cipher) == NID_kx_srp;
}

bool
srp_server_authenticated(const struct srp_server *srp, SSL *ssl)
{
	const char *user = srp_libssl_user(ssl);

	return srp->state == SRP_ANSWERED && srp->granted &&
	       SSL_is_init_finished(ssl) == 1 && SSL_session_reused(ssl) == 0 &&
	       is_srp(ssl) && user != NULL && strcmp(user, srp->user) == 0 &&
	       strcmp(user, srp->attempt.identity) == 0;
}
