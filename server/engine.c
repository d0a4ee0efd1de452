#include "server/engine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "server/crowd.h"
#include "server/listen.h"
#include "server/worker.h"

#define DESCRIPTORS_EACH 3    /* a connection's */
#define DESCRIPTORS_SPARE 128 /* for all that is no connection */
#define CONNECTIONS_MIN 16

struct engine {
	struct engine_config config; /* listen holds the bound addresses */
	struct worker *workers;
	size_t n_workers, n_started;
	pthread_mutex_t mutex;
	struct engine_tls tls; /* under mutex */
	atomic_size_t connections;
	struct crowd_places places[LISTENER_KINDS];
};

const struct engine_config *
engine_config(const struct engine *engine)
{
	return &engine->config;
}

const struct sockaddr *
engine_address(const struct engine *engine, size_t i)
{
	return (const struct sockaddr *)&engine->config.listen[i];
}

const struct sockaddr *
engine_admin_address(const struct engine *engine, size_t i)
{
	return (const struct sockaddr *)&engine->config.admin_listen[i];
}

struct tls_server *
engine_tls(struct engine *engine, enum listener_kind kind)
{
	struct tls_server *tls;

	pthread_mutex_lock(&engine->mutex);
	tls = tls_server_ref(kind == LISTENER_ADMIN_TLS ? engine->tls.admin
							: engine->tls.public);
	pthread_mutex_unlock(&engine->mutex);
	return tls;
}

static struct engine_tls
tls_ref(const struct engine_tls *tls)
{
	tls_server_ref(tls->public);
	if (tls->admin != NULL)
		tls_server_ref(tls->admin);
	return *tls;
}

void
engine_set_tls(struct engine *engine, const struct engine_tls *tls)
{
	struct engine_tls old, new = tls_ref(tls);

	pthread_mutex_lock(&engine->mutex);
	old = engine->tls;
	engine->tls = new;
	pthread_mutex_unlock(&engine->mutex);
	tls_server_unref(old.public);
	tls_server_unref(old.admin);
}

size_t
engine_connections(const struct engine *engine)
{
	return atomic_load(&engine->connections);
}

void
engine_count_connection(struct engine *engine, int delta)
{
	if (delta > 0)
		atomic_fetch_add(&engine->connections, 1);
	else
		atomic_fetch_sub(&engine->connections, 1);
}

struct crowd_places *
engine_places(struct engine *engine, enum listener_kind kind)
{
	return &engine->places[kind];
}

struct worker *
engine_worker_after(const struct worker *worker)
{
	struct engine *engine = worker->engine;
	size_t i = (size_t)(worker - engine->workers);

	return &engine->workers[(i + 1) % engine->n_workers];
}

/* Every connection may have its socket and a pair: who was let in must not find
 * that there is no descriptor for its request. */
static void
fit_descriptors(struct engine *engine)
{
	int64_t *max = &engine->config.max_connections;
	rlim_t each = DESCRIPTORS_EACH * engine->n_workers;
	rlim_t spare =
	    DESCRIPTORS_SPARE + (engine->config.n_admin_listen != 0
					? each * ENGINE_ADMIN_CONNECTIONS_MAX
					: 0);
	rlim_t wanted = each * (rlim_t)*max + spare;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur =
		    limit.rlim_max < wanted ? limit.rlim_max : wanted;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0 &&
		    getrlimit(RLIMIT_NOFILE, &limit) != 0)
			return;
	}
	if (limit.rlim_cur >= wanted)
		return;
	*max = limit.rlim_cur > spare
		   ? (int64_t)((limit.rlim_cur - spare) / each)
		   : 0;
	if (*max < CONNECTIONS_MIN)
		*max = CONNECTIONS_MIN;
	log_info("server.max_connections lowered",
	    "to=%lld descriptors=%llu wanted=%llu", (long long)*max,
	    (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
}

/* The first worker's bind replaces port 0 by the real one, which the others
 * then share. */
static int
add_tcp_listeners(struct worker *worker, struct sockaddr_storage *addresses,
    size_t n, enum listener_kind kind, bool first, struct reason *why)
{
	int err = 0;

	for (size_t i = 0; i < n && err == 0; i++) {
		struct listener *l = &worker->listeners[worker->n_listeners];

		err = listen_tcp(&l->watch.fd, &addresses[i], first, why);
		l->kind = kind;
		worker->n_listeners += err == 0 ? 1 : 0;
	}
	return err;
}

static int
add_listeners(struct engine *engine, struct worker *worker, bool first,
    struct reason *why)
{
	struct engine_config *config = &engine->config;
	int err;

	if (first && config->admin_fd != 0) {
		struct listener *l = &worker->listeners[worker->n_listeners++];

		l->watch.fd = config->admin_fd;
		l->kind = LISTENER_ADMIN;
	}
	err = add_tcp_listeners(
	    worker, config->listen, config->n_listen, LISTENER_TLS, first, why);

	if (err == 0)
		err = add_tcp_listeners(worker, config->admin_listen,
		    config->n_admin_listen, LISTENER_ADMIN_TLS, first, why);
	return err;
}

static size_t
worker_count(const struct engine_config *config)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = config->n_workers;

	if (n == 0)
		n = cores > 0 ? (size_t)cores : 1;
	return n < ENGINE_WORKERS_MAX ? n : ENGINE_WORKERS_MAX;
}

static int
start_workers(struct engine *engine, struct reason *why)
{
	int err = 0;

	/* All sockets first: nobody serves before everybody can. */
	for (size_t i = 0; i < engine->n_workers && err == 0; i++)
		err = add_listeners(engine, &engine->workers[i], i == 0, why);
	for (size_t i = 0; i < engine->n_workers && err == 0; i++)
		err = worker_init(&engine->workers[i], engine);
	for (size_t i = 0; i < engine->n_workers && err == 0; i++) {
		err = worker_start(&engine->workers[i]);
		if (err == 0)
			engine->n_started++;
	}
	if (err != 0 && engine->workers[0].engine != NULL)
		reason_set(
		    why, err, "a worker did not start: %s", err_text(err));
	return err;
}

int
engine_start(struct engine **out, const struct engine_config *config,
    const struct engine_tls *tls, struct reason *why)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	int err;

	if (engine == NULL)
		return -ERR_NOMEM;
	engine->config = *config;
	engine->n_workers = worker_count(config);
	fit_descriptors(engine);
	crowd_places_init(
	    &engine->places[LISTENER_TLS], config->max_per_source);
	crowd_places_init(
	    &engine->places[LISTENER_ADMIN_TLS], ENGINE_ADMIN_PER_SOURCE_MAX);
	engine->tls = tls_ref(tls);
	pthread_mutex_init(&engine->mutex, NULL);
	engine->workers = calloc(engine->n_workers, sizeof(*engine->workers));
	*out = engine; /* requests ask for it as soon as a worker runs */
	err = engine->workers != NULL ? start_workers(engine, why) : -ERR_NOMEM;
	if (err != 0) {
		engine_stop(engine);
		engine_free(engine);
		*out = NULL;
	}
	return err;
}

void
engine_stop(struct engine *engine)
{
	if (engine == NULL)
		return;
	for (size_t i = 0; i < engine->n_started; i++)
		worker_stop(&engine->workers[i]);
	for (size_t i = 0; i < engine->n_started; i++)
		worker_join(&engine->workers[i]);
}

void
engine_free(struct engine *engine)
{
	if (engine == NULL)
		return;
	for (size_t i = 0; engine->workers != NULL && i < engine->n_workers;
	     i++)
		worker_free(&engine->workers[i]);
	tls_server_unref(engine->tls.public);
	tls_server_unref(engine->tls.admin);
	pthread_mutex_destroy(&engine->mutex);
	free(engine->workers);
	free(engine);
}
