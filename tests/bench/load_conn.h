/* The loader's end of one connection: TLS 1.3 over a blocking socket, the
 * server verified by a CA or by the PAKE, and HTTP just as far as EST needs. */
#ifndef TESTS_BENCH_LOAD_CONN_H
#define TESTS_BENCH_LOAD_CONN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "tests/bench/load_stats.h"
#include "tls/spake2p.h"

#define SOURCES_MAX 64

/* Where to, from where, and who that must be. Shared by all threads. */
struct load_target {
	struct sockaddr_storage address;
	socklen_t address_len;
	struct sockaddr_storage sources[SOURCES_MAX];
	size_t n_sources;
	const char *name; /* the server's DNS-ID */
	const char *ca_file;
	const char *cert_file, *key_file; /* NULL: no client certificate */
	int timeout_ms;

	const char *identity, *password; /* NULL: no PAKE */
	uint16_t pake_extension, pake_scheme;
	struct spake2p_secret secret;
};

/* What one thread's connections share. */
struct load_context;

int load_context_new(struct load_context **out,
    const struct load_target *target, struct reason *why) NODISCARD;
void load_context_free(struct load_context *context);

struct load_conn;

/* Connects and handshakes; index chooses the source address. */
enum load_outcome load_conn_open(struct load_conn **out,
    struct load_context *context, size_t index, struct reason *why) NODISCARD;
/* Says close_notify. NULL is accepted. */
void load_conn_close(struct load_conn *conn);
/* The server has not ended the connection yet. */
bool load_conn_is_open(const struct load_conn *conn);

struct load_answer {
	int status; /* 0: none came */
	bool retry_after;
	bool close;        /* the server ends the connection */
	struct bytes body; /* within the context, until the next request */
};

/* LOAD_OK for any whole answer, whatever its status. */
enum load_outcome load_conn_ask(struct load_answer *out, struct load_conn *conn,
    struct bytes request, struct reason *why) NODISCARD;

#endif
