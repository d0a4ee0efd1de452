/*
 * What a TLS client sends first, against a server with PAKE and TLS-SRP. The
 * first byte says whether the claim is granted (1), answered within the
 * callback (2), and whether the rest is the body of a ClientHello that wants
 * its headers (4) or a stream of records.
 */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/tls/support.h"

enum mode { MODE_GRANT = 1, MODE_AT_ONCE = 2, MODE_BODY = 4 };

#define BODY_MAX 16000
#define HANDSHAKES_MAX 64

static struct tls_server *server;
static struct verifier record;
static struct srp_verifier srp_record; /* zero: nobody can fit it */
static const uint8_t seed[SRP_SEED_LEN];

struct end {
	int fds[2];
	struct tls_conn *conn;
	uint8_t mode;
	bool srp;
	unsigned int n_claims;
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct spake2p_secret secret;

	(void)argc;
	(void)argv;
	server = test_server_new_srp(NULL, true, seed);
	test_secret_new(&secret, &record);
	return 0;
}

/* Nothing, not even an alert, leaves before the claim is through. */
static void
answer(struct end *e)
{
	char byte;

	FUZZ_CHECK(recv(e->fds[1], &byte, 1, MSG_PEEK) < 0);
	if (e->srp)
		tls_conn_srp_claimed(
		    e->conn, (e->mode & MODE_GRANT) != 0 ? &srp_record : NULL);
	else
		tls_conn_claimed(
		    e->conn, (e->mode & MODE_GRANT) != 0 ? &record : NULL);
}

static void
on_claim(void *owner, const struct pake_attempt *attempt)
{
	struct end *e = owner;

	FUZZ_CHECK(strlen(attempt->identity) <= PAKE_IDENTITY_MAX);
	e->n_claims++;
	e->srp = attempt->srp;
	if ((e->mode & MODE_AT_ONCE) != 0)
		answer(e);
}

static void
send_input(const struct end *e, struct bytes in)
{
	struct buf out = {0};
	size_t len = in.len < BODY_MAX ? in.len : BODY_MAX;
	const uint8_t header[] = {22, 3, 1, (uint8_t)((len + 4) >> 8),
	    (uint8_t)(len + 4), 1, 0, (uint8_t)(len >> 8), (uint8_t)len};

	if ((e->mode & MODE_BODY) != 0)
		buf_add(&out, header, sizeof(header));
	buf_add(&out, in.data, len);
	if (out.len != 0)
		FUZZ_CHECK(write(e->fds[1], out.data, out.len) > 0);
	buf_fini(&out);
}

static void
handshake(struct end *e)
{
	int r = 0;

	for (int i = 0; i < HANDSHAKES_MAX; i++) {
		r = tls_conn_handshake(e->conn);
		if (r != TLS_WANT_CLAIM)
			break;
		answer(e);
	}
	/* The Finished is beyond any input. */
	FUZZ_CHECK(r < 0 || r == TLS_WANT_READ);
	FUZZ_CHECK(r > 0 || tls_conn_error(e->conn)[0] != '\0');
	FUZZ_CHECK(e->n_claims <= 1);
	FUZZ_CHECK(
	    tls_conn_pake_attempted(e->conn) == (e->n_claims == 1 && !e->srp));
	FUZZ_CHECK(!tls_conn_pake_authenticated(e->conn));
	FUZZ_CHECK(!tls_conn_srp_authenticated(e->conn));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	struct end e = {.mode = fuzz_take_byte(&in)};

	FUZZ_CHECK(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e.fds) == 0);
	FUZZ_CHECK(
	    tls_conn_accept(&e.conn, server, e.fds[0], on_claim, &e) == 0);
	send_input(&e, in);
	handshake(&e);
	tls_conn_free(e.conn);
	close(e.fds[0]);
	close(e.fds[1]);
	return 0;
}
