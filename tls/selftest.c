#include "tls/selftest.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "tls/client_internal.h"
#include "tls/conn_internal.h"

#define SELFTEST_IDENTITY "selftest"

/* A handshake takes three flights, five after a HelloRetryRequest. */
#define ROUNDS_MAX 16

struct selftest {
	struct tls_server *server;
	struct spake2p_secret secret, wrong;
	struct verifier record;
};

/* One handshake's two ends. */
struct ends {
	int fds[2];
	struct tls_conn *server, *client;
	const struct verifier *record;
};

static void
ends_fini(struct ends *ends)
{
	tls_conn_free(ends->server);
	tls_conn_free(ends->client);
	for (int i = 0; i < 2; i++)
		if (ends->fds[i] >= 0)
			close(ends->fds[i]);
}

static void
on_claim(void *owner, const struct pake_attempt *attempt)
{
	(void)owner;
	(void)attempt;
}

/* The claim is answered on a second run of the callback, as in service. */
static int
step_server(struct ends *ends)
{
	int r = tls_conn_handshake(ends->server);

	if (r != TLS_WANT_CLAIM)
		return r;
	tls_conn_claimed(ends->server, ends->record);
	return tls_conn_handshake(ends->server);
}

/* 0 when both ends finished, else the first end's failure. */
static int
run(struct ends *ends)
{
	for (int i = 0; i < ROUNDS_MAX; i++) {
		int client = tls_conn_handshake(ends->client);
		int server = client < 0 ? client : step_server(ends);

		if (client < 0 || server < 0 || (client == 0 && server == 0))
			return client < 0 ? client : server;
	}
	return -ERR_TIMEOUT;
}

static int
ends_init(struct ends *ends, const struct selftest *t,
    const struct client_setup *setup, const struct tls_client_config *config,
    bool right, struct reason *why)
{
	int err;

	*ends = (struct ends){.fds = {-1, -1}, .record = &t->record};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		ends->fds) != 0)
		return reason_set(why, -ERR_IO, "cannot make a socket pair");
	err = tls_conn_accept(
	    &ends->server, t->server, ends->fds[0], on_claim, NULL);
	if (err != 0)
		return err;
	return client_conn_new(&ends->client, ends->fds[1], setup, config,
	    right ? &t->secret : &t->wrong, why);
}

static int
check_result(
    const struct ends *ends, int result, bool right, struct reason *why)
{
	bool server_side = tls_conn_pake_authenticated(ends->server);
	bool client_side =
	    result == 0 && pake_client_confirmed(&ends->client->pake_client);

	if (right && !(server_side && client_side))
		return reason_set(why, -ERR_CRYPTO,
		    "the right password failed: server: %.80s; client: %.80s",
		    tls_conn_error(ends->server), tls_conn_error(ends->client));
	if (!right && (server_side || client_side || result == 0))
		return reason_set(
		    why, -ERR_CRYPTO, "a wrong password was accepted");
	return 0;
}

static int
run_case(
    const struct selftest *t, const char *group, bool right, struct reason *why)
{
	const struct tls_client_config config = {.identity = SELFTEST_IDENTITY,
	    .server_identity = t->server->name,
	    .pake_extension = t->server->pake_extension,
	    .pake_scheme = t->server->pake_scheme};
	struct client_setup setup;
	struct ends ends;
	struct reason found = {""};
	int err = client_setup_init(&setup, &config, group, &found);

	if (err == 0) {
		err = ends_init(&ends, t, &setup, &config, right, &found);
		if (err == 0)
			err = check_result(&ends, run(&ends), right, &found);
		ends_fini(&ends);
		client_setup_fini(&setup);
	}
	if (err != 0)
		return reason_set(
		    why, err, "self-test with %s: %.200s", group, found.text);
	return 0;
}

static int
make_secrets(struct selftest *t)
{
	const struct spake2p_suite *suite =
	    pake_library_suite(t->server->library);
	int err = spake2p_scalar_random(suite, t->secret.w0);

	if (err == 0)
		err = spake2p_scalar_random(suite, t->secret.w1);
	if (err == 0)
		err = spake2p_scalar_random(suite, t->wrong.w0);
	if (err == 0)
		err = spake2p_scalar_random(suite, t->wrong.w1);
	if (err == 0)
		err = spake2p_verifier_derive(&t->record, suite, &t->secret);
	return err;
}

int
tls_selftest(struct tls_server *server, struct reason *why)
{
	char groups[64], *rest = NULL;
	struct selftest t = {.server = server};
	int err = make_secrets(&t);

	strncpy(
	    groups, pake_library_groups(server->library), sizeof(groups) - 1);
	groups[sizeof(groups) - 1] = '\0';
	for (char *group = strtok_r(groups, ":", &rest);
	     err == 0 && group != NULL; group = strtok_r(NULL, ":", &rest)) {
		err = run_case(&t, group, true, why);
		if (err == 0)
			err = run_case(&t, group, false, why);
	}
	OPENSSL_cleanse(&t, sizeof(t));
	return err;
}
