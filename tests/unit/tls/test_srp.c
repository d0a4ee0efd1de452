/* TLS-SRP against libssl's own client. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "tests/unit/cmocka.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/srp.h>

#include "tests/unit/tls/support.h"
#include "tls/conn_internal.h"
#include "tls/ossl.h"
#include "tls/srp_internal.h"

#define USER "A1B2C3D4"
#define PASSWORD "DBJ8FV87K2M"
#define ROUNDS_MAX 16

enum alert { BAD_RECORD_MAC = 20, HANDSHAKE_FAILURE = 40 };

static const uint8_t seed[SRP_SEED_LEN] = "a seed of thirty-two octets long";
static struct tls_server *server, *plain_server, *srp_alone;
static struct srp_verifier verifier;

/* --- two ends, stepped by hand --- */

struct ends {
	struct tls_server *server;
	const struct srp_verifier *verifier; /* the claim's answer */
	bool claim_at_once;
	bool chopped; /* the client's bytes arrive one by one */
	const char *user, *password, *ciphers;
	int min_version, max_version; /* of the client */
	bool without_certificates;    /* the client trusts none */

	int fds[2];
	struct tls_conn *conn;
	SSL *client;
	BIO *client_in, *client_out;
	unsigned int claims;
	struct pake_attempt attempt;
	bool sent_before_claim;
	int result, client_result;
	char salt[2 * SRP_SALT_LEN + 1]; /* that the client got, in hex */
};

static struct ends
ends_init(void)
{
	return (struct ends){.server = server,
	    .verifier = &verifier,
	    .user = USER,
	    .password = PASSWORD,
	    .ciphers = "SRP",
	    .min_version = TLS1_2_VERSION,
	    .max_version = TLS1_3_VERSION};
}

static void
on_claim(void *owner, const struct pake_attempt *attempt)
{
	struct ends *e = owner;

	e->claims++;
	e->attempt = *attempt;
	if (e->claim_at_once)
		tls_conn_srp_claimed(e->conn, e->verifier);
}

static char *
give_password(SSL *ssl, void *arg)
{
	(void)ssl;
	return OPENSSL_strdup(arg);
}

/* The salt is the third vector of the ServerKeyExchange, in the record that
 * begins with it. [RFC5054 2.5.3] */
static void
note_salt(int write, int version, int type, const void *data, size_t len,
    SSL *ssl, void *arg)
{
	const uint8_t *p = data;
	struct ends *e = arg;
	size_t n, at = 4;

	(void)version;
	(void)ssl;
	if (write || type != SSL3_RT_HANDSHAKE || len < 4 ||
	    p[0] != SSL3_MT_SERVER_KEY_EXCHANGE)
		return;
	n = (size_t)p[at] << 8 | p[at + 1]; /* N */
	if (n != SRP_VERIFIER_LEN)
		return; /* of another key exchange */
	at += 2 + n;
	n = (size_t)p[at] << 8 | p[at + 1]; /* g */
	assert_int_equal(1, n);
	assert_int_equal(SRP_GROUP_GENERATOR, p[at + 2]);
	at += 2 + n;
	assert_int_equal(SRP_SALT_LEN, p[at]);
	for (size_t i = 0; i < SRP_SALT_LEN; i++)
		snprintf(e->salt + 2 * i, 3, "%02x", p[at + 1 + i]);
}

static void
client_new(struct ends *e)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_min_proto_version(ctx, e->min_version);
	SSL_CTX_set_max_proto_version(ctx, e->max_version);
	assert_int_equal(1, SSL_CTX_set_cipher_list(ctx, e->ciphers));
	if (e->user != NULL) {
		assert_int_equal(
		    1, SSL_CTX_set_srp_username(ctx, without_const(e->user)));
		SSL_CTX_set_srp_client_pwd_callback(ctx, give_password);
		SSL_CTX_set_srp_cb_arg(ctx, without_const(e->password));
	}
	assert_int_equal(1, SSL_CTX_set_cipher_list(ctx, e->ciphers));
	SSL_CTX_set_msg_callback(ctx, note_salt);
	SSL_CTX_set_msg_callback_arg(ctx, e);
	e->client = SSL_new(ctx);
	e->client_in = BIO_new(BIO_s_mem());
	e->client_out = BIO_new(BIO_s_mem());
	SSL_set_bio(e->client, e->client_in, e->client_out);
	SSL_set_connect_state(e->client);
	SSL_CTX_free(ctx);
}

static void
server_step(struct ends *e)
{
	char byte;

	e->result = tls_conn_handshake(e->conn);
	if (e->result != TLS_WANT_CLAIM)
		return;
	/* While it is pending, further calls change nothing. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(TLS_WANT_CLAIM, tls_conn_handshake(e->conn));
	e->sent_before_claim =
	    recv(e->fds[1], &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
	tls_conn_srp_claimed(e->conn, e->verifier);
	e->result = tls_conn_handshake(e->conn);
}

static void
to_server(struct ends *e)
{
	uint8_t data[16384];
	int n = BIO_read(e->client_out, data, sizeof(data));
	int step = e->chopped ? 1 : n;

	for (int at = 0; at < n; at += step) {
		if (write(e->fds[1], data + at, (size_t)step) != step)
			return; /* it has hung up */
		if (e->result >= 0)
			server_step(e);
	}
}

static void
to_client(struct ends *e)
{
	uint8_t data[16384];
	ssize_t n;

	while ((n = recv(e->fds[1], data, sizeof(data), MSG_DONTWAIT)) > 0)
		assert_int_equal(n, BIO_write(e->client_in, data, (int)n));
}

static void
run(struct ends *e)
{
	assert_int_equal(
	    0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e->fds));
	assert_int_equal(
	    0, tls_conn_accept(&e->conn, e->server, e->fds[0], on_claim, e));
	client_new(e);
	e->result = TLS_WANT_READ;
	for (int i = 0; i < ROUNDS_MAX; i++) {
		e->client_result = SSL_do_handshake(e->client);
		to_server(e);
		to_client(e);
	}
	ERR_clear_error();
}

static void
ends_fini(struct ends *e)
{
	tls_conn_free(e->conn);
	SSL_free(e->client);
	close(e->fds[0]);
	close(e->fds[1]);
}

static void
assert_authenticated(struct ends *e)
{
	assert_int_equal(0, e->result);
	assert_int_equal(1, e->client_result);
	assert_int_equal(1, e->claims);
	assert_false(e->sent_before_claim);
	assert_true(e->attempt.srp);
	assert_true(e->attempt.server_name_matches);
	assert_string_equal(USER, e->attempt.identity);
	assert_true(tls_conn_srp_authenticated(e->conn));
	assert_false(tls_conn_pake_authenticated(e->conn));
	assert_int_equal(2 * SRP_SALT_LEN, strlen(e->salt));
	assert_string_equal("TLSv1.2", tls_conn_version(e->conn));
	assert_string_equal(
	    "SRP-AES-256-CBC-SHA", SSL_get_cipher_name(e->client));
	/* [RFC7030 3.3.3] [RFC5054 2.7] without any certificate */
	assert_null(SSL_get0_peer_certificate(e->client));
}

/* However a guess fails, the client hears the same. */
static void
assert_wrong(struct ends *e)
{
	assert_int_equal(-ERR_CRYPTO, e->result);
	assert_int_not_equal(1, e->client_result);
	assert_int_equal(1, e->claims);
	assert_int_equal(BAD_RECORD_MAC, e->conn->alert_sent);
	assert_false(tls_conn_srp_authenticated(e->conn));
	assert_int_equal(2 * SRP_SALT_LEN, strlen(e->salt));
}

/* Refused at the ClientHello, and it cost no guess. */
static void
assert_refused(struct ends *e, int alert, const char *why)
{
	assert_int_equal(-ERR_CRYPTO, e->result);
	assert_int_equal(alert, e->conn->alert_sent);
	assert_int_equal(0, e->claims);
	assert_non_null(strstr(tls_conn_error(e->conn), why));
	assert_false(tls_conn_srp_authenticated(e->conn));
}

/* --- who knows the password, and who does not --- */

static void
test_right_password(void **state)
{
	struct ends e = ends_init();

	(void)state;
	run(&e);
	assert_authenticated(&e);
	assert_int_equal(1, SSL_get_extms_support(e.client));
	ends_fini(&e);
}

static void
test_right_password_without_pake(void **state)
{
	struct ends e = ends_init();

	(void)state;
	e.server = srp_alone;
	run(&e);
	assert_authenticated(&e);
	ends_fini(&e);
}

static void
test_claim_answered_at_once(void **state)
{
	struct ends e = ends_init();

	(void)state;
	e.claim_at_once = true;
	run(&e);
	assert_authenticated(&e);
	ends_fini(&e);
}

static void
test_byte_by_byte(void **state)
{
	struct ends e = ends_init();

	(void)state;
	e.chopped = true;
	run(&e);
	assert_authenticated(&e);
	ends_fini(&e);
}

/* What binds a request to the connection works here too. [RFC7030 3.5] */
static void
test_tls_unique(void **state)
{
	struct ends e = ends_init();
	struct tls_binding binding;
	uint8_t finished[64];
	size_t len;

	(void)state;
	run(&e);
	assert_authenticated(&e);
	assert_int_equal(0, tls_conn_binding(&binding, e.conn));
	assert_string_equal("tls-unique", binding.type);
	len = SSL_get_finished(e.client, finished, sizeof(finished));
	assert_int_equal(len, binding.len);
	assert_memory_equal(finished, binding.data, len);
	ends_fini(&e);
}

static void
test_wrong_password_refused(void **state)
{
	struct ends e = ends_init();

	(void)state;
	e.password = "DBJ8FV87K2N";
	run(&e);
	assert_wrong(&e);
	ends_fini(&e);
}

/* [RFC5054 2.5.1.3] Known, unknown, locked or removed: the same salt, in every
 * handshake, and the same end. */
static void
test_unknown_looks_the_same_refused(void **state)
{
	struct ends wrong = ends_init(), unknown = ends_init(),
		    other = ends_init();

	(void)state;
	wrong.password = "x";
	run(&wrong);
	assert_wrong(&wrong);
	unknown.verifier = NULL; /* what the owner says of all of them */
	run(&unknown);
	assert_wrong(&unknown);
	assert_string_equal(wrong.salt, unknown.salt);
	assert_string_equal(
	    tls_conn_error(wrong.conn), tls_conn_error(unknown.conn));
	other.user = "NOBODY00";
	other.verifier = NULL;
	run(&other);
	assert_wrong(&other);
	assert_string_not_equal(wrong.salt, other.salt);
	ends_fini(&wrong);
	ends_fini(&unknown);
	ends_fini(&other);
}

/* Nobody is granted what the owner grants to a name that no identity has. */
static void
test_long_user_refused(void **state)
{
	char user[SRP_USER_MAX + 1];
	struct ends e = ends_init();
	struct srp_verifier own;

	(void)state;
	memset(user, 'A', sizeof(user));
	user[PAKE_IDENTITY_MAX + 1] = '\0';
	assert_int_equal(0, srp_register(&own, seed, user, PASSWORD));
	e.user = user;
	e.verifier = &own;
	run(&e);
	assert_wrong(&e);
	assert_string_equal("", e.attempt.identity);
	ends_fini(&e);
	user[PAKE_IDENTITY_MAX + 1] = 'A';
	user[SRP_USER_MAX] = '\0';
	e = ends_init();
	e.user = user;
	e.verifier = &own;
	run(&e);
	assert_wrong(&e);
	ends_fini(&e);
}

/* The user name is part of what is proved, case and all. */
static void
test_other_case_refused(void **state)
{
	struct ends e = ends_init();

	(void)state;
	e.user = "a1b2c3d4";
	run(&e);
	assert_wrong(&e);
	ends_fini(&e);
}

static void
test_freed_while_pending(void **state)
{
	struct ends e = ends_init();

	(void)state;
	assert_int_equal(
	    0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e.fds));
	assert_int_equal(
	    0, tls_conn_accept(&e.conn, e.server, e.fds[0], on_claim, &e));
	client_new(&e);
	SSL_do_handshake(e.client);
	e.claim_at_once = false;
	{
		uint8_t data[4096];
		int n = BIO_read(e.client_out, data, sizeof(data));

		assert_int_equal(n, write(e.fds[1], data, (size_t)n));
	}
	assert_int_equal(TLS_WANT_CLAIM, tls_conn_handshake(e.conn));
	ends_fini(&e);
}

/* --- who gets no SRP --- */

/* [RFC5054 2.5.1] */
static void
test_no_srp_suite_refused(void **state)
{
	static const char *const ciphers[] = {"ECDHE-ECDSA-AES128-GCM-SHA256",
	    "SRP-RSA-AES-256-CBC-SHA:ECDHE-ECDSA-AES128-GCM-SHA256"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(ciphers); i++) {
		struct ends e = ends_init();

		e.ciphers = ciphers[i];
		run(&e);
		assert_refused(
		    &e, HANDSHAKE_FAILURE, "srp without an SRP cipher suite");
		ends_fini(&e);
	}
}

/* Without srp nothing of this is there, on the same server. */
static void
test_plain_clients_unchanged(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct ends e = ends_init();

		e.user = NULL;
		e.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
		e.max_version = versions[i];
		run(&e);
		assert_int_equal(0, e.result);
		assert_int_equal(1, e.client_result);
		assert_int_equal(0, e.claims);
		assert_int_equal(versions[i], SSL_version(e.client));
		assert_false(tls_conn_srp_authenticated(e.conn));
		assert_non_null(SSL_get0_peer_certificate(e.client));
		ends_fini(&e);
	}
}

/* With srp.enabled = no the extension changes nothing. */
static void
test_disabled_is_ordinary(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		struct ends e = ends_init();

		e.server = plain_server;
		e.ciphers = "SRP:ECDHE-ECDSA-AES128-GCM-SHA256";
		e.max_version = versions[i];
		run(&e);
		assert_int_equal(0, e.result);
		assert_int_equal(1, e.client_result);
		assert_int_equal(0, e.claims);
		assert_int_equal(versions[i], SSL_version(e.client));
		assert_false(tls_conn_srp_authenticated(e.conn));
		ends_fini(&e);
	}
}

/* --- what it costs --- */

static int64_t
cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t
failed_handshake_us(const struct srp_verifier *granted)
{
	struct ends e = ends_init();
	int64_t begin = cpu_us();

	e.password = "x";
	e.verifier = granted;
	run(&e);
	assert_wrong(&e);
	ends_fini(&e);
	return cpu_us() - begin;
}

/* Both ends' CPU time; the client does the same in both. The best of several
 * that alternate, since others share the machine. */
static void
test_unknown_costs_the_same(void **state)
{
	int64_t known = INT64_MAX, unknown = INT64_MAX;

	(void)state;
	for (int i = 0; i < 12; i++) {
		int64_t k = failed_handshake_us(&verifier);
		int64_t u = failed_handshake_us(NULL);

		known = k < known ? k : known;
		unknown = u < unknown ? u : unknown;
	}
	print_message("known %lld us, unknown %lld us\n", (long long)known,
	    (long long)unknown);
	assert_true(known < unknown + unknown / 4);
	assert_true(unknown < known + known / 4);
}

static int
setup_all(void **state)
{
	(void)state;
	server = test_server_new_srp(NULL, true, seed);
	srp_alone = test_server_new_srp(NULL, false, seed);
	plain_server = test_server_new(NULL, true);
	return srp_register(&verifier, seed, USER, PASSWORD);
}

static int
teardown_all(void **state)
{
	(void)state;
	tls_server_unref(server);
	tls_server_unref(srp_alone);
	tls_server_unref(plain_server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_right_password),
	    cmocka_unit_test(test_right_password_without_pake),
	    cmocka_unit_test(test_claim_answered_at_once),
	    cmocka_unit_test(test_byte_by_byte),
	    cmocka_unit_test(test_tls_unique),
	    cmocka_unit_test(test_wrong_password_refused),
	    cmocka_unit_test(test_unknown_looks_the_same_refused),
	    cmocka_unit_test(test_long_user_refused),
	    cmocka_unit_test(test_other_case_refused),
	    cmocka_unit_test(test_freed_while_pending),
	    cmocka_unit_test(test_no_srp_suite_refused),
	    cmocka_unit_test(test_plain_clients_unchanged),
	    cmocka_unit_test(test_disabled_is_ordinary),
	    cmocka_unit_test(test_unknown_costs_the_same),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
