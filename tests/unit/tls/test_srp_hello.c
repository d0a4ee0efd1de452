/* TLS-SRP: ClientHellos written by hand, what is refused, with which alert, and
 * that it costs no guess. */
#include "tests/unit/cmocka.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/tls/support.h"
#include "tls/conn_internal.h"
#include "tls/pake_wire.h"

#define USER "A1B2C3D4"

enum alert {
	HANDSHAKE_FAILURE = 40,
	ILLEGAL_PARAMETER = 47,
	DECODE_ERROR = 50,
	PROTOCOL_VERSION = 70,
};

static const uint8_t seed[SRP_SEED_LEN] = "a seed of thirty-two octets long";
static struct tls_server *server;
static struct srp_verifier srp_record;
static struct spake2p_secret pake_secret;
static struct verifier pake_record;

/* A server's end that is stepped by hand. */
struct end {
	int fds[2];
	struct tls_conn *conn;
	unsigned int claims;
	struct pake_attempt attempt;
	int result;
};

static struct end
end_init(void)
{
	return (struct end){.claims = 0};
}

static void
end_fini(struct end *e)
{
	tls_conn_free(e->conn);
	close(e->fds[0]);
	close(e->fds[1]);
}

static void
on_claim(void *owner, const struct pake_attempt *attempt)
{
	struct end *e = owner;

	e->claims++;
	e->attempt = *attempt;
}

static void
put(struct buf *b, const void *data, size_t len)
{
	assert_int_equal(0, buf_add(b, data, len));
}

static void
put16(struct buf *b, size_t value)
{
	const uint8_t raw[] = {(uint8_t)(value >> 8), (uint8_t)value};

	put(b, raw, 2);
}

static void
put_extension(struct buf *b, unsigned int type, struct bytes body)
{
	put16(b, type);
	put16(b, body.len);
	put(b, body.data, body.len);
}

#define LITERAL(...)                                                           \
	((struct bytes){(const uint8_t[]){__VA_ARGS__},                        \
	    sizeof((const uint8_t[]){__VA_ARGS__})})

struct hello {
	struct bytes srp, pake; /* data NULL: without */
	struct bytes versions;  /* the extension's body; NULL: without */
	bool srp_twice;
	const char *suites; /* "" of the default: both kinds */
	size_t suites_len;
};

#define SUITES "\x13\x01\xc0\x2b\xc0\x20"
#define GOOD_SRP LITERAL(8, 'A', '1', 'B', '2', 'C', '3', 'D', '4')
#define BOTH_VERSIONS LITERAL(4, 3, 4, 3, 3)

static void
hello_build(struct buf *out, const struct hello *h)
{
	struct buf extensions = {0}, body = {0};
	uint8_t share[38] = {0, 36, 0, 29, 0, 32, 9};
	const char *suites = h->suites != NULL ? h->suites : SUITES;
	size_t suites_len = h->suites != NULL ? h->suites_len : 6;

	put_extension(&extensions, 10, LITERAL(0, 4, 0, 29, 0, 23));
	put_extension(&extensions, 13, LITERAL(0, 2, 4, 3));
	put_extension(&extensions, 51, (struct bytes){share, sizeof(share)});
	if (h->versions.data != NULL)
		put_extension(&extensions, 43, h->versions);
	if (h->pake.data != NULL)
		put_extension(&extensions, PAKE_EXTENSION_DEFAULT, h->pake);
	for (int i = 0; i < 1 + h->srp_twice; i++)
		if (h->srp.data != NULL)
			put_extension(&extensions, 12, h->srp);
	put16(&body, 0x0303);
	put(&body, "0123456789abcdef0123456789abcdef", 33);
	put16(&body, suites_len);
	put(&body, suites, suites_len);
	put(&body, "\x01\x00", 2);
	put16(&body, extensions.len);
	put(&body, extensions.data, extensions.len);
	put(out, "\x16\x03\x01", 3);
	put16(out, body.len + 4);
	put(out, "\x01\x00", 2);
	put16(out, body.len);
	put(out, body.data, body.len);
	buf_fini(&extensions);
	buf_fini(&body);
}

static void
send_hello(struct end *e, const struct hello *h)
{
	struct buf b = {0};

	hello_build(&b, h);
	assert_int_equal(
	    0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e->fds));
	assert_int_equal(
	    0, tls_conn_accept(&e->conn, server, e->fds[0], on_claim, e));
	assert_int_equal(b.len, write(e->fds[1], b.data, b.len));
	buf_fini(&b);
	e->result = tls_conn_handshake(e->conn);
}

static void
assert_hello_refused(const struct hello *h, int alert, const char *why)
{
	struct end e = end_init();

	send_hello(&e, h);
	assert_int_equal(-ERR_CRYPTO, e.result);
	assert_int_equal(alert, e.conn->alert_sent);
	assert_int_equal(0, e.claims);
	assert_non_null(strstr(tls_conn_error(e.conn), why));
	assert_false(tls_conn_srp_authenticated(e.conn));
	end_fini(&e);
}

static void
test_good_hello_claims(void **state)
{
	struct end e = end_init();

	(void)state;
	send_hello(&e, &(struct hello){.srp = GOOD_SRP});
	assert_int_equal(TLS_WANT_CLAIM, e.result);
	assert_int_equal(1, e.claims);
	assert_string_equal(USER, e.attempt.identity);
	end_fini(&e);
	/* and with both versions */
	e = end_init();
	send_hello(
	    &e, &(struct hello){.srp = GOOD_SRP, .versions = BOTH_VERSIONS});
	assert_int_equal(TLS_WANT_CLAIM, e.result);
	end_fini(&e);
}

/* [RFC5054 2.8.1] */
static void
test_malformed_extension_refused(void **state)
{
	const struct bytes bad[] = {LITERAL(0), LITERAL(8), LITERAL(1),
	    LITERAL(2, 'A'), LITERAL(1, 'A', 'B'), LITERAL(2, 'A', 0),
	    LITERAL(2, 0, 'A'), LITERAL(0, 'A'), LITERAL(255, 'A')};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_hello_refused(&(struct hello){.srp = bad[i]},
		    DECODE_ERROR, "srp cannot be decoded");
	assert_hello_refused(
	    &(struct hello){.srp = {(const uint8_t *)"", 0}}, DECODE_ERROR, "");
	/* libssl refuses a second one before anybody sees it. */
	assert_hello_refused(
	    &(struct hello){.srp = GOOD_SRP, .srp_twice = true},
	    ILLEGAL_PARAMETER, "");
}

/* [RFC5054 2.5.1] SRP or nothing: not TLS 1.3, not another suite.
 * [RFC8446 4.2.1] The versions are those of supported_versions. */
static void
test_tls13_alone_refused(void **state)
{
	(void)state;
	assert_hello_refused(
	    &(struct hello){.srp = GOOD_SRP, .versions = LITERAL(2, 3, 4)},
	    PROTOCOL_VERSION, "srp without TLS 1.2");
	assert_hello_refused(
	    &(struct hello){.srp = GOOD_SRP, .versions = LITERAL(2, 3, 2)},
	    PROTOCOL_VERSION, "srp without TLS 1.2");
}

static void
test_hello_without_suite_refused(void **state)
{
	/* none, SRP-RSA, 3DES, and one whose second octet begins another */
	static const char *const suites[] = {"\x13\x01\xc0\x2b",
	    "\xc0\x21\xc0\x1e", "\xc0\x1a\x13\x01", "\x13\xc0\x20\x01"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(suites); i++)
		assert_hello_refused(
		    &(struct hello){
			.srp = GOOD_SRP, .suites = suites[i], .suites_len = 4},
		    HANDSHAKE_FAILURE, "srp without an SRP cipher suite");
}

/* SRP suites without the extension: not chosen, since only the extension makes
 * a connection one of SRP. */
static void
test_suite_without_extension_refused(void **state)
{
	(void)state;
	assert_hello_refused(
	    &(struct hello){.suites = "\xc0\x20\xc0\x1d", .suites_len = 4},
	    HANDSHAKE_FAILURE, "no shared cipher");
}

static void
make_pake_extension(struct blob *out)
{
	struct spake2p_suite *suite;
	struct pake_client_hello hello = {
	    .client_identity = {(const uint8_t *)TEST_IDENTITY,
		strlen(TEST_IDENTITY)},
	    .server_identity = {(const uint8_t *)TEST_SERVER_NAME,
		strlen(TEST_SERVER_NAME)},
	    .share_p = pake_record.l}; /* any point of the curve */

	assert_int_equal(0, spake2p_suite_new(&suite));
	assert_int_equal(0, pake_client_hello_encode(
				out, &hello, PAKE_SCHEME_SPAKE2PLUS_DEFAULT));
	spake2p_suite_free(suite);
}

/* One claim, the PAKE's; an SRP extension beside it is not even parsed. */
static void
test_pake_goes_first(void **state)
{
	struct end e = end_init();
	struct blob pake;

	(void)state;
	make_pake_extension(&pake);
	send_hello(&e, &(struct hello){.srp = GOOD_SRP,
			   .pake = blob_bytes(&pake),
			   .versions = BOTH_VERSIONS});
	assert_int_equal(TLS_WANT_CLAIM, e.result);
	assert_int_equal(1, e.claims);
	assert_false(e.attempt.srp);
	/* An answer to what was not asked changes nothing. */
	tls_conn_srp_claimed(e.conn, &srp_record);
	assert_int_equal(TLS_WANT_CLAIM, tls_conn_handshake(e.conn));
	tls_conn_claimed(e.conn, &pake_record);
	assert_int_equal(TLS_WANT_READ, tls_conn_handshake(e.conn));
	assert_int_equal(1, e.claims);
	assert_string_equal("TLSv1.3", tls_conn_version(e.conn));
	assert_false(tls_conn_srp_authenticated(e.conn));
	end_fini(&e);
	blob_fini(&pake);
}

static void
test_srp_is_not_answered_by_pake(void **state)
{
	struct end e = end_init();

	(void)state;
	send_hello(&e, &(struct hello){.srp = GOOD_SRP});
	tls_conn_claimed(e.conn, &pake_record);
	assert_int_equal(TLS_WANT_CLAIM, tls_conn_handshake(e.conn));
	end_fini(&e);
}

static int
setup_all(void **state)
{
	(void)state;
	server = test_server_new_srp(NULL, true, seed);
	test_secret_new(&pake_secret, &pake_record);
	return srp_register(&srp_record, seed, USER, "DBJ8FV87K2M");
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
	    cmocka_unit_test(test_good_hello_claims),
	    cmocka_unit_test(test_malformed_extension_refused),
	    cmocka_unit_test(test_tls13_alone_refused),
	    cmocka_unit_test(test_hello_without_suite_refused),
	    cmocka_unit_test(test_suite_without_extension_refused),
	    cmocka_unit_test(test_pake_goes_first),
	    cmocka_unit_test(test_srp_is_not_answered_by_pake),
	};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
