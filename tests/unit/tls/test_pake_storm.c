/* Ten thousand handshakes, right, wrong and plain mixed, on eight threads: the
 * thread-local injection never meets the wrong connection. */
#include "tests/unit/cmocka.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tls/support.h"
#include "tls/conn_internal.h"

#define N_THREADS 8
#define N_HANDSHAKES 10000

enum kind {
	RIGHT,
	RIGHT_P256,
	RIGHT_RETRY,
	WRONG,
	WRONG_RETRY,
	UNKNOWN,
	LOCKED,
	PLAIN,
	PLAIN_TLS12,
	N_KINDS,
};

static struct tls_server *server;
static struct spake2p_secret secret, wrong;
static struct verifier record;
static struct client_setup setups[N_KINDS];
static struct tls_client_config configs[N_KINDS];
static atomic_uint next_number, n_right, n_bad;

static bool
is_right(enum kind kind)
{
	return kind == RIGHT || kind == RIGHT_P256 || kind == RIGHT_RETRY;
}

static bool
is_plain(enum kind kind)
{
	return kind == PLAIN || kind == PLAIN_TLS12;
}

static bool
as_expected(enum kind kind, const struct test_service *s, int outcome)
{
	unsigned int claims = is_plain(kind) ? 0 : 1;

	if (s->n_claims != claims || s->attempted != (claims == 1) ||
	    s->authenticated != is_right(kind))
		return false;
	if (is_right(kind) || is_plain(kind))
		return outcome == 0 && s->result == 0;
	return outcome == TLS_CLIENT_WRONG_CODE && s->result < 0;
}

struct service_box {
	struct test_service service;
	int go[2], done[2]; /* pipes */
};

/* Serves one connection after the other. */
static void *
service_main(void *arg)
{
	struct service_box *box = arg;
	char c;

	while (read(box->go[0], &c, 1) == 1) {
		test_service_run(&box->service);
		if (write(box->done[1], &c, 1) != 1)
			break;
	}
	return NULL;
}

static bool
one(struct service_box *box, enum kind kind)
{
	const struct spake2p_secret *use =
	    kind == WRONG || kind == WRONG_RETRY ? &wrong : &secret;
	struct test_service *s = &box->service;
	struct tls_conn *conn;
	struct reason why;
	int outcome;
	char c = 0;

	*s = (struct test_service){.server = server,
	    .record = kind == LOCKED ? NULL : &record,
	    .only_identity = TEST_IDENTITY,
	    .claim_at_once = kind == RIGHT_P256};
	test_service_pair(s);
	if (write(box->go[1], &c, 1) != 1)
		return false;
	outcome = client_connect(
	    &conn, s->fds[1], &setups[kind], &configs[kind], use, &why);
	if (outcome == 0 && !test_echo(conn, s->fds[1], "storm"))
		outcome = -ERR_IO;
	close(s->fds[1]);
	if (read(box->done[0], &c, 1) != 1)
		return false;
	if (outcome == 0)
		tls_conn_free(conn);
	return as_expected(kind, s, outcome);
}

static void *
client_main(void *arg)
{
	struct service_box box;
	pthread_t thread;
	unsigned int number;

	(void)arg;
	if (pipe(box.go) != 0 || pipe(box.done) != 0 ||
	    pthread_create(&thread, NULL, service_main, &box) != 0) {
		atomic_fetch_add(&n_bad, 1);
		return NULL;
	}
	while ((number = atomic_fetch_add(&next_number, 1)) < N_HANDSHAKES) {
		enum kind kind = (number * 2654435761U >> 16) % N_KINDS;

		if (!one(&box, kind))
			atomic_fetch_add(&n_bad, 1);
		else if (is_right(kind))
			atomic_fetch_add(&n_right, 1);
	}
	close(box.go[1]);
	pthread_join(thread, NULL);
	close(box.go[0]);
	close(box.done[0]);
	close(box.done[1]);
	return NULL;
}

static void
test_storm(void **state)
{
	pthread_t threads[N_THREADS];

	(void)state;
	for (int i = 0; i < N_THREADS; i++)
		assert_int_equal(
		    0, pthread_create(&threads[i], NULL, client_main, NULL));
	for (int i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(0, atomic_load(&n_bad));
	assert_true(atomic_load(&n_right) > N_HANDSHAKES / 4);
}

static int
make_setup(enum kind kind)
{
	static const char *const groups[N_KINDS] = {[RIGHT_P256] = "secp256r1",
	    [RIGHT_RETRY] = "secp384r1:x25519",
	    [WRONG_RETRY] = "secp384r1:secp256r1"};
	struct reason why;
	int err;

	configs[kind] =
	    test_client_config(kind == UNKNOWN ? "NOBODY00" : TEST_IDENTITY);
	if (is_plain(kind))
		configs[kind] = (struct tls_client_config){
		    .timeout_ms = TEST_TIMEOUT_MS, .judge = test_accept_any};
	err = client_setup_init(
	    &setups[kind], &configs[kind], groups[kind], &why);
	if (err == 0 && kind == PLAIN_TLS12)
		SSL_CTX_set_max_proto_version(setups[kind].ctx, TLS1_2_VERSION);
	return err;
}

static int
setup_all(void **state)
{
	(void)state;
	server = test_server_new(NULL, true);
	test_secret_new(&secret, &record);
	test_secret_new(&wrong, NULL);
	for (int kind = 0; kind < N_KINDS; kind++)
		assert_int_equal(0, make_setup((enum kind)kind));
	return 0;
}

static int
teardown_all(void **state)
{
	(void)state;
	for (int kind = 0; kind < N_KINDS; kind++)
		client_setup_fini(&setups[kind]);
	tls_server_unref(server);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_storm)};

	return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
