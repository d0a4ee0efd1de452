#include "tls/conn.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>

#include "tls/conn_internal.h"
#include "tls/ossl.h"
#include "tls/pake_provider.h"

struct tls_conn *
tls_conn_of(const SSL *ssl)
{
	return SSL_get_app_data(ssl);
}

#define ALERT_LEVEL(value) ((value) >> 8)
#define ALERT_DESCRIPTION(value) ((value)&0xff)

static void
note_alert(const SSL *ssl, int where, int value)
{
	struct tls_conn *conn = tls_conn_of(ssl);

	if ((where & SSL_CB_ALERT) == 0 || ALERT_LEVEL(value) != SSL3_AL_FATAL)
		return;
	if ((where & SSL_CB_READ) != 0)
		conn->alert_received = ALERT_DESCRIPTION(value);
	else
		conn->alert_sent = ALERT_DESCRIPTION(value);
}

int
tls_conn_new(struct tls_conn **out, SSL_CTX *ctx, int fd)
{
	struct tls_conn *conn = calloc(1, sizeof(*conn));
	BIO *bio = NULL;

	if (conn == NULL)
		return -ERR_NOMEM;
	conn->io.fd = fd;
	conn->alert_sent = conn->alert_received = NO_ALERT;
	conn->bio_method = socket_bio_method_new();
	if (conn->bio_method != NULL)
		bio = socket_bio_new(conn->bio_method, &conn->io);
	conn->ssl = SSL_new(ctx);
	if (conn->ssl == NULL || bio == NULL) {
		BIO_free(bio);
		tls_conn_free(conn);
		ERR_clear_error();
		return -ERR_NOMEM;
	}
	SSL_set_bio(conn->ssl, bio, bio);
	SSL_set_app_data(conn->ssl, conn);
	SSL_set_info_callback(conn->ssl, note_alert);
	*out = conn;
	return 0;
}

int
tls_conn_accept(struct tls_conn **out, struct tls_server *server, int fd,
    tls_claim_fn claim, void *owner)
{
	int err = tls_conn_new(out, server->front, fd);

	if (err != 0)
		return err;
	(*out)->server = tls_server_ref(server);
	(*out)->claim = claim;
	(*out)->claim_owner = owner;
	SSL_set_accept_state((*out)->ssl);
	return 0;
}

void
tls_conn_free(struct tls_conn *conn)
{
	if (conn == NULL)
		return;
	SSL_free(conn->ssl);
	BIO_meth_free(conn->bio_method);
	pake_server_finish(&conn->pake_server);
	srp_server_finish(&conn->srp_server);
	pake_client_fini(&conn->pake_client);
	tls_server_unref(conn->server);
	free(conn);
}

/* [RFC8446 6] The ones that libssl's own table does not know. */
static const char *
alert_name(int alert)
{
	switch (alert) {
	case SSL_AD_MISSING_EXTENSION:
		return "missing extension";
	case SSL_AD_CERTIFICATE_REQUIRED:
		return "certificate required";
	default:
		return SSL_alert_desc_string_long(alert);
	}
}

/* The connection is dead; a reason that was given before stays. */
static int
conn_fail(struct tls_conn *conn, int err, const char *what)
{
	char detail[160];

	conn->dead = true;
	if (conn->alert_received != NO_ALERT)
		reason_set(&conn->error, err, "received alert %d (%s)",
		    conn->alert_received, alert_name(conn->alert_received));
	else if (conn->error.text[0] == '\0' && what != NULL)
		reason_set(&conn->error, err, "%s", what);
	else if (conn->error.text[0] == '\0' && conn->alert_sent != NO_ALERT)
		reason_set(&conn->error, err, "sent alert %d (%s): %s",
		    conn->alert_sent, alert_name(conn->alert_sent),
		    ossl_error_text(detail, sizeof(detail)));
	else if (conn->error.text[0] == '\0')
		reason_set(&conn->error, err, "%s",
		    ossl_error_text(detail, sizeof(detail)));
	ERR_clear_error();
	return err;
}

/* Sorts out what a call that returned r <= 0 means. */
static int
conn_result(struct tls_conn *conn, int r)
{
	int saved = errno;

	switch (SSL_get_error(conn->ssl, r)) {
	case SSL_ERROR_WANT_READ:
		return TLS_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return TLS_WANT_WRITE;
	case SSL_ERROR_WANT_CLIENT_HELLO_CB:
		return TLS_WANT_CLAIM;
	case SSL_ERROR_ZERO_RETURN:
		return TLS_EOF;
	case SSL_ERROR_SYSCALL:
		return conn_fail(conn, -ERR_CLOSED,
		    saved != 0 && !conn->io.eof ? strerror(saved)
						: "closed by the peer");
	default:
		return conn_fail(conn, -ERR_CRYPTO, NULL);
	}
}

/* Where the peer's end cannot be an outcome. */
static int
conn_result_open(struct tls_conn *conn, int r)
{
	r = conn_result(conn, r);
	if (r == TLS_EOF)
		return conn_fail(conn, -ERR_CLOSED, "closed by the peer");
	return r;
}

/* [RFC5929 3.1] The first Finished of the handshake: the client's, since
 * nothing is resumed here. [RFC7627 4] Only with the extended master secret is
 * it the same at both ends of one connection alone. */
static void
take_tls_unique(struct tls_conn *conn)
{
	struct tls_binding *b = &conn->unique;

	b->type = "tls-unique";
	if (SSL_version(conn->ssl) != TLS1_2_VERSION ||
	    SSL_get_extms_support(conn->ssl) != 1 ||
	    SSL_session_reused(conn->ssl) != 0)
		return;
	b->len =
	    SSL_is_server(conn->ssl) != 0
		? SSL_get_peer_finished(conn->ssl, b->data, sizeof(b->data))
		: SSL_get_finished(conn->ssl, b->data, sizeof(b->data));
	if (b->len > sizeof(b->data))
		b->len = 0;
}

int
tls_conn_handshake(struct tls_conn *conn)
{
	int r;

	if (conn->dead)
		return -ERR_CLOSED;
	if (conn->established)
		return 0;
	ERR_clear_error();
	pake_disarm();
	errno = 0;
	r = SSL_do_handshake(conn->ssl);
	pake_disarm();
	if (r == 1) {
		conn->established = true;
		take_tls_unique(conn);
		pake_server_finish(&conn->pake_server);
		srp_server_finish(&conn->srp_server);
		return 0;
	}
	return conn_result_open(conn, r);
}

void
tls_conn_claimed(struct tls_conn *conn, const struct verifier *record)
{
	if (conn->server != NULL)
		pake_server_claimed(&conn->pake_server, conn->server, record);
}

void
tls_conn_srp_claimed(struct tls_conn *conn, const struct srp_verifier *verifier)
{
	if (conn->server != NULL)
		srp_server_claimed(&conn->srp_server, conn->server, verifier);
}

int
tls_conn_read(struct tls_conn *conn, void *data, size_t size, size_t *len)
{
	int r;

	if (conn->dead || !conn->established)
		return -ERR_CLOSED;
	ERR_clear_error();
	errno = 0;
	r = SSL_read_ex(conn->ssl, data, size, len);
	conn->drained = r != 1;
	return r == 1 ? 0 : conn_result(conn, r);
}

int
tls_conn_write(
    struct tls_conn *conn, const void *data, size_t size, size_t *len)
{
	int r;

	if (conn->dead || !conn->established)
		return -ERR_CLOSED;
	if (size == 0) {
		*len = 0;
		return 0;
	}
	ERR_clear_error();
	errno = 0;
	r = SSL_write_ex(conn->ssl, data, size, len);
	return r == 1 ? 0 : conn_result_open(conn, r);
}

bool
tls_conn_pending(const struct tls_conn *conn)
{
	return conn->established && !conn->dead && !conn->drained &&
	       SSL_has_pending(conn->ssl) == 1;
}

void
tls_conn_shutdown(struct tls_conn *conn)
{
	if (!conn->established || conn->dead || conn->shut_down)
		return;
	conn->shut_down = true;
	ERR_clear_error();
	SSL_shutdown(conn->ssl);
	ERR_clear_error();
}

bool
tls_conn_pake_attempted(const struct tls_conn *conn)
{
	return conn->pake_server.state >= PAKE_PENDING;
}

bool
tls_conn_pake_authenticated(const struct tls_conn *conn)
{
	return conn->server != NULL && conn->established &&
	       pake_server_authenticated(&conn->pake_server, conn->ssl);
}

bool
tls_conn_srp_authenticated(const struct tls_conn *conn)
{
	return conn->server != NULL && conn->established &&
	       srp_server_authenticated(&conn->srp_server, conn->ssl);
}

const char *
tls_conn_pake_identity(const struct tls_conn *conn)
{
	return conn->pake_server.attempt.identity;
}

static int
cert_encode(struct blob *out, X509 *cert)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	int err;

	if (len <= 0)
		return ossl_failed(NULL, "");
	err = blob_copy(out, (struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	return err;
}

int
tls_conn_peer_cert(struct blob *out, const struct tls_conn *conn)
{
	X509 *cert = SSL_get0_peer_certificate(conn->ssl);

	if (cert == NULL) {
		*out = (struct blob){NULL, 0};
		return 0;
	}
	return cert_encode(out, cert);
}

int
tls_conn_own_cert(struct blob *out, const struct tls_conn *conn)
{
	X509 *cert = SSL_get_certificate(conn->ssl);

	return cert != NULL ? cert_encode(out, cert) : -ERR_NOT_FOUND;
}

/* On a server libssl leaves the end-entity certificate out. */
int
tls_conn_peer_chain(
    struct blob out[TLS_CHAIN_MAX], size_t *n, const struct tls_conn *conn)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(conn->ssl);
	int count = chain != NULL ? sk_X509_num(chain) : 0;

	if (count > TLS_CHAIN_MAX)
		return -ERR_TOO_LARGE;
	for (int i = 0; i < count; i++) {
		int err = cert_encode(&out[i], sk_X509_value(chain, i));

		if (err != 0) {
			while (i-- > 0)
				blob_fini(&out[i]);
			return err;
		}
	}
	*n = count > 0 ? (size_t)count : 0;
	return 0;
}

#define EXPORTER_LABEL "EXPORTER-Channel-Binding"
#define EXPORTER_LEN 32

int
tls_conn_binding(struct tls_binding *out, const struct tls_conn *conn)
{
	if (!conn->established)
		return -ERR_CLOSED;
	if (SSL_version(conn->ssl) != TLS1_3_VERSION) {
		*out = conn->unique;
		return 0;
	}
	/* [RFC9266 2] without context, which TLS 1.3 takes for an empty one */
	*out =
	    (struct tls_binding){.type = "tls-exporter", .len = EXPORTER_LEN};
	if (SSL_export_keying_material(conn->ssl, out->data, out->len,
		EXPORTER_LABEL, sizeof(EXPORTER_LABEL) - 1, NULL, 0, 0) != 1)
		return ossl_failed(NULL, "");
	return 0;
}

const char *
tls_conn_version(const struct tls_conn *conn)
{
	return SSL_get_version(conn->ssl);
}

const char *
tls_conn_error(const struct tls_conn *conn)
{
	return conn->error.text;
}
