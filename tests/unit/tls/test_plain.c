/* Connections without PAKE: TLS 1.2 and 1.3, client certificates, the judge. */
#include "tests/unit/cmocka.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "tests/unit/tls/support.h"
#include "tls/conn_internal.h"

static struct test_cert cert, client_cert;
static struct tls_server *server;
static struct blob cert_der, client_der;

struct judge_state {
	unsigned int calls;
	int answer;
};

/* Sees the server's certificate, and nothing else. */
static int
judge(void *arg, const struct bytes *chain, size_t n, struct reason *why)
{
	struct judge_state *j = arg;

	j->calls++;
	assert_int_equal(1, n);
	assert_true(bytes_equal(chain[0], blob_bytes(&cert_der)));
	if (j->answer != 0)
		return reason_set(why, j->answer, "not this one");
	return 0;
}

struct run {
	struct test_service service;
	struct tls_client_config config;
	struct judge_state judge;
	int max_version;
	bool with_cert;

	int outcome;
	bool echoed;
	char alpn[16], cipher[64];
	struct reason why;
};

static struct run
run_init(int max_version)
{
	return (struct run){
	    .service = {.server = server},
	    .config = {.timeout_ms = TEST_TIMEOUT_MS,
		.judge = judge,
		.sni = TEST_SERVER_NAME},
	    .max_version = max_version,
	};
}

static EVP_PKEY *
read_key(const struct test_cert *c)
{
	BIO *bio = BIO_new_mem_buf(c->key_pem.data, (int)c->key_pem.len);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return key;
}

static X509 *
read_cert(const struct test_cert *c)
{
	BIO *bio = BIO_new_mem_buf(c->chain_pem.data, (int)c->chain_pem.len);
	X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return x;
}

static void
use_client_cert(SSL_CTX *ctx)
{
	EVP_PKEY *key = read_key(&client_cert);
	X509 *x = read_cert(&client_cert);

	assert_int_equal(1, SSL_CTX_use_certificate(ctx, x));
	assert_int_equal(1, SSL_CTX_use_PrivateKey(ctx, key));
	EVP_PKEY_free(key);
	X509_free(x);
}

static void
look_at(struct run *r, const struct tls_conn *conn)
{
	const unsigned char *alpn;
	unsigned int len;

	SSL_get0_alpn_selected(conn->ssl, &alpn, &len);
	assert_true(len < sizeof(r->alpn));
	if (len != 0)
		memcpy(r->alpn, alpn, len);
	strncpy(
	    r->cipher, SSL_get_cipher_name(conn->ssl), sizeof(r->cipher) - 1);
}

static void
run(struct run *r)
{
	struct client_setup setup;
	struct tls_conn *conn;
	int fd;

	r->config.judge_arg = &r->judge;
	assert_int_equal(
	    0, client_setup_init(&setup, &r->config, NULL, &r->why));
	SSL_CTX_set_max_proto_version(setup.ctx, r->max_version);
	if (r->with_cert)
		use_client_cert(setup.ctx);
	test_service_start(&r->service);
	fd = r->service.fds[1];
	r->outcome =
	    client_connect(&conn, fd, &setup, &r->config, NULL, &r->why);
	if (r->outcome == 0) {
		r->echoed = test_echo(conn, fd, "hello");
		look_at(r, conn);
		tls_conn_free(conn);
	}
	test_service_stop(&r->service);
	client_setup_fini(&setup);
}

static void
assert_anonymous(const struct run *r)
{
	assert_int_equal(0, r->outcome);
	assert_true(r->echoed);
	assert_int_equal(0, r->service.result);
	assert_false(r->service.attempted);
	assert_false(r->service.authenticated);
	assert_int_equal(0, r->service.n_claims);
	assert_int_equal(1, r->judge.calls);
}

static void
test_tls13(void **state)
{
	struct run r = run_init(TLS1_3_VERSION);

	(void)state;
	run(&r);
	assert_anonymous(&r);
	assert_string_equal("TLSv1.3", r.service.version);
	assert_null(r.service.client_cert.data);
}

static void
test_tls12(void **state)
{
	struct run r = run_init(TLS1_2_VERSION);

	(void)state;
	run(&r);
	assert_anonymous(&r);
	assert_string_equal("TLSv1.2", r.service.version);
	assert_non_null(strstr(r.cipher, "ECDHE-ECDSA-AES256-GCM"));
}

static void
test_tls11_refused(void **state)
{
	struct run r = run_init(TLS1_2_VERSION);
	struct client_setup setup;
	struct tls_conn *conn;

	(void)state;
	r.config.judge_arg = &r.judge;
	assert_int_equal(0, client_setup_init(&setup, &r.config, NULL, &r.why));
	SSL_CTX_set_security_level(setup.ctx, 0);
	SSL_CTX_set_min_proto_version(setup.ctx, TLS1_1_VERSION);
	SSL_CTX_set_max_proto_version(setup.ctx, TLS1_1_VERSION);
	test_service_start(&r.service);
	assert_true(client_connect(&conn, r.service.fds[1], &setup, &r.config,
			NULL, &r.why) < 0);
	test_service_stop(&r.service);
	assert_true(r.service.result < 0);
	client_setup_fini(&setup);
}

/* Anything is accepted here, a self-signed one too; the bytes come out. */
static void
test_client_certificate(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct run r = run_init(versions[i]);

		r.with_cert = true;
		run(&r);
		assert_anonymous(&r);
		assert_true(bytes_equal(blob_bytes(&r.service.client_cert),
		    blob_bytes(&client_der)));
		blob_fini(&r.service.client_cert);
	}
}

static void
test_alpn(void **state)
{
	struct run r = run_init(TLS1_3_VERSION);

	(void)state;
	r.config.alpn = "http/1.1";
	run(&r);
	assert_anonymous(&r);
	assert_string_equal("http/1.1", r.alpn);

	/* [RFC7301 3.2] No overlap: the connection goes on without. */
	r = run_init(TLS1_2_VERSION);
	r.config.alpn = "h2";
	run(&r);
	assert_anonymous(&r);
	assert_string_equal("", r.alpn);
}

static void
test_judge_refused(void **state)
{
	struct run r = run_init(TLS1_3_VERSION);

	(void)state;
	r.judge.answer = -ERR_REFUSED;
	run(&r);
	assert_int_equal(TLS_CLIENT_JUDGED, r.outcome);
	assert_string_equal("not this one", r.why.text);
	assert_true(r.service.result < 0);
}

/* As libcurl's CURLOPT_SSL_CTX_FUNCTION would. */
static void
connect_judged(int answer, struct reason *why, bool *connected)
{
	struct test_service s = {.server = server};
	struct judge_state j = {.answer = answer};
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct tls_conn *conn;
	int r;

	assert_int_equal(0, tls_judge_install(ctx, judge, &j, why));
	test_service_start(&s);
	assert_int_equal(0, tls_conn_new(&conn, ctx, s.fds[1]));
	SSL_set_connect_state(conn->ssl);
	while ((r = tls_conn_handshake(conn)) > 0)
		test_wait(s.fds[1], r);
	*connected = r == 0;
	assert_int_equal(1, j.calls);
	assert_int_equal(answer == 0 ? X509_V_OK : X509_V_ERR_CERT_REJECTED,
	    SSL_get_verify_result(conn->ssl));
	tls_conn_free(conn);
	SSL_CTX_free(ctx);
	test_service_stop(&s);
}

static void
test_judge_install(void **state)
{
	struct reason why = {""};
	bool connected;

	(void)state;
	connect_judged(0, &why, &connected);
	assert_true(connected);
	connect_judged(-ERR_REFUSED, &why, &connected);
	assert_false(connected);
	assert_string_equal("not this one", why.text);
}

/* Writing to a peer that is gone is an error, not a signal. */
/* [RFC8446 6] A fatal alert ends the connection, by its name. */
static void
assert_alert(uint8_t alert, const char *text)
{
	const uint8_t record[] = {21, 3, 3, 0, 2, 2, alert};
	struct run r = run_init(TLS1_3_VERSION);
	struct client_setup setup;
	struct tls_conn *conn;

	test_service_pair(&r.service);
	assert_int_equal(
	    sizeof(record), write(r.service.fds[0], record, sizeof(record)));
	assert_int_equal(0, client_setup_init(&setup, &r.config, NULL, &r.why));
	assert_int_equal(-ERR_CRYPTO, client_connect(&conn, r.service.fds[1],
					  &setup, &r.config, NULL, &r.why));
	assert_non_null(strstr(r.why.text, text));
	client_setup_fini(&setup);
	close(r.service.fds[0]);
	close(r.service.fds[1]);
}

static void
test_alerts(void **state)
{
	(void)state;
	assert_alert(40, "received alert 40 (handshake failure)");
	assert_alert(109, "received alert 109 (missing extension)");
	assert_alert(116, "received alert 116 (certificate required)");
}

static void
test_peer_gone(void **state)
{
	struct run r = run_init(TLS1_3_VERSION);
	struct client_setup setup;
	struct tls_conn *conn;
	int err = 0;

	(void)state;
	r.config.judge_arg = &r.judge;
	assert_int_equal(0, client_setup_init(&setup, &r.config, NULL, &r.why));
	test_service_start(&r.service);
	assert_int_equal(0, client_connect(&conn, r.service.fds[1], &setup,
				&r.config, NULL, &r.why));
	shutdown(r.service.fds[0], SHUT_RDWR);
	for (int i = 0; i < 4 && err == 0; i++) {
		size_t len;

		err = tls_conn_write(conn, "x", 1, &len);
	}
	assert_int_equal(-ERR_CLOSED, err);
	assert_string_not_equal("", tls_conn_error(conn));
	assert_int_equal(-ERR_CLOSED, tls_conn_handshake(conn));
	tls_conn_shutdown(conn);
	tls_conn_free(conn);
	test_service_stop(&r.service);
	client_setup_fini(&setup);
}

/* More than one read's worth arrives in one record: the rest is announced by
 * tls_conn_pending(), and by nothing else. */
static void
test_pending(void **state)
{
	struct run r = run_init(TLS1_3_VERSION);
	struct client_setup setup;
	struct tls_conn *conn;
	char c;
	size_t len;
	int fd, got = 0;

	(void)state;
	r.config.judge_arg = &r.judge;
	assert_int_equal(0, client_setup_init(&setup, &r.config, NULL, &r.why));
	test_service_start(&r.service);
	fd = r.service.fds[1];
	assert_int_equal(
	    0, client_connect(&conn, fd, &setup, &r.config, NULL, &r.why));
	assert_int_equal(0, tls_conn_write(conn, "0123456789", 10, &len));
	while (tls_conn_read(conn, &c, 1, &len) == TLS_WANT_READ)
		test_wait(fd, TLS_WANT_READ);
	for (got = 1; tls_conn_pending(conn); got++)
		assert_int_equal(0, tls_conn_read(conn, &c, 1, &len));
	assert_int_equal(10, got);
	assert_int_equal(TLS_WANT_READ, tls_conn_read(conn, &c, 1, &len));
	assert_false(tls_conn_pending(conn));
	tls_conn_free(conn);
	test_service_stop(&r.service);
	client_setup_fini(&setup);
}

static void
der_of(struct blob *out, const struct test_cert *c)
{
	X509 *x = read_cert(c);
	unsigned char *der = NULL;
	int len = i2d_X509(x, &der);

	assert_int_equal(0, blob_copy(out, (struct bytes){der, (size_t)len}));
	OPENSSL_free(der);
	X509_free(x);
}

static int
setup_all(void **state)
{
	(void)state;
	test_cert_init(&cert, TEST_SERVER_NAME);
	test_cert_init(&client_cert, "a device");
	der_of(&cert_der, &cert);
	der_of(&client_der, &client_cert);
	server = test_server_new(&cert, true);
	return 0;
}

static int
teardown_all(void **state)
{
	(void)state;
	tls_server_unref(server);
	test_cert_fini(&cert);
	test_cert_fini(&client_cert);
	blob_fini(&cert_der);
	blob_fini(&client_der);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tls13),
	    cmocka_unit_test(test_tls12),
	    cmocka_unit_test(test_tls11_refused),
	    cmocka_unit_test(test_client_certificate),
	    cmocka_unit_test(test_alpn),
	    cmocka_unit_test(test_judge_refused),
	    cmocka_unit_test(test_judge_install),
	    cmocka_unit_test(test_alerts),
	    cmocka_unit_test(test_peer_gone),
	    cmocka_unit_test(test_pending),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
