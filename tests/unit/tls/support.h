/* What the TLS tests share: certificates, and a server in a thread. */
#ifndef TESTS_UNIT_TLS_SUPPORT_H
#define TESTS_UNIT_TLS_SUPPORT_H

#include <pthread.h>

#include "tls/client_internal.h"
#include "tls/conn.h"

#define TEST_SERVER_NAME "est.example.net"
#define TEST_IDENTITY "A1B2C3D4"
#define TEST_TIMEOUT_MS 20000

struct test_cert {
	struct blob chain_pem, key_pem;
};

/* A fresh self-signed P-256 certificate; aborts when it cannot. */
void test_cert_init(struct test_cert *cert, const char *name);
void test_cert_fini(struct test_cert *cert);

/* Of TEST_SERVER_NAME; cert NULL: with a fresh one of its own. */
struct tls_server *test_server_new(const struct test_cert *cert, bool pake);
/* With TLS-SRP unless srp_seed is NULL. */
struct tls_server *test_server_new_srp(
    const struct test_cert *cert, bool pake, const uint8_t *srp_seed);

/* A random secret and its record, in place of scrypt. */
void test_secret_new(struct spake2p_secret *secret, struct verifier *record);

struct tls_client_config test_client_config(const char *identity);
/* A client's judge of whatever chain it is shown. */
int test_accept_any(
    void *arg, const struct bytes *chain, size_t n, struct reason *why);

/* One connection served by a thread: handshake, one message echoed, then until
 * the client closes. */
struct test_service {
	struct tls_server *server;
	const struct verifier *record; /* the claim's answer */
	const char *only_identity; /* others get NULL; NULL: no difference */
	bool claim_at_once;        /* within the callback */

	int fds[2]; /* the server's end and the client's */
	pthread_t thread;
	struct tls_conn *conn;

	/* Valid after test_service_stop(). */
	int result; /* of the handshake */
	bool attempted, authenticated;
	unsigned int n_claims, n_extra_handshakes;
	struct pake_attempt attempt;
	struct blob client_cert;
	char error[256], version[16];
};

/* Fills fds with a non-blocking socket pair. */
void test_service_pair(struct test_service *s);
void test_service_start(struct test_service *s);
/* The connection in the calling thread, in place of start. */
void test_service_run(struct test_service *s);
/* Closes the client's end and joins. */
void test_service_stop(struct test_service *s);

/* Sends a message over an established client and reads it back. */
bool test_echo(struct tls_conn *conn, int fd, const char *message);

/* Waits until fd is ready for want (enum tls_wait). */
void test_wait(int fd, int want);

#endif
