#include "tests/unit/tls/support.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "tls/spake2p_protocol.h"

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "test support: %s\n", what);
	abort();
}

static void
bio_take(struct blob *out, BIO *bio)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	must(blob_copy(
		 out, (struct bytes){(const uint8_t *)data, (size_t)len}) == 0,
	    "copy");
	BIO_free(bio);
}

void
test_cert_init(struct test_cert *cert, const char *name)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	X509 *x = X509_new();
	BIO *chain = BIO_new(BIO_s_mem()), *pem = BIO_new(BIO_s_mem());
	X509_NAME *subject = X509_get_subject_name(x);

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, subject);
	must(X509_sign(x, key, EVP_sha256()) != 0, "sign");
	must(PEM_write_bio_X509(chain, x) == 1, "write certificate");
	must(PEM_write_bio_PrivateKey(pem, key, NULL, NULL, 0, NULL, NULL) == 1,
	    "write key");
	bio_take(&cert->chain_pem, chain);
	bio_take(&cert->key_pem, pem);
	X509_free(x);
	EVP_PKEY_free(key);
}

void
test_cert_fini(struct test_cert *cert)
{
	blob_fini(&cert->chain_pem);
	blob_fini(&cert->key_pem);
}

static struct tls_server *
server_of(const struct test_cert *cert, bool pake, const uint8_t *srp_seed)
{
	const struct tls_server_config config = {
	    .chain_pem = blob_bytes(&cert->chain_pem),
	    .key_pem = blob_bytes(&cert->key_pem),
	    .server_name = TEST_SERVER_NAME,
	    .pake = pake,
	    .pake_extension = PAKE_EXTENSION_DEFAULT,
	    .pake_scheme = PAKE_SCHEME_SPAKE2PLUS_DEFAULT,
	    .srp_seed = srp_seed};
	struct tls_server *server;
	struct reason why = {""};

	must(tls_server_new(&server, &config, &why) == 0, why.text);
	must(tls_server_offers_pake(server) == pake, why.text);
	must(tls_server_offers_srp(server) == (srp_seed != NULL), why.text);
	return server;
}

struct tls_server *
test_server_new_srp(
    const struct test_cert *cert, bool pake, const uint8_t *srp_seed)
{
	struct test_cert fresh = {.chain_pem = {0}};
	struct tls_server *server;

	if (cert != NULL)
		return server_of(cert, pake, srp_seed);
	test_cert_init(&fresh, TEST_SERVER_NAME);
	server = server_of(&fresh, pake, srp_seed);
	test_cert_fini(&fresh);
	return server;
}

struct tls_server *
test_server_new(const struct test_cert *cert, bool pake)
{
	return test_server_new_srp(cert, pake, NULL);
}

void
test_secret_new(struct spake2p_secret *secret, struct verifier *record)
{
	struct spake2p_suite *suite;

	must(spake2p_suite_new(&suite) == 0, "suite");
	must(spake2p_scalar_random(suite, secret->w0) == 0, "w0");
	must(spake2p_scalar_random(suite, secret->w1) == 0, "w1");
	if (record != NULL)
		must(spake2p_verifier_derive(record, suite, secret) == 0,
		    "record");
	spake2p_suite_free(suite);
}

struct tls_client_config
test_client_config(const char *identity)
{
	return (struct tls_client_config){.timeout_ms = TEST_TIMEOUT_MS,
	    .identity = identity,
	    .server_identity = TEST_SERVER_NAME,
	    .pake_extension = PAKE_EXTENSION_DEFAULT,
	    .pake_scheme = PAKE_SCHEME_SPAKE2PLUS_DEFAULT};
}

int
test_accept_any(
    void *arg, const struct bytes *chain, size_t n, struct reason *why)
{
	(void)arg;
	(void)chain;
	(void)n;
	(void)why;
	return 0;
}

void
test_wait(int fd, int want)
{
	struct pollfd p = {
	    .fd = fd, .events = want == TLS_WANT_WRITE ? POLLOUT : POLLIN};

	must(poll(&p, 1, TEST_TIMEOUT_MS) == 1, "nothing came in time");
}

static const struct verifier *
claim_answer(const struct test_service *s)
{
	if (s->only_identity != NULL &&
	    strcmp(s->attempt.identity, s->only_identity) != 0)
		return NULL;
	return s->record;
}

static void
on_claim(void *owner, const struct pake_attempt *attempt)
{
	struct test_service *s = owner;

	s->n_claims++;
	s->attempt = *attempt;
	if (s->claim_at_once)
		tls_conn_claimed(s->conn, claim_answer(s));
}

/* While the claim is pending, further calls change nothing. */
static void
answer_claim(struct test_service *s)
{
	for (int i = 0; i < 3; i++)
		must(tls_conn_handshake(s->conn) == TLS_WANT_CLAIM,
		    "pending is pending");
	tls_conn_claimed(s->conn, claim_answer(s));
}

static int
serve_handshake(struct test_service *s)
{
	for (;;) {
		int r = tls_conn_handshake(s->conn);

		if (r <= 0)
			return r;
		if (r == TLS_WANT_CLAIM)
			answer_claim(s);
		else
			test_wait(s->fds[0], r);
	}
}

static void
echo_until_closed(struct test_service *s)
{
	char data[4096];
	size_t len, done;
	int r;

	for (;;) {
		r = tls_conn_read(s->conn, data, sizeof(data), &len);
		if (r == TLS_WANT_READ || r == TLS_WANT_WRITE)
			test_wait(s->fds[0], r);
		else if (r != 0)
			return;
		for (size_t at = 0; r == 0 && at < len; at += done) {
			done = 0;
			r = tls_conn_write(s->conn, data + at, len - at, &done);
			if (r == TLS_WANT_READ || r == TLS_WANT_WRITE) {
				test_wait(s->fds[0], r);
				r = 0;
			}
			if (r < 0)
				return;
		}
	}
}

void
test_service_run(struct test_service *s)
{
	must(tls_conn_accept(&s->conn, s->server, s->fds[0], on_claim, s) == 0,
	    "accept");
	s->result = serve_handshake(s);
	if (s->result == 0) {
		must(tls_conn_peer_cert(&s->client_cert, s->conn) == 0,
		    "peer certificate");
		echo_until_closed(s);
		tls_conn_shutdown(s->conn);
	}
	s->attempted = tls_conn_pake_attempted(s->conn);
	s->authenticated = tls_conn_pake_authenticated(s->conn);
	snprintf(s->error, sizeof(s->error), "%s", tls_conn_error(s->conn));
	snprintf(
	    s->version, sizeof(s->version), "%s", tls_conn_version(s->conn));
	tls_conn_free(s->conn);
	s->conn = NULL;
	close(s->fds[0]);
}

static void *
service_main(void *arg)
{
	test_service_run(arg);
	return NULL;
}

void
test_service_pair(struct test_service *s)
{
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		 s->fds) == 0,
	    "socketpair");
}

void
test_service_start(struct test_service *s)
{
	test_service_pair(s);
	must(pthread_create(&s->thread, NULL, service_main, s) == 0, "thread");
}

void
test_service_stop(struct test_service *s)
{
	close(s->fds[1]);
	pthread_join(s->thread, NULL);
}

bool
test_echo(struct tls_conn *conn, int fd, const char *message)
{
	size_t len = strlen(message), got = 0, n;
	char back[256];
	int r;

	must(len < sizeof(back), "message too long");
	if (tls_conn_write(conn, message, len, &n) != 0 || n != len)
		return false;
	while (got < len) {
		r = tls_conn_read(conn, back + got, len - got, &n);
		if (r == 0)
			got += n;
		else if (r == TLS_WANT_READ)
			test_wait(fd, r);
		else
			return false;
	}
	return memcmp(back, message, len) == 0;
}
