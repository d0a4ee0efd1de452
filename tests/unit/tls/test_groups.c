/* Which groups the two contexts of a server agree on, also those that need a
 * HelloRetryRequest, and ClientHellos that come in pieces: with X25519MLKEM768
 * they do not fit into one segment. */
#include "tests/unit/cmocka.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/util.h"
#include "tests/unit/tls/support.h"
#include "tls/conn_internal.h"

#define ROUNDS_MAX 16
/* What TCP over Ethernet carries, without options. */
#define SEGMENT_MAX ((size_t)1460)
/* As libssl names a group that has no NID. */
#define HYBRID (TLSEXT_nid_unknown | 0x11ec)

static struct tls_server *server;
static struct spake2p_secret secret, wrong;
static struct verifier record;
static bool has_hybrid;

struct ends {
	const char *groups; /* the client's; NULL: its usual ones */
	bool pake, guess;   /* by PAKE; with the wrong secret */
	size_t piece;       /* the client's bytes arrive by so many */

	int client_fds[2], server_fds[2]; /* each its own, and the relay's */
	struct client_setup setup;
	struct tls_conn *client, *server;
	int client_result, server_result;
	unsigned int flights; /* the client's */
	size_t hello_len;
	unsigned int claims;
};

static void
on_claim(void *owner, const struct pake_attempt *attempt)
{
	struct ends *e = owner;

	(void)attempt;
	e->claims++;
}

static void
make_pair(int fds[2])
{
	assert_int_equal(
	    0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds));
}

static void
ends_init(struct ends *e)
{
	struct tls_client_config config =
	    test_client_config(e->pake ? TEST_IDENTITY : NULL);
	const struct spake2p_secret *known = e->guess ? &wrong : &secret;
	struct reason why;

	make_pair(e->client_fds);
	make_pair(e->server_fds);
	assert_int_equal(
	    0, client_setup_init(&e->setup, &config, e->groups, &why));
	assert_int_equal(
	    0, client_conn_new(&e->client, e->client_fds[0], &e->setup, &config,
		   e->pake ? known : NULL, &why));
	assert_int_equal(0,
	    tls_conn_accept(&e->server, server, e->server_fds[0], on_claim, e));
}

static void
ends_fini(struct ends *e)
{
	tls_conn_free(e->client);
	tls_conn_free(e->server);
	client_setup_fini(&e->setup);
	for (int i = 0; i < 2; i++) {
		close(e->client_fds[i]);
		close(e->server_fds[i]);
	}
}

static void
step_server(struct ends *e)
{
	if (e->server_result < 0)
		return;
	e->server_result = tls_conn_handshake(e->server);
	if (e->server_result != TLS_WANT_CLAIM)
		return;
	tls_conn_claimed(e->server, &record);
	e->server_result = tls_conn_handshake(e->server);
}

static void
to_server(struct ends *e)
{
	uint8_t data[16384];
	ssize_t n = recv(e->client_fds[1], data, sizeof(data), 0);

	if (n <= 0)
		return;
	if (e->flights++ == 0)
		e->hello_len = (size_t)n;
	for (size_t at = 0, len; at < (size_t)n; at += len) {
		len = (size_t)n - at < e->piece ? (size_t)n - at : e->piece;
		assert_int_equal(
		    len, send(e->server_fds[1], data + at, len, MSG_NOSIGNAL));
		step_server(e);
	}
}

static void
to_client(const struct ends *e)
{
	uint8_t data[16384];
	ssize_t n = recv(e->server_fds[1], data, sizeof(data), 0);

	if (n > 0)
		assert_int_equal(
		    n, send(e->client_fds[1], data, (size_t)n, MSG_NOSIGNAL));
}

static void
run(struct ends *e)
{
	ends_init(e);
	e->server_result = TLS_WANT_READ;
	for (int i = 0; i < ROUNDS_MAX; i++) {
		e->client_result = tls_conn_handshake(e->client);
		to_server(e);
		to_client(e);
	}
}

struct expected {
	const char *groups;
	int group;            /* a NID, as libssl reports it */
	unsigned int flights; /* 3: a HelloRetryRequest */
};

static void
assert_agreed(const struct expected *x, bool pake, size_t piece)
{
	struct ends e = {.groups = x->groups, .pake = pake, .piece = piece};

	run(&e);
	if (e.client_result != 0 || e.server_result != 0)
		fail_msg("%s: client: %s; server: %s",
		    x->groups != NULL ? x->groups : "usual",
		    tls_conn_error(e.client), tls_conn_error(e.server));
	assert_int_equal(x->group, SSL_get_negotiated_group(e.server->ssl));
	assert_int_equal(x->flights, e.flights);
	assert_int_equal(pake, tls_conn_pake_authenticated(e.server));
	assert_int_equal(pake ? 1 : 0, e.claims);
	if (x->group == HYBRID && e.flights == 2)
		assert_true(e.hello_len > SEGMENT_MAX - 200);
	ends_fini(&e);
}

static void
assert_all_agreed(const struct expected *x, size_t n, bool pake)
{
	static const size_t pieces[] = {16384, SEGMENT_MAX, 100, 1};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(pieces); k++)
			if (x[i].group != HYBRID || has_hybrid)
				assert_agreed(&x[i], pake, pieces[k]);
}

/* The client's order decides; nobody is sent back for a better group. */
static void
test_front(void **state)
{
	const struct expected all[] = {
	    {NULL, has_hybrid ? HYBRID : NID_X25519, 2},
	    {"X25519", NID_X25519, 2},
	    {"P-256:X25519", NID_X9_62_prime256v1, 2},
	    {"P-384", NID_secp384r1, 2},
	    {"P-521:P-256", NID_X9_62_prime256v1, 3},
	    {"X25519MLKEM768", HYBRID, 2}, {"X25519MLKEM768:X25519", HYBRID, 2},
	    {"P-521:X25519MLKEM768", HYBRID, 3}};

	(void)state;
	assert_all_agreed(all, ARRAY_LEN(all), false);
	if (has_hybrid)
		assert_agreed(
		    &(struct expected){"X25519:X25519MLKEM768", NID_X25519, 2},
		    false, SEGMENT_MAX);
}

static void
test_pake(void **state)
{
	const struct expected all[] = {
	    {NULL, has_hybrid ? HYBRID : NID_X25519, 2},
	    {"x25519", NID_X25519, 2},
	    {"secp256r1:x25519", NID_X9_62_prime256v1, 2},
	    {"secp384r1:x25519", NID_X25519, 3}, {"X25519MLKEM768", HYBRID, 2},
	    {"secp384r1:X25519MLKEM768", HYBRID, 3}};

	(void)state;
	assert_all_agreed(all, ARRAY_LEN(all), true);
}

/* The groups that only the front context takes are no way into the other. */
static void
test_pake_without_common_group_refused(void **state)
{
	struct ends e = {
	    .groups = "secp384r1", .pake = true, .piece = SEGMENT_MAX};

	(void)state;
	run(&e);
	assert_true(e.client_result < 0 && e.server_result < 0);
	assert_false(tls_conn_pake_authenticated(e.server));
	assert_string_equal(
	    "received alert 40 (handshake failure)", tls_conn_error(e.client));
	ends_fini(&e);
}

static void
test_wrong_code_refused(void **state)
{
	static const char *const groups[] = {
	    NULL, "x25519", "secp256r1", "secp384r1:x25519"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
		struct ends e = {.groups = groups[i],
		    .pake = true,
		    .guess = true,
		    .piece = SEGMENT_MAX};

		run(&e);
		assert_true(e.client_result < 0 && e.server_result < 0);
		assert_false(tls_conn_pake_authenticated(e.server));
		assert_int_equal(1, e.claims);
		assert_string_equal("received alert 51 (decrypt error)",
		    tls_conn_error(e.server));
		ends_fini(&e);
	}
}

static int
setup(void **state)
{
	EVP_KEYMGMT *hybrid = EVP_KEYMGMT_fetch(NULL, "X25519MLKEM768", NULL);

	(void)state;
	has_hybrid = hybrid != NULL;
	EVP_KEYMGMT_free(hybrid);
	test_secret_new(&secret, &record);
	test_secret_new(&wrong, NULL);
	server = test_server_new(NULL, true);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	tls_server_unref(server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_front),
	    cmocka_unit_test(test_pake),
	    cmocka_unit_test(test_pake_without_common_group_refused),
	    cmocka_unit_test(test_wrong_code_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
