/*
 * A worker: one thread with its own listeners, epoll, TLS connections and an
 * external-epoll libmicrohttpd daemon. Nothing in it blocks, and whatever
 * belongs to a worker is touched by its thread alone; other threads reach it
 * through worker_post().
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/error.h"
#include "server/engine.h"

struct MHD_Daemon;
struct conn;
struct crowd;
struct turns;

/* A file descriptor in a worker's epoll set. */
struct watch {
	int fd;
	uint32_t mask;
	bool registered;
	void (*ready)(struct watch *watch, uint32_t events);
};

/* Something for the worker's thread to do. */
struct post {
	void (*run)(struct post *post);
	struct post *next;
};

struct listener {
	struct watch watch;
	struct worker *worker;
	enum listener_kind kind;
};

/* What happened at the door since the operator was told. */
struct door {
	size_t gave_way, turned_away;
	char last[ENDPOINT_TEXT_MAX]; /* of those who gave way */
	int64_t told_ms;
	size_t asking; /* newcomers that wait for another worker */
};

#define WORKER_BUFFER_BYTES 16384

struct worker {
	struct engine *engine;
	pthread_t thread;
	int epoll_fd;
	struct watch wake; /* eventfd */
	struct listener listeners[ENGINE_LISTENERS_MAX];
	size_t n_listeners;
	bool listeners_paused; /* out of file descriptors or memory */
	struct crowd *crowds[LISTENER_KINDS]; /* NULL: any number */
	struct turns *turns[LISTENER_KINDS];  /* NULL: at once */
	uint64_t batch;                       /* of events: its number */
	struct door door;
	bool closed; /* it takes nobody in any more */
	struct MHD_Daemon *daemon;
	uint32_t next_request; /* its id in the log */
	struct store_reader *reader;

	uint8_t buffer[WORKER_BUFFER_BYTES];
	struct conn *all;     /* every live connection */
	struct conn *touched; /* whose output must be fetched after MHD_run */
	struct conn *grave;   /* dead ones, freed after the batch of events */
	struct conn *adding;  /* being handed to MHD */
	bool run_again;       /* MHD has something to notice */
	size_t n_waiting;
	size_t peak;     /* connections, since free memory was given back */
	size_t n_claims; /* that the store has */

	pthread_mutex_t mutex;
	struct post *posts, **posts_tail;
	bool stopping; /* under mutex */
};

/* Makes all that it needs, so that others can post to it. */
int worker_init(struct worker *worker, struct engine *engine) NODISCARD;
int worker_start(struct worker *worker) NODISCARD;
/* Asks the worker to finish; worker_join() waits for it. */
void worker_stop(struct worker *worker);
void worker_join(struct worker *worker);
/* After the join, and after everybody who posts has ended: runs the last posts
 * and frees what the worker holds. Also for one that was never started. */
void worker_free(struct worker *worker);

/* Any thread: run will be called on the worker's. */
void worker_post(struct worker *worker, struct post *post);

/* The worker's thread only. A mask of 0 keeps the descriptor registered for
 * errors and hang-ups; watch_remove() takes it out. */
void watch_set(struct worker *worker, struct watch *watch, uint32_t mask);
void watch_remove(struct worker *worker, struct watch *watch);

#endif
