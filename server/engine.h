/* The HTTPS engine: one worker a core, each with SO_REUSEPORT listeners of its
 * own; the first also serves the administrators' Unix socket, if there is one.
 * Administrators over TLS have listeners and caps of their own, so that a flood
 * of the public ones leaves them a way in. */
#ifndef SERVER_ENGINE_H
#define SERVER_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "tls/server.h"

#define ENGINE_LISTENERS_MAX 12
#define ENGINE_ADMIN_LISTEN_MAX 4
/* Administrators' connections over TLS: of each worker, and of one address over
 * all workers. */
#define ENGINE_ADMIN_CONNECTIONS_MAX 64
#define ENGINE_ADMIN_PER_SOURCE_MAX 32
#define ENGINE_WORKERS_MAX 64

struct app;
struct claim;
struct client_cert;
struct crowd_places;
struct engine;
struct pledge;
struct registrar;
struct request;
struct route;
struct store;
struct worker;

enum listener_kind {
	LISTENER_TLS,
	LISTENER_ADMIN,     /* Unix socket, plain HTTP, peers known by uid */
	LISTENER_ADMIN_TLS, /* bearer tokens */
	LISTENER_KINDS
};

/* The program that the engine serves for. */
struct engine_program {
	/* What a kind of listener serves. */
	const struct route *(*routes)(enum listener_kind kind, size_t *n);
	/* True: the route may be handled now. False after replying, or when
	 * that has to be found out first. */
	bool (*authorize)(struct request *request);
	/* Replies to what the engine itself refuses. */
	void (*refuse)(
	    struct request *request, unsigned int status, const char *reason);
	/* registrar/claim.h; all NULL where no PAKE and no TLS-SRP is offered.
	 */
	int (*claim_start)(struct claim *claim);
	int (*claim_confirm)(struct claim *claim);
	void (*claim_refuse)(struct claim *claim);
	/* Of a connection's client_cert and pledge; NULL where none is ever
	 * judged. */
	void (*client_cert_free)(struct client_cert *cert);
	void (*pledge_free)(struct pledge *pledge);
};

struct engine_config {
	const struct engine_program *program; /* outlives the engine */
	/* For handlers: whatever the program says that struct is. */
	struct app *app;
	struct store *store;
	struct registrar *registrar; /* of claims; may be NULL */
	struct sockaddr_storage
	    listen[ENGINE_LISTENERS_MAX - ENGINE_ADMIN_LISTEN_MAX - 1];
	size_t n_listen;
	struct sockaddr_storage admin_listen[ENGINE_ADMIN_LISTEN_MAX];
	size_t n_admin_listen;
	/* The administrators' Unix socket, which listens already and becomes
	 * the engine's; 0: none. */
	int admin_fd;
	size_t n_workers; /* 0: one a core */
	int64_t idle_timeout_s, handshake_timeout_s;
	int64_t max_connections; /* of each worker */
	int64_t max_per_source;  /* over all workers */
};

/* What new connections over TLS are served with. */
struct engine_tls {
	struct tls_server *public;
	struct tls_server *admin; /* NULL without admin_listen */
};

/* Binds and starts; tls is borrowed for the call (the engine keeps
 * references). *out is set before the first request can come; NULL on failure.
 */
int engine_start(struct engine **out, const struct engine_config *config,
    const struct engine_tls *tls, struct reason *why) NODISCARD;
/* Stops accepting, lets waiting requests finish for a second, and joins the
 * workers. Other rooms may still answer what was handed to them. */
void engine_stop(struct engine *engine);
/* When nobody can answer any more: takes what was answered, and frees. */
void engine_free(struct engine *engine);

const struct engine_config *engine_config(const struct engine *engine);
/* Where listener i is bound; port 0 was replaced by the real one. */
const struct sockaddr *engine_address(const struct engine *engine, size_t i);
const struct sockaddr *engine_admin_address(
    const struct engine *engine, size_t i);

/* The TLS server of new connections, as a new reference. */
struct tls_server *engine_tls(struct engine *engine, enum listener_kind kind);
void engine_set_tls(struct engine *engine, const struct engine_tls *tls);

/* Connections now, over all workers. */
size_t engine_connections(const struct engine *engine);
void engine_count_connection(struct engine *engine, int delta);

/* The places that the sources of this kind of listener have. */
struct crowd_places *engine_places(
    struct engine *engine, enum listener_kind kind);
/* All workers, in a ring. */
struct worker *engine_worker_after(const struct worker *worker);

#endif
