#include "tls/client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/clock.h"
#include "tls/client_internal.h"
#include "tls/conn_internal.h"
#include "tls/ossl.h"

static bool
has_pake(const struct tls_client_config *config)
{
	return config->identity != NULL;
}

static int
check_config(const struct tls_client_config *config, struct reason *why)
{
	if (has_pake(config) &&
	    (config->password == NULL || config->server_identity == NULL))
		return reason_set(why, -ERR_INVALID,
		    "a PAKE needs a password and the server's name");
	if (!has_pake(config) && config->judge == NULL)
		return reason_set(
		    why, -ERR_INVALID, "nothing would authenticate the server");
	return 0;
}

/* Called with the server's certificates, after the ServerHello. With a PAKE it
 * is the place where a server that ignored it is left, before the judge sees
 * anything. */
static int
verify_server(X509_STORE_CTX *x, void *arg)
{
	const SSL *ssl =
	    X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls_conn *conn = tls_conn_of(ssl);

	(void)arg;
	if (conn->offers_pake && !pake_client_confirmed(&conn->pake_client)) {
		X509_STORE_CTX_set_error(
		    x, X509_V_ERR_APPLICATION_VERIFICATION);
		return 0;
	}
	if (conn->judgement.judge != NULL)
		return judgement_run(&conn->judgement, x);
	X509_STORE_CTX_set_error(x, X509_V_OK);
	return 1;
}

#define OPTIONS                                                                \
	(SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |  \
	    SSL_OP_IGNORE_UNEXPECTED_EOF)

#define MODES                                                                  \
	(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)

static bool
set_policy(SSL_CTX *ctx, bool pake, const char *groups)
{
	int version = pake ? TLS1_3_VERSION : TLS1_2_VERSION;

	SSL_CTX_set_options(ctx, OPTIONS);
	SSL_CTX_set_mode(ctx, MODES);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, verify_server, NULL);
	return SSL_CTX_set_min_proto_version(ctx, version) == 1 &&
	       (groups == NULL ||
		   SSL_CTX_set1_groups_list(ctx, without_const(groups)) == 1);
}

static int
setup_context(struct client_setup *setup,
    const struct tls_client_config *config, const char *groups,
    struct reason *why)
{
	bool pake = setup->library != NULL;
	OSSL_LIB_CTX *libctx =
	    pake ? pake_library_libctx(setup->library) : NULL;

	if (groups == NULL && pake)
		groups = pake_library_groups(setup->library);
	setup->ctx = SSL_CTX_new_ex(libctx, NULL, TLS_client_method());
	if (setup->ctx == NULL || !set_policy(setup->ctx, pake, groups))
		return ossl_failed(why, "TLS context");
	if (pake &&
	    pake_client_install(setup->ctx, config->pake_extension) != 0)
		return ossl_failed(why, "pake extension");
	return 0;
}

int
client_setup_init(struct client_setup *out,
    const struct tls_client_config *config, const char *groups,
    struct reason *why)
{
	struct client_setup setup = {0};
	int err = 0;

	if (has_pake(config))
		err = pake_library_get(&setup.library, why);
	if (err == 0)
		err = setup_context(&setup, config, groups, why);
	if (err == 0)
		*out = setup;
	else
		client_setup_fini(&setup);
	return err;
}

void
client_setup_fini(struct client_setup *setup)
{
	SSL_CTX_free(setup->ctx);
	*setup = (struct client_setup){0};
}

static int
set_alpn(SSL *ssl, const char *protocol)
{
	size_t len = strlen(protocol);
	unsigned char list[256];

	if (len == 0 || len > 255)
		return -ERR_INVALID;
	list[0] = (unsigned char)len;
	memcpy(list + 1, protocol, len);
	/* This one returns 0 for success. */
	return SSL_set_alpn_protos(ssl, list, (unsigned int)len + 1) == 0
		   ? 0
		   : -ERR_CRYPTO;
}

static int
configure(struct tls_conn *conn, const struct client_setup *setup,
    const struct tls_client_config *config, const struct spake2p_secret *secret)
{
	if (config->sni != NULL && SSL_set_tlsext_host_name(conn->ssl,
				       without_const(config->sni)) != 1)
		return -ERR_INVALID;
	if (config->alpn != NULL) {
		int err = set_alpn(conn->ssl, config->alpn);

		if (err != 0)
			return err;
	}
	if (client_cert_use(conn->ssl, config) != 0)
		return -ERR_INVALID;
	if (setup->library == NULL)
		return 0;
	conn->offers_pake = true;
	return pake_client_init(&conn->pake_client,
	    pake_library_suite(setup->library), config, secret);
}

int
client_conn_new(struct tls_conn **out, int fd, const struct client_setup *setup,
    const struct tls_client_config *config, const struct spake2p_secret *secret,
    struct reason *why)
{
	struct tls_conn *conn;
	int err = tls_conn_new(&conn, setup->ctx, fd);

	if (err != 0)
		return reason_set(why, err, "%s", err_text(err));
	conn->judgement = (struct judgement){
	    .judge = config->judge, .arg = config->judge_arg, .why = why};
	err = configure(conn, setup, config, secret);
	if (err != 0) {
		tls_conn_free(conn);
		ERR_clear_error();
		return reason_set(
		    why, err, "TLS connection: %s", err_text(err));
	}
	SSL_set_connect_state(conn->ssl);
	*out = conn;
	return 0;
}

static int
no_pake(struct reason *why)
{
	return reason_set(why, TLS_CLIENT_NO_PAKE,
	    "the server does not answer the pake extension");
}

static int
wrong_code(const struct tls_conn *conn, struct reason *why)
{
	return reason_set(why, TLS_CLIENT_WRONG_CODE,
	    "the server does not know this code, or refused it: %.150s",
	    conn->error.text);
}

/* An established connection that is not what was asked for is not handed out.
 */
static int
check_established(const struct tls_conn *conn, struct reason *why)
{
	if (conn->offers_pake) {
		if (!pake_client_confirmed(&conn->pake_client) ||
		    SSL_session_reused(conn->ssl) ||
		    SSL_version(conn->ssl) != TLS1_3_VERSION)
			return no_pake(why);
	}
	if (conn->judgement.judge != NULL && !conn->judgement.accepted)
		return reason_set(
		    why, -ERR_REFUSED, "the server sent no certificate");
	return 0;
}

/* A record that does not decrypt, or a Finished that does not fit, is a key
 * that differs. */
static bool
keys_differ(const struct tls_conn *conn)
{
	return conn->alert_sent == SSL_AD_BAD_RECORD_MAC ||
	       conn->alert_sent == SSL_AD_DECRYPT_ERROR;
}

static int
pake_outcome(const struct tls_conn *conn, int err, struct reason *why)
{
	switch (conn->pake_client.verdict) {
	case PAKE_IGNORED:
		return no_pake(why);
	case PAKE_BAD_CONFIRM:
	case PAKE_BAD_SHARE:
		return wrong_code(conn, why);
	case PAKE_UNANSWERED:
		/* No TLS 1.3, no PAKE. */
		if (conn->alert_received == SSL_AD_PROTOCOL_VERSION)
			return no_pake(why);
		break;
	case PAKE_CONFIRMED:
		if (keys_differ(conn))
			return wrong_code(conn, why);
		break;
	case PAKE_MALFORMED:
	case PAKE_FAILED:
		break;
	}
	if (conn->alert_received != NO_ALERT)
		return wrong_code(conn, why);
	return reason_set(why, err, "%s", conn->error.text);
}

int
client_conn_outcome(struct tls_conn *conn, int err, struct reason *why)
{
	if (err == 0)
		return check_established(conn, why);
	if (conn->judgement.refused)
		return TLS_CLIENT_JUDGED;
	if (conn->offers_pake && err != -ERR_TIMEOUT)
		return pake_outcome(conn, err, why);
	if (err == -ERR_TIMEOUT)
		return reason_set(why, err,
		    "the server did not finish the handshake in time");
	return reason_set(why, err, "%s", conn->error.text);
}

/* Until the socket is ready for what the handshake waits for. */
static int
wait_socket(int fd, int want, int64_t deadline_ms)
{
	struct pollfd p = {
	    .fd = fd, .events = want == TLS_WANT_WRITE ? POLLOUT : POLLIN};

	for (;;) {
		int64_t left = deadline_ms - clock_monotonic_ms();
		int n;

		if (left <= 0)
			return -ERR_TIMEOUT;
		n = poll(&p, 1, left < 60000 ? (int)left : 60000);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -ERR_IO;
	}
}

static int
handshake(struct tls_conn *conn, int fd, int timeout_ms)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;

	for (;;) {
		int r = tls_conn_handshake(conn);

		if (r <= 0)
			return r;
		r = wait_socket(fd, r, deadline_ms);
		if (r != 0)
			return r;
	}
}

static int
set_nonblocking(int fd, struct reason *why)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
		return reason_set(why, -ERR_IO, "socket: %s", strerror(errno));
	return 0;
}

int
client_connect(struct tls_conn **out, int fd, const struct client_setup *setup,
    const struct tls_client_config *config, const struct spake2p_secret *secret,
    struct reason *why)
{
	struct tls_conn *conn;
	int err = set_nonblocking(fd, why);

	if (err == 0)
		err = client_conn_new(&conn, fd, setup, config, secret, why);
	if (err != 0)
		return err;
	err = client_conn_outcome(
	    conn, handshake(conn, fd, config->timeout_ms), why);
	if (err != 0) {
		tls_conn_free(conn);
		return err;
	}
	conn->judgement.why = NULL;
	*out = conn;
	return 0;
}

static int
register_secret(struct spake2p_secret *out,
    const struct tls_client_config *config, struct reason *why)
{
	struct bytes password = {
	    (const uint8_t *)config->password, strlen(config->password)};
	int err = spake2p_register(
	    NULL, out, password, config->identity, config->server_identity);

	if (err != 0)
		return reason_set(why, err, "password: %s", err_text(err));
	return 0;
}

int
tls_client_connect(struct tls_conn **out, int fd,
    const struct tls_client_config *config, struct reason *why)
{
	struct client_setup setup = {0};
	struct spake2p_secret secret = {0};
	int err = check_config(config, why);

	if (err == 0 && has_pake(config))
		err = register_secret(&secret, config, why);
	if (err == 0)
		err = client_setup_init(&setup, config, NULL, why);
	if (err == 0)
		err = client_connect(out, fd, &setup, config, &secret, why);
	client_setup_fini(&setup);
	OPENSSL_cleanse(&secret, sizeof(secret));
	return err;
}
