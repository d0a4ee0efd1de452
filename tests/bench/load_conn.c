#include "tests/bench/load_conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/client_internal.h"

#define ANSWER_MAX ((size_t)256 * 1024)

struct load_context {
	const struct load_target *target;
	SSL_CTX *ctx; /* NULL with a PAKE */
	unsigned char *verified;
	int verified_len;
	struct client_setup setup; /* with a PAKE */
	char answer[ANSWER_MAX + 1];
};

struct load_conn {
	struct load_context *context;
	int fd;
	SSL *ssl;
	struct tls_conn *pake; /* in place of ssl */
};

/* The first time by path validation with the server's name; a certificate that
 * passed is accepted again when it is the same to the byte, so that the loader
 * does not measure its own validation. */
static int
verify_server(X509_STORE_CTX *x, void *arg)
{
	struct load_context *context = arg;
	unsigned char *der = NULL;
	int len = i2d_X509(X509_STORE_CTX_get0_cert(x), &der);
	bool same = len > 0 && len == context->verified_len &&
		    memcmp(der, context->verified, (size_t)len) == 0;

	if (same) {
		X509_STORE_CTX_set_error(x, X509_V_OK);
	} else if (len > 0 && X509_verify_cert(x) == 1) {
		OPENSSL_free(context->verified);
		context->verified = STEAL(der);
		context->verified_len = len;
		same = true;
	}
	OPENSSL_free(der);
	return same;
}

static int
ossl_reason(struct reason *why, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = ERR_reason_error_string(code);

	reason_set(why, -ERR_CRYPTO, "%s: %s", what,
	    text != NULL ? text : "the connection ended");
	ERR_clear_error();
	return -ERR_CRYPTO;
}

static int
use_client_cert(
    SSL_CTX *ctx, const struct load_target *target, struct reason *why)
{
	if (target->cert_file == NULL)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, target->cert_file) != 1)
		return ossl_reason(why, target->cert_file);
	if (SSL_CTX_use_PrivateKey_file(
		ctx, target->key_file, SSL_FILETYPE_PEM) != 1)
		return ossl_reason(why, target->key_file);
	return 0;
}

static int
make_plain(struct load_context *context, struct reason *why)
{
	const struct load_target *target = context->target;

	context->ctx = SSL_CTX_new(TLS_client_method());
	if (context->ctx == NULL ||
	    SSL_CTX_set_min_proto_version(context->ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_load_verify_file(context->ctx, target->ca_file) != 1)
		return ossl_reason(why, target->ca_file);
	SSL_CTX_set_verify(context->ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(context->ctx, verify_server, context);
	SSL_CTX_set_session_cache_mode(context->ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(
	    context->ctx, SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_read_ahead(context->ctx, 1);
	return use_client_cert(context->ctx, target, why);
}

static struct tls_client_config
pake_config(const struct load_target *target)
{
	return (struct tls_client_config){.sni = target->name,
	    .alpn = "http/1.1",
	    .timeout_ms = target->timeout_ms,
	    .identity = target->identity,
	    .password = target->password,
	    .server_identity = target->name,
	    .pake_extension = target->pake_extension,
	    .pake_scheme = target->pake_scheme};
}

int
load_context_new(struct load_context **out, const struct load_target *target,
    struct reason *why)
{
	struct load_context *context = calloc(1, sizeof(*context));
	struct tls_client_config config = pake_config(target);
	int err;

	if (context == NULL)
		return reason_set(why, -ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	context->target = target;
	if (target->identity != NULL)
		err = client_setup_init(&context->setup, &config, NULL, why);
	else
		err = make_plain(context, why);
	if (err != 0) {
		load_context_free(context);
		return err;
	}
	*out = context;
	return 0;
}

void
load_context_free(struct load_context *context)
{
	if (context == NULL)
		return;
	SSL_CTX_free(context->ctx);
	OPENSSL_free(context->verified);
	if (context->target->identity != NULL)
		client_setup_fini(&context->setup);
	free(context);
}

static void
set_options(int fd, int timeout_ms)
{
	struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
}

/* The port is chosen by connect(), so that many connections find one. */
static int
bind_source(int fd, const struct load_target *target, size_t index)
{
	int on = 1;

	if (target->n_sources == 0)
		return 0;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	return bind(fd,
	    (const struct sockaddr *)&target
		->sources[index % target->n_sources],
	    target->address_len);
}

static enum load_outcome
connect_tcp(int *out, const struct load_target *target, size_t index,
    struct reason *why)
{
	int fd =
	    socket(target->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		reason_set(why, -ERR_IO, "socket: %s", strerror(errno));
		return LOAD_CONNECT;
	}
	set_options(fd, target->timeout_ms);
	if (bind_source(fd, target, index) != 0 ||
	    connect(fd, (const struct sockaddr *)&target->address,
		target->address_len) != 0) {
		bool late = errno == EINPROGRESS || errno == EAGAIN;

		reason_set(why, -ERR_IO, "connect: %s", strerror(errno));
		close(fd);
		return late ? LOAD_TIMEOUT : LOAD_CONNECT;
	}
	*out = fd;
	return LOAD_OK;
}

/* What a failed call on a blocking SSL means. */
static enum load_outcome
ssl_outcome(struct load_conn *conn, int result, enum load_outcome otherwise,
    struct reason *why, const char *what)
{
	switch (SSL_get_error(conn->ssl, result)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		reason_set(why, -ERR_TIMEOUT, "%s: timeout", what);
		ERR_clear_error();
		return LOAD_TIMEOUT;
	default:
		ossl_reason(why, what);
		return otherwise;
	}
}

static enum load_outcome
handshake_plain(struct load_conn *conn, struct reason *why)
{
	const struct load_context *context = conn->context;
	int result;

	conn->ssl = SSL_new(context->ctx);
	if (conn->ssl == NULL || SSL_set_fd(conn->ssl, conn->fd) != 1 ||
	    SSL_set_tlsext_host_name(
		conn->ssl, (void *)(uintptr_t)context->target->name) != 1 ||
	    SSL_set1_host(conn->ssl, context->target->name) != 1) {
		ossl_reason(why, "TLS connection");
		return LOAD_TLS;
	}
	result = SSL_connect(conn->ssl);
	if (result == 1)
		return LOAD_OK;
	return ssl_outcome(conn, result, LOAD_TLS, why, "handshake");
}

static enum load_outcome
handshake_pake(struct load_conn *conn, struct reason *why)
{
	const struct load_context *context = conn->context;
	struct tls_client_config config = pake_config(context->target);
	int err = client_connect(&conn->pake, conn->fd, &context->setup,
	    &config, &context->target->secret, why);

	if (err == 0)
		return LOAD_OK;
	return err == -ERR_TIMEOUT ? LOAD_TIMEOUT : LOAD_TLS;
}

enum load_outcome
load_conn_open(struct load_conn **out, struct load_context *context,
    size_t index, struct reason *why)
{
	struct load_conn *conn = calloc(1, sizeof(*conn));
	enum load_outcome outcome;

	if (conn == NULL) {
		reason_set(why, -ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		return LOAD_CONNECT;
	}
	conn->context = context;
	conn->fd = -1;
	outcome = connect_tcp(&conn->fd, context->target, index, why);
	if (outcome == LOAD_OK && context->target->identity != NULL)
		outcome = handshake_pake(conn, why);
	else if (outcome == LOAD_OK)
		outcome = handshake_plain(conn, why);
	if (outcome == LOAD_OK)
		*out = conn;
	else
		load_conn_close(conn);
	return outcome;
}

void
load_conn_close(struct load_conn *conn)
{
	if (conn == NULL)
		return;
	if (conn->pake != NULL)
		tls_conn_shutdown(conn->pake);
	if (conn->ssl != NULL && SSL_is_init_finished(conn->ssl))
		SSL_shutdown(conn->ssl);
	ERR_clear_error();
	tls_conn_free(conn->pake);
	SSL_free(conn->ssl);
	if (conn->fd >= 0)
		close(conn->fd);
	free(conn);
}

bool
load_conn_is_open(const struct load_conn *conn)
{
	struct pollfd p = {.fd = conn->fd, .events = POLLRDHUP};

	/* A close_notify may lie there unread, in front of the end. */
	return poll(&p, 1, 0) == 0;
}

/* Until the PAKE's socket, which does not block, is ready. */
static bool
wait_pake(const struct load_conn *conn, int want)
{
	struct pollfd p = {.fd = conn->fd,
	    .events = want == TLS_WANT_WRITE ? POLLOUT : POLLIN};

	return poll(&p, 1, conn->context->target->timeout_ms) == 1;
}

static enum load_outcome
pake_outcome(struct load_conn *conn, int result, struct reason *why)
{
	if (result == TLS_WANT_READ || result == TLS_WANT_WRITE) {
		reason_set(why, -ERR_TIMEOUT, "answer: timeout");
		return LOAD_TIMEOUT;
	}
	reason_set(why, -ERR_CLOSED, "answer: %s",
	    result == TLS_EOF ? "the connection ended"
			      : tls_conn_error(conn->pake));
	return LOAD_SHORT;
}

static enum load_outcome
send_all(struct load_conn *conn, struct bytes request, struct reason *why)
{
	size_t done = 0, n;
	int result;

	if (conn->ssl != NULL) {
		result =
		    SSL_write_ex(conn->ssl, request.data, request.len, &done);
		return result == 1 ? LOAD_OK
				   : ssl_outcome(conn, result, LOAD_SHORT, why,
					 "request");
	}
	while (done < request.len) {
		n = 0;
		result = tls_conn_write(
		    conn->pake, request.data + done, request.len - done, &n);
		done += n;
		if (result != 0 && (result < 0 || !wait_pake(conn, result)))
			return pake_outcome(conn, result, why);
	}
	return LOAD_OK;
}

static enum load_outcome
receive(struct load_conn *conn, char *data, size_t size, size_t *n,
    struct reason *why)
{
	int result;

	if (conn->ssl != NULL) {
		result = SSL_read_ex(conn->ssl, data, size, n);
		return result == 1 ? LOAD_OK
				   : ssl_outcome(conn, result, LOAD_SHORT, why,
					 "answer");
	}
	for (;;) {
		result = tls_conn_read(conn->pake, data, size, n);
		if (result == 0)
			return LOAD_OK;
		if (result < 0 || result == TLS_EOF || !wait_pake(conn, result))
			return pake_outcome(conn, result, why);
	}
}

/* The value of a field of the head, which ends with a NUL; NULL without one. */
static const char *
find_field(const char *head, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line != NULL;
	     line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) == 0 && line[len] == ':')
			return line + len + 1 + strspn(line + len + 1, " \t");
	}
	return NULL;
}

/* The status line and the fields that matter; the body's length, or -1. */
static long
read_head(struct load_answer *answer, const char *head)
{
	const char *field = find_field(head, "Content-Length");
	long len = field == NULL ? -1 : strtol(field, NULL, 10);

	if (sscanf(head, "HTTP/1.1 %3d ", &answer->status) != 1 ||
	    answer->status < 100)
		return -1;
	field = find_field(head, "Connection");
	answer->close = field != NULL && strncasecmp(field, "close", 5) == 0;
	answer->retry_after = find_field(head, "Retry-After") != NULL;
	return len;
}

static enum load_outcome
refuse_answer(struct reason *why, const char *text)
{
	reason_set(why, -ERR_INVALID, "%s", text);
	return LOAD_BODY;
}

/* Reads until one whole answer is there. */
static enum load_outcome
read_answer(
    struct load_answer *answer, struct load_conn *conn, struct reason *why)
{
	char *text = conn->context->answer, *end = NULL;
	size_t len = 0, head_len = 0, n;
	long body_len = 0;

	while (end == NULL || len < head_len + (size_t)body_len) {
		enum load_outcome outcome;

		if (len == ANSWER_MAX)
			return refuse_answer(why, "the answer is too long");
		outcome = receive(conn, text + len, ANSWER_MAX - len, &n, why);
		if (outcome != LOAD_OK)
			return outcome;
		len += n;
		text[len] = '\0';
		if (end != NULL || (end = strstr(text, "\r\n\r\n")) == NULL)
			continue;
		end[2] = '\0';
		head_len = (size_t)(end - text) + 4;
		body_len = read_head(answer, text);
		if (body_len < 0)
			return refuse_answer(
			    why, "no status line or no Content-Length");
	}
	if (len > head_len + (size_t)body_len)
		return refuse_answer(why, "more than one answer");
	answer->body =
	    (struct bytes){(const uint8_t *)text + head_len, (size_t)body_len};
	return LOAD_OK;
}

enum load_outcome
load_conn_ask(struct load_answer *out, struct load_conn *conn,
    struct bytes request, struct reason *why)
{
	struct load_answer answer = {0};
	enum load_outcome outcome = send_all(conn, request, why);

	if (outcome == LOAD_OK)
		outcome = read_answer(&answer, conn, why);
	*out = answer;
	return outcome;
}
