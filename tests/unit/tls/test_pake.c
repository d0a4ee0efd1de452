#include "tests/unit/cmocka.h"

#include <string.h>
#include <unistd.h>

#include "tests/unit/tls/support.h"
#include "tls/conn_internal.h"

static struct tls_server *server;
static struct spake2p_secret secret, wrong;
static struct verifier record;

/* One client against one service, both checked by the caller. */
struct run {
	struct test_service service;
	struct tls_client_config config;
	const struct spake2p_secret *secret;
	const char *groups;

	int outcome;
	bool echoed;
	int group; /* a NID, as libssl reports it */
	struct reason why;
};

static struct run
run_init(void)
{
	return (struct run){
	    .service = {.server = server, .record = &record},
	    .config = test_client_config(TEST_IDENTITY),
	    .secret = &secret,
	};
}

static void
run(struct run *r)
{
	struct client_setup setup;
	struct tls_conn *conn;
	int fd;

	assert_int_equal(
	    0, client_setup_init(&setup, &r->config, r->groups, &r->why));
	test_service_start(&r->service);
	fd = r->service.fds[1];
	r->outcome =
	    client_connect(&conn, fd, &setup, &r->config, r->secret, &r->why);
	if (r->outcome == 0) {
		r->echoed = test_echo(conn, fd, "hello");
		r->group = (int)SSL_get_negotiated_group(conn->ssl);
		tls_conn_shutdown(conn);
		tls_conn_free(conn);
	}
	test_service_stop(&r->service);
	blob_fini(&r->service.client_cert);
	client_setup_fini(&setup);
}

static void
assert_authenticated(const struct run *r)
{
	assert_int_equal(0, r->outcome);
	assert_true(r->echoed);
	assert_int_equal(0, r->service.result);
	assert_true(r->service.attempted);
	assert_true(r->service.authenticated);
	assert_int_equal(1, r->service.n_claims);
	assert_string_equal(TEST_IDENTITY, r->service.attempt.identity);
	assert_true(r->service.attempt.server_name_matches);
	assert_string_equal("TLSv1.3", r->service.version);
}

/* However a guess fails, both ends see the same.
 * [draft-ietf-tls-pake-02 6.2.2] */
static void
assert_wrong_code(const struct run *r)
{
	assert_int_equal(TLS_CLIENT_WRONG_CODE, r->outcome);
	assert_int_equal(-ERR_CRYPTO, r->service.result);
	assert_string_equal(
	    "received alert 51 (decrypt error)", r->service.error);
	assert_true(r->service.attempted);
	assert_false(r->service.authenticated);
	assert_int_equal(1, r->service.n_claims);
}

static void
test_right_password(void **state)
{
	struct run r = run_init();

	(void)state;
	run(&r);
	assert_authenticated(&r);
}

static void
test_right_password_x25519(void **state)
{
	struct run r = run_init();

	(void)state;
	r.groups = "x25519";
	run(&r);
	assert_authenticated(&r);
	assert_int_equal(NID_X25519, r.group);
}

static void
test_right_password_p256(void **state)
{
	struct run r = run_init();

	(void)state;
	r.groups = "secp256r1";
	run(&r);
	assert_authenticated(&r);
	assert_int_equal(NID_X9_62_prime256v1, r.group);
}

/* The client's only key share is of a group that the server does not take: a
 * ServerHello of that random comes first. [RFC8446 4.1.3] */
static void
test_hello_retry_request_claims_once(void **state)
{
	struct run r = run_init();

	(void)state;
	r.groups = "secp384r1:x25519";
	run(&r);
	assert_authenticated(&r);
	assert_int_equal(NID_X25519, r.group);
}

static void
test_claim_answered_at_once(void **state)
{
	struct run r = run_init();

	(void)state;
	r.service.claim_at_once = true;
	run(&r);
	assert_authenticated(&r);
}

static void
test_wrong_password_refused(void **state)
{
	struct run r = run_init();

	(void)state;
	r.secret = &wrong;
	run(&r);
	assert_wrong_code(&r);
}

static void
test_wrong_password_after_retry_refused(void **state)
{
	struct run r = run_init();

	(void)state;
	r.secret = &wrong;
	r.groups = "secp384r1:secp256r1";
	run(&r);
	assert_wrong_code(&r);
}

/* Half of the secret is what a thief of the record has. */
static void
test_w0_alone_refused(void **state)
{
	struct spake2p_secret half = wrong;
	struct run r = run_init();

	(void)state;
	memcpy(half.w0, secret.w0, sizeof(half.w0));
	r.secret = &half;
	run(&r);
	assert_wrong_code(&r);
}

static void
test_unknown_identity_refused(void **state)
{
	struct run r = run_init();

	(void)state;
	r.config.identity = "NOBODY00";
	r.service.only_identity = TEST_IDENTITY;
	run(&r);
	assert_wrong_code(&r);
	assert_string_equal("NOBODY00", r.service.attempt.identity);
}

/* The owner answers NULL for an identity that is locked, expired, used up. */
static void
test_locked_identity_refused(void **state)
{
	struct run r = run_init();

	(void)state;
	r.service.record = NULL;
	run(&r);
	assert_wrong_code(&r);
}

/* Simulated whatever the owner answers. */
static void
test_server_name_mismatch_refused(void **state)
{
	static const char *const names[] = {
	    "EST.example.net", "est.example.ne", "est.example.net.", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct run r = run_init();

		r.config.server_identity = names[i];
		run(&r);
		assert_wrong_code(&r);
		assert_false(r.service.attempt.server_name_matches);
	}
}

/* An identity that no record can have is nobody's, whatever the owner says. */
static void
test_long_identity_refused(void **state)
{
	char identity[PAKE_IDENTITY_MAX + 2];
	struct run r = run_init();

	(void)state;
	memset(identity, 'A', sizeof(identity));
	identity[PAKE_IDENTITY_MAX + 1] = '\0';
	r.config.identity = identity;
	run(&r);
	assert_wrong_code(&r);
	assert_string_equal("", r.service.attempt.identity);

	identity[PAKE_IDENTITY_MAX] = '\0';
	run(&r);
	assert_int_equal(0, r.outcome);
	assert_string_equal(identity, r.service.attempt.identity);
}

static void
test_empty_identity_refused(void **state)
{
	struct run r = run_init();

	(void)state;
	r.config.identity = "";
	run(&r);
	assert_wrong_code(&r);
}

/* A client that does not look at confirmV still has the wrong keys. */
static void
ignore_confirm(int write, int version, int type, const void *data, size_t len,
    SSL *ssl, void *arg)
{
	struct pake_client *pake = &tls_conn_of(ssl)->pake_client;

	(void)version;
	(void)arg;
	if (write || type != SSL3_RT_HANDSHAKE)
		return;
	pake_client_message(pake, (struct bytes){data, len});
	if (pake->verdict == PAKE_BAD_CONFIRM)
		pake->verdict = PAKE_CONFIRMED;
}

static void
step(struct tls_conn *conn, int fd, int *result)
{
	int r = tls_conn_handshake(conn);

	while (r > 0) {
		test_wait(fd, r);
		r = tls_conn_handshake(conn);
	}
	*result = r;
}

static void
test_confirm_ignored_refused(void **state)
{
	struct run r = run_init();
	struct client_setup setup;
	struct tls_conn *conn;
	int result;

	(void)state;
	assert_int_equal(0, client_setup_init(&setup, &r.config, NULL, &r.why));
	SSL_CTX_set_msg_callback(setup.ctx, ignore_confirm);
	test_service_start(&r.service);
	assert_int_equal(0, client_conn_new(&conn, r.service.fds[1], &setup,
				&r.config, &wrong, &r.why));
	step(conn, r.service.fds[1], &result);
	assert_int_equal(PAKE_CONFIRMED, conn->pake_client.verdict);
	assert_int_equal(-ERR_CRYPTO, result);
	assert_int_equal(SSL_AD_BAD_RECORD_MAC, conn->alert_sent);
	assert_int_equal(
	    TLS_CLIENT_WRONG_CODE, client_conn_outcome(conn, result, &r.why));
	test_service_stop(&r.service);
	assert_true(r.service.result < 0);
	assert_false(r.service.authenticated);
	tls_conn_free(conn);
	client_setup_fini(&setup);
}

/* A server that ignores pake is left within the handshake. */
static void
test_server_without_pake_refused(void **state)
{
	static const char *const groups[] = {NULL, "secp256r1", "secp384r1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		struct run r = run_init();

		r.service.server = test_server_new(NULL, false);
		r.groups = groups[i];
		run(&r);
		assert_int_equal(TLS_CLIENT_NO_PAKE, r.outcome);
		assert_true(r.service.result < 0);
		assert_false(r.service.attempted);
		tls_server_unref(r.service.server);
	}
}

struct judge_state {
	unsigned int calls;
	int answer;
	size_t n;
};

static int
judge(void *arg, const struct bytes *chain, size_t n, struct reason *why)
{
	struct judge_state *j = arg;

	(void)chain;
	j->calls++;
	j->n = n;
	if (j->answer != 0)
		return reason_set(why, j->answer, "not this one");
	return 0;
}

static void
test_judge_after_pake(void **state)
{
	struct judge_state j = {.answer = 0};
	struct run r = run_init();

	(void)state;
	r.config.judge = judge;
	r.config.judge_arg = &j;
	run(&r);
	assert_authenticated(&r);
	assert_int_equal(1, j.calls);
	assert_int_equal(1, j.n);
}

static void
test_judge_refused(void **state)
{
	struct judge_state j = {.answer = -ERR_REFUSED};
	struct run r = run_init();

	(void)state;
	r.config.judge = judge;
	r.config.judge_arg = &j;
	run(&r);
	assert_int_equal(TLS_CLIENT_JUDGED, r.outcome);
	assert_string_equal("not this one", r.why.text);
	assert_true(r.service.result < 0);
	assert_false(r.service.authenticated);
}

/* Before the password proved the server, the judge sees nothing. */
static void
test_judge_not_asked_before_confirm(void **state)
{
	struct judge_state j = {.answer = -ERR_REFUSED};
	struct run r = run_init();

	(void)state;
	r.config.judge = judge;
	r.config.judge_arg = &j;
	r.secret = &wrong;
	run(&r);
	assert_int_equal(TLS_CLIENT_WRONG_CODE, r.outcome);
	assert_int_equal(0, j.calls);
}

static void
count_claim(void *owner, const struct pake_attempt *attempt)
{
	(void)attempt;
	(*(unsigned int *)owner)++;
}

static void
test_pending_claim_freed(void **state)
{
	struct run r = run_init();
	struct client_setup setup;
	struct tls_conn *conn, *served;
	unsigned int claims = 0;

	(void)state;
	test_service_pair(&r.service);
	assert_int_equal(0, client_setup_init(&setup, &r.config, NULL, &r.why));
	assert_int_equal(0, client_conn_new(&conn, r.service.fds[1], &setup,
				&r.config, &secret, &r.why));
	assert_int_equal(0, tls_conn_accept(&served, server, r.service.fds[0],
				count_claim, &claims));
	assert_int_equal(TLS_WANT_READ, tls_conn_handshake(conn));
	assert_int_equal(TLS_WANT_CLAIM, tls_conn_handshake(served));
	assert_int_equal(TLS_WANT_CLAIM, tls_conn_handshake(served));
	assert_int_equal(1, claims);
	assert_true(tls_conn_pake_attempted(served));
	assert_false(tls_conn_pake_authenticated(served));
	tls_conn_free(served);
	tls_conn_free(conn);
	client_setup_fini(&setup);
	close(r.service.fds[0]);
	close(r.service.fds[1]);
}

/* With scrypt at both ends, as the programs do it. */
static void
test_registered_password(void **state)
{
	static const char password[] = "7Q4M2K9TXYZ";
	struct tls_client_config config = test_client_config(TEST_IDENTITY);
	struct test_service s = {.server = server};
	struct verifier registered;
	struct tls_conn *conn;
	struct reason why;

	(void)state;
	assert_int_equal(
	    0, spake2p_register(&registered, NULL,
		   (struct bytes){(const uint8_t *)password, strlen(password)},
		   TEST_IDENTITY, TEST_SERVER_NAME));
	s.record = &registered;
	config.password = password;
	test_service_start(&s);
	assert_int_equal(0, tls_client_connect(&conn, s.fds[1], &config, &why));
	assert_true(test_echo(conn, s.fds[1], "registered"));
	tls_conn_free(conn);
	test_service_stop(&s);
	assert_true(s.authenticated);
}

/* Workers outlive a server whose certificate is renewed, and end long after it
 * is gone: what OpenSSL kept for the thread must still be good then. */
struct worker {
	struct test_service service;
	pthread_barrier_t served, may_end;
};

static void *
worker_main(void *arg)
{
	struct worker *w = arg;

	test_service_run(&w->service);
	pthread_barrier_wait(&w->served);
	pthread_barrier_wait(&w->may_end);
	return NULL;
}

static void
test_thread_outlives_server(void **state)
{
	struct run r = run_init();
	struct worker w = {.service = {.record = &record}};
	struct client_setup setup;
	struct tls_conn *conn;

	(void)state;
	w.service.server = test_server_new(NULL, true);
	test_service_pair(&w.service);
	pthread_barrier_init(&w.served, NULL, 2);
	pthread_barrier_init(&w.may_end, NULL, 2);
	assert_int_equal(
	    0, pthread_create(&w.service.thread, NULL, worker_main, &w));
	assert_int_equal(0, client_setup_init(&setup, &r.config, NULL, &r.why));
	assert_int_equal(0, client_connect(&conn, w.service.fds[1], &setup,
				&r.config, &secret, &r.why));
	tls_conn_free(conn);
	close(w.service.fds[1]);
	client_setup_fini(&setup);
	pthread_barrier_wait(&w.served);
	assert_true(w.service.authenticated);
	tls_server_unref(w.service.server);
	pthread_barrier_wait(&w.may_end);
	pthread_join(w.service.thread, NULL);
	pthread_barrier_destroy(&w.served);
	pthread_barrier_destroy(&w.may_end);
}

static void
test_incomplete_config_refused(void **state)
{
	struct tls_client_config config = test_client_config(TEST_IDENTITY);
	struct tls_conn *conn;
	struct reason why;

	(void)state;
	assert_int_equal(
	    -ERR_INVALID, tls_client_connect(&conn, -1, &config, &why));
	config.identity = NULL;
	assert_int_equal(
	    -ERR_INVALID, tls_client_connect(&conn, -1, &config, &why));
}

static void
test_silent_server_times_out(void **state)
{
	struct run r = run_init();
	struct client_setup setup;
	struct tls_conn *conn;

	(void)state;
	test_service_pair(&r.service);
	r.config.timeout_ms = 20;
	assert_int_equal(0, client_setup_init(&setup, &r.config, NULL, &r.why));
	assert_int_equal(-ERR_TIMEOUT, client_connect(&conn, r.service.fds[1],
					   &setup, &r.config, &secret, &r.why));
	close(r.service.fds[0]);
	assert_int_equal(-ERR_CLOSED, client_connect(&conn, r.service.fds[1],
					  &setup, &r.config, &secret, &r.why));
	close(r.service.fds[1]);
	client_setup_fini(&setup);
}

static int
setup_all(void **state)
{
	(void)state;
	server = test_server_new(NULL, true);
	test_secret_new(&secret, &record);
	test_secret_new(&wrong, NULL);
	return 0;
}

static int
teardown_all(void **state)
{
	(void)state;
	tls_server_unref(server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_right_password),
	    cmocka_unit_test(test_right_password_x25519),
	    cmocka_unit_test(test_right_password_p256),
	    cmocka_unit_test(test_hello_retry_request_claims_once),
	    cmocka_unit_test(test_claim_answered_at_once),
	    cmocka_unit_test(test_wrong_password_refused),
	    cmocka_unit_test(test_wrong_password_after_retry_refused),
	    cmocka_unit_test(test_w0_alone_refused),
	    cmocka_unit_test(test_unknown_identity_refused),
	    cmocka_unit_test(test_locked_identity_refused),
	    cmocka_unit_test(test_server_name_mismatch_refused),
	    cmocka_unit_test(test_long_identity_refused),
	    cmocka_unit_test(test_empty_identity_refused),
	    cmocka_unit_test(test_confirm_ignored_refused),
	    cmocka_unit_test(test_server_without_pake_refused),
	    cmocka_unit_test(test_judge_after_pake),
	    cmocka_unit_test(test_judge_refused),
	    cmocka_unit_test(test_judge_not_asked_before_confirm),
	    cmocka_unit_test(test_pending_claim_freed),
	    cmocka_unit_test(test_registered_password),
	    cmocka_unit_test(test_thread_outlives_server),
	    cmocka_unit_test(test_incomplete_config_refused),
	    cmocka_unit_test(test_silent_server_times_out),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
