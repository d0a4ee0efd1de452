/* ClientHellos written by hand: what is refused, with which alert, and that it
 * costs no guess. */
#include "tests/unit/cmocka.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/tls/support.h"
#include "tls/conn_internal.h"
#include "tls/pake_wire.h"

enum alert {
	ILLEGAL_PARAMETER = 47,
	DECODE_ERROR = 50,
	PROTOCOL_VERSION = 70,
	MISSING_EXTENSION = 109,
};

enum extension {
	SUPPORTED_GROUPS = 10,
	SIGNATURE_ALGORITHMS = 13,
	EARLY_DATA = 42,
	SUPPORTED_VERSIONS = 43,
	PRE_SHARED_KEY = 41,
	KEY_SHARE = 51,
};

static struct tls_server *server;
static struct spake2p_secret secret;
static struct verifier record;
static struct blob good_pake; /* the extension's body */

static void
put(struct buf *b, const void *data, size_t len)
{
	assert_int_equal(0, buf_add(b, data, len));
}

static void
put8(struct buf *b, size_t value)
{
	const uint8_t raw = (uint8_t)value;

	put(b, &raw, 1);
}

static void
put16(struct buf *b, size_t value)
{
	put8(b, value >> 8);
	put8(b, value & 0xff);
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

/* What a hello has; the defaults make a good one. */
struct hello {
	struct bytes pake;  /* NULL: without */
	unsigned int omit;  /* an extension */
	unsigned int extra; /* one more, at the end, of one byte */
	bool tls12;         /* supported_versions is without TLS 1.3 */
	bool p521_share;    /* makes the server ask for another */
};

static void
put_key_share(struct buf *b, bool p521)
{
	uint8_t share[4 + 2 + 133];
	size_t len = p521 ? 133 : 32;

	/* X25519 takes any 32 bytes; of P-521 the server reads none. */
	memset(share, 9, sizeof(share));
	share[0] = 0;
	share[1] = (uint8_t)(len + 4);
	share[2] = 0;
	share[3] = p521 ? 25 : 29;
	share[4] = 0;
	share[5] = (uint8_t)len;
	put_extension(b, KEY_SHARE, (struct bytes){share, 6 + len});
}

static void
put_extensions(struct buf *b, const struct hello *h)
{
	if (h->omit != SUPPORTED_VERSIONS)
		put_extension(b, SUPPORTED_VERSIONS,
		    h->tls12 ? LITERAL(2, 3, 3) : LITERAL(4, 3, 4, 3, 3));
	if (h->omit != SUPPORTED_GROUPS)
		put_extension(b, SUPPORTED_GROUPS,
		    LITERAL(0, 8, 0, 29, 0, 23, 0, 24, 0, 25));
	if (h->omit != SIGNATURE_ALGORITHMS)
		put_extension(b, SIGNATURE_ALGORITHMS, LITERAL(0, 2, 4, 3));
	if (h->omit != KEY_SHARE)
		put_key_share(b, h->p521_share);
	if (h->pake.data != NULL)
		put_extension(b, PAKE_EXTENSION_DEFAULT, h->pake);
	if (h->extra != 0)
		put_extension(b, h->extra, LITERAL(0));
}

/* [RFC8446 4.1.2] in one record */
static void
hello_build(struct buf *out, const struct hello *h)
{
	struct buf extensions = {0}, body = {0};

	put_extensions(&extensions, h);
	put16(&body, 0x0303);
	put(&body, "0123456789abcdef0123456789abcdef", 32);
	put8(&body, 0);
	put(&body, "\x00\x04\x13\x01\xc0\x2b", 6);
	put(&body, "\x01\x00", 2);
	put16(&body, extensions.len);
	put(&body, extensions.data, extensions.len);
	put(out, "\x16\x03\x01", 3);
	put16(out, body.len + 4);
	put8(out, 1);
	put8(out, 0);
	put16(out, body.len);
	put(out, body.data, body.len);
	buf_fini(&extensions);
	buf_fini(&body);
}

/* A server's end that is stepped by hand. */
struct end {
	int fds[2];
	struct tls_conn *conn;
	unsigned int claims;
};

static void
on_claim(void *owner, const struct pake_attempt *attempt)
{
	(void)attempt;
	((struct end *)owner)->claims++;
}

static void
end_init(struct end *e)
{
	*e = (struct end){.claims = 0};
	assert_int_equal(
	    0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e->fds));
	assert_int_equal(
	    0, tls_conn_accept(&e->conn, server, e->fds[0], on_claim, e));
}

static void
end_fini(struct end *e)
{
	tls_conn_free(e->conn);
	close(e->fds[0]);
	close(e->fds[1]);
}

static int
send_hello(struct end *e, const struct hello *h)
{
	struct buf b = {0};

	hello_build(&b, h);
	assert_int_equal(b.len, write(e->fds[1], b.data, b.len));
	buf_fini(&b);
	return tls_conn_handshake(e->conn);
}

/* The fatal alert that is all the server sent, or -1. */
static int
alert_sent(const struct end *e)
{
	uint8_t record_bytes[64];
	ssize_t n = read(e->fds[1], record_bytes, sizeof(record_bytes));

	if (n != 7 || record_bytes[0] != 21 || record_bytes[5] != 2)
		return -1;
	return record_bytes[6];
}

static void
assert_refused(const struct hello *h, int alert)
{
	struct end e;

	end_init(&e);
	assert_int_equal(-ERR_CRYPTO, send_hello(&e, h));
	assert_int_equal(alert, alert_sent(&e));
	assert_int_equal(0, e.claims);
	assert_false(tls_conn_pake_attempted(e.conn));
	assert_false(tls_conn_pake_authenticated(e.conn));
	assert_non_null(strstr(tls_conn_error(e.conn), "ClientHello refused"));
	assert_int_equal(-ERR_CLOSED, tls_conn_handshake(e.conn));
	end_fini(&e);
}

static void
test_good_hello_claims(void **state)
{
	const struct hello h = {.pake = blob_bytes(&good_pake)};
	struct end e;

	(void)state;
	end_init(&e);
	assert_int_equal(TLS_WANT_CLAIM, send_hello(&e, &h));
	assert_int_equal(1, e.claims);
	/* Nothing left before the claim. */
	assert_int_equal(-1, alert_sent(&e));
	assert_string_equal(TEST_IDENTITY, tls_conn_pake_identity(e.conn));
	tls_conn_claimed(e.conn, &record);
	assert_int_equal(TLS_WANT_READ, tls_conn_handshake(e.conn));
	assert_false(tls_conn_pake_authenticated(e.conn));
	end_fini(&e);
}

static void
test_companions_refused(void **state)
{
	const struct bytes pake = blob_bytes(&good_pake);

	(void)state;
	assert_refused(
	    &(struct hello){.pake = pake, .tls12 = true}, PROTOCOL_VERSION);
	assert_refused(
	    &(struct hello){.pake = pake, .omit = SUPPORTED_VERSIONS},
	    PROTOCOL_VERSION);
	assert_refused(&(struct hello){.pake = pake, .extra = PRE_SHARED_KEY},
	    ILLEGAL_PARAMETER);
	assert_refused(&(struct hello){.pake = pake, .extra = EARLY_DATA},
	    ILLEGAL_PARAMETER);
	assert_refused(&(struct hello){.pake = pake, .omit = SUPPORTED_GROUPS},
	    MISSING_EXTENSION);
	assert_refused(&(struct hello){.pake = pake, .omit = KEY_SHARE},
	    MISSING_EXTENSION);
	assert_refused(
	    &(struct hello){.pake = pake, .omit = SIGNATURE_ALGORITHMS},
	    MISSING_EXTENSION);
}

static void
test_truncated_extension_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < good_pake.len; len++)
		assert_refused(&(struct hello){.pake = {good_pake.data, len}},
		    DECODE_ERROR);
}

static void
assert_changed_refused(size_t at, uint8_t value, int alert)
{
	struct blob changed;

	assert_int_equal(0, blob_copy(&changed, blob_bytes(&good_pake)));
	changed.data[at] = value;
	assert_refused(&(struct hello){.pake = blob_bytes(&changed)}, alert);
	blob_fini(&changed);
}

static void
test_bad_share_refused(void **state)
{
	size_t share = good_pake.len - SPAKE2P_POINT_LEN;
	uint8_t last = good_pake.data[good_pake.len - 1];

	(void)state;
	/* off the curve, other forms, another scheme, another length */
	assert_changed_refused(good_pake.len - 1, last ^ 1, ILLEGAL_PARAMETER);
	assert_changed_refused(share, 0, ILLEGAL_PARAMETER);
	assert_changed_refused(share, 2, ILLEGAL_PARAMETER);
	assert_changed_refused(share, 6, ILLEGAL_PARAMETER);
	assert_changed_refused(share - 3, 0x97, ILLEGAL_PARAMETER);
	assert_changed_refused(share - 1, 64, DECODE_ERROR);
}

static void
put_identity(struct buf *b, const char *identity)
{
	put16(b, strlen(identity));
	put(b, identity, strlen(identity));
}

/* The same for an identity that nobody has: nothing was looked up. */
static void
test_bad_share_of_unknown_refused(void **state)
{
	struct buf b = {0};

	(void)state;
	put_identity(&b, "NOBODY00");
	put_identity(&b, TEST_SERVER_NAME);
	put16(&b, 4 + 65);
	put16(&b, PAKE_SCHEME_SPAKE2PLUS_DEFAULT);
	put16(&b, 65);
	put8(&b, 4);
	for (int i = 0; i < 64; i++)
		put8(&b, 0);
	assert_refused(
	    &(struct hello){.pake = {(const uint8_t *)b.data, b.len}},
	    ILLEGAL_PARAMETER);
	buf_fini(&b);
}

/* A hello whose identity is as long as the wire allows is simulated. */
static void
test_longest_identity_is_simulated(void **state)
{
	struct pake_client_hello hello;
	static uint8_t identity[60000];
	struct blob b;
	struct end e;

	(void)state;
	memset(identity, 'x', sizeof(identity));
	assert_int_equal(
	    0, pake_client_hello_parse(&hello, blob_bytes(&good_pake),
		   PAKE_SCHEME_SPAKE2PLUS_DEFAULT));
	hello.client_identity = (struct bytes){identity, 12000};
	assert_int_equal(0, pake_client_hello_encode(
				&b, &hello, PAKE_SCHEME_SPAKE2PLUS_DEFAULT));
	end_init(&e);
	assert_int_equal(TLS_WANT_CLAIM,
	    send_hello(&e, &(struct hello){.pake = blob_bytes(&b)}));
	assert_string_equal("", tls_conn_pake_identity(e.conn));
	tls_conn_claimed(e.conn, &record);
	assert_false(e.conn->pake_server.granted);
	end_fini(&e);
	blob_fini(&b);
}

/* Sends the first hello, takes the HelloRetryRequest, sends the second. */
static int
retry(struct end *e, const struct hello *first, const struct hello *second)
{
	uint8_t answer[512];
	int r;

	end_init(e);
	r = send_hello(e, first);
	if (r == TLS_WANT_CLAIM) {
		tls_conn_claimed(e->conn, &record);
		r = tls_conn_handshake(e->conn);
	}
	assert_int_equal(TLS_WANT_READ, r);
	assert_true(read(e->fds[1], answer, sizeof(answer)) > 0);
	assert_int_equal(22, answer[0]);
	assert_memory_equal("\xcf\x21\xad\x74", answer + 11, 4);
	return send_hello(e, second);
}

static void
assert_second_refused(const struct hello *first, const struct hello *second)
{
	struct end e;

	assert_int_equal(-ERR_CRYPTO, retry(&e, first, second));
	assert_int_equal(ILLEGAL_PARAMETER, alert_sent(&e));
	assert_true(e.claims <= 1);
	assert_false(tls_conn_pake_authenticated(e.conn));
	end_fini(&e);
}

/* [RFC8446 4.1.2] */
static void
test_second_hello_tampered_refused(void **state)
{
	const struct hello first = {
	    .pake = blob_bytes(&good_pake), .p521_share = true};
	const struct hello plain = {.p521_share = true};
	struct blob changed;

	(void)state;
	for (size_t at = 0; at < good_pake.len; at += 7) {
		assert_int_equal(
		    0, blob_copy(&changed, blob_bytes(&good_pake)));
		changed.data[at] ^= 1;
		assert_second_refused(
		    &first, &(struct hello){.pake = blob_bytes(&changed)});
		blob_fini(&changed);
	}
	/* gone, and out of nowhere */
	assert_second_refused(&first, &(struct hello){.omit = 0});
	assert_second_refused(
	    &plain, &(struct hello){.pake = blob_bytes(&good_pake)});
}

static void
test_second_hello_repeated(void **state)
{
	const struct hello first = {
	    .pake = blob_bytes(&good_pake), .p521_share = true};
	const struct hello second = {.pake = blob_bytes(&good_pake)};
	struct end e;

	(void)state;
	assert_int_equal(TLS_WANT_READ, retry(&e, &first, &second));
	assert_int_equal(1, e.claims);
	assert_int_equal(PAKE_ARMED, e.conn->pake_server.state);
	assert_true(e.conn->pake_server.injected);
	assert_false(tls_conn_pake_authenticated(e.conn));
	end_fini(&e);
}

/* A server that does not offer PAKE leaves the extension alone. */
static void
test_ignored_without_pake(void **state)
{
	const struct hello h = {.pake = blob_bytes(&good_pake)};
	struct tls_server *plain = test_server_new(NULL, false);
	struct end e;

	(void)state;
	end_init(&e);
	tls_conn_free(e.conn);
	assert_int_equal(
	    0, tls_conn_accept(&e.conn, plain, e.fds[0], on_claim, &e));
	assert_int_equal(TLS_WANT_READ, send_hello(&e, &h));
	assert_int_equal(0, e.claims);
	assert_false(tls_conn_pake_attempted(e.conn));
	end_fini(&e);
	tls_server_unref(plain);
}

static void
make_good_pake(void)
{
	struct spake2p_suite *suite;
	struct pake_client_hello hello;
	uint8_t share[SPAKE2P_POINT_LEN], x[SPAKE2P_SCALAR_LEN];

	assert_int_equal(0, spake2p_suite_new(&suite));
	assert_int_equal(0, spake2p_scalar_random(suite, x));
	assert_int_equal(0, spake2p_prover_share(share, suite, &secret, x));
	hello = (struct pake_client_hello){
	    {(const uint8_t *)TEST_IDENTITY, strlen(TEST_IDENTITY)},
	    {(const uint8_t *)TEST_SERVER_NAME, strlen(TEST_SERVER_NAME)},
	    share};
	assert_int_equal(0, pake_client_hello_encode(&good_pake, &hello,
				PAKE_SCHEME_SPAKE2PLUS_DEFAULT));
	spake2p_suite_free(suite);
}

static int
setup(void **state)
{
	(void)state;
	server = test_server_new(NULL, true);
	test_secret_new(&secret, &record);
	make_good_pake();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tls_server_unref(server);
	blob_fini(&good_pake);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_hello_claims),
	    cmocka_unit_test(test_companions_refused),
	    cmocka_unit_test(test_truncated_extension_refused),
	    cmocka_unit_test(test_bad_share_refused),
	    cmocka_unit_test(test_bad_share_of_unknown_refused),
	    cmocka_unit_test(test_longest_identity_is_simulated),
	    cmocka_unit_test(test_second_hello_tampered_refused),
	    cmocka_unit_test(test_second_hello_repeated),
	    cmocka_unit_test(test_ignored_without_pake),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
