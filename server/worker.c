#include "server/worker.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/conn.h"
#include "server/crowd.h"
#include "server/door.h"
#include "server/httpd.h"
#include "server/turns.h"

#define EVENTS_MAX 128
/* A listener's in one go: all that came in a long round, for they are in order
 * of arrival there, and take turns only here. */
#define ACCEPTS_MAX 128
#define RUN_ROUNDS 8 /* of MHD while a large answer makes progress */
#define TICK_MS 1000
/* Connections that wait for their turn, each with a descriptor; a fast machine
 * serves so many while they wait (WAITING_MS in conn.c). */
#define TURNS_MAX 1024
#define STOP_GRACE_MS 1000
#define TRIM_MIN 64 /* connections that went */

/* --- epoll --- */

void
watch_set(struct worker *worker, struct watch *watch, uint32_t mask)
{
	struct epoll_event event = {.events = mask, .data.ptr = watch};
	int op = watch->registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (watch->registered && watch->mask == mask)
		return;
	if (epoll_ctl(worker->epoll_fd, op, watch->fd, &event) != 0) {
		log_error("epoll_ctl failed", "error=%s", strerror(errno));
		return;
	}
	watch->registered = true;
	watch->mask = mask;
}

void
watch_remove(struct worker *worker, struct watch *watch)
{
	if (!watch->registered)
		return;
	epoll_ctl(worker->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->registered = false;
	watch->mask = 0;
}

/* --- posts --- */

void
worker_post(struct worker *worker, struct post *post)
{
	const uint64_t one = 1;
	bool wake;

	post->next = NULL;
	pthread_mutex_lock(&worker->mutex);
	wake = worker->posts == NULL;
	*worker->posts_tail = post;
	worker->posts_tail = &post->next;
	pthread_mutex_unlock(&worker->mutex);
	/* An eventfd takes this as long as nobody wrote 2^64 - 2 before. */
	if (wake && write(worker->wake.fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static void
run_posts(struct worker *worker)
{
	struct post *post;

	pthread_mutex_lock(&worker->mutex);
	post = worker->posts;
	worker->posts = NULL;
	worker->posts_tail = &worker->posts;
	pthread_mutex_unlock(&worker->mutex);
	while (post != NULL) {
		struct post *next = post->next;

		post->run(post);
		post = next;
	}
}

/* The eventfd is read before the list is taken, so that no post is missed. */
static void
wake_ready(struct watch *watch, uint32_t events)
{
	uint64_t count;

	(void)events;
	if (read(watch->fd, &count, sizeof(count)) == sizeof(count))
		run_posts(CONTAINER_OF(watch, struct worker, wake));
}

/* --- accepting --- */

static void
listeners_watch(struct worker *worker, bool on)
{
	for (size_t i = 0; i < worker->n_listeners; i++) {
		if (on)
			watch_set(worker, &worker->listeners[i].watch, EPOLLIN);
		else
			watch_remove(worker, &worker->listeners[i].watch);
	}
	worker->listeners_paused = !on;
}

static void
listener_ready(struct watch *watch, uint32_t events)
{
	struct listener *listener = CONTAINER_OF(watch, struct listener, watch);
	struct worker *worker = listener->worker;

	(void)events;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		struct sockaddr_storage address = {0};
		socklen_t len = sizeof(address);
		int fd = accept4(watch->fd, (struct sockaddr *)&address, &len,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE ||
			    errno == ENOBUFS || errno == ENOMEM) {
				log_error("connections wait",
				    "error=\"%s\" connections=%zu",
				    strerror(errno),
				    engine_connections(worker->engine));
				listeners_watch(worker, false);
			}
			return;
		}
		door_open(worker, listener->kind, fd, &address);
	}
}

/* --- the loop --- */

/* Fetches what MHD wrote. True if it may have more: its request goes on, so the
 * masks can wait for the next round. */
static bool
fetch(struct conn *conn)
{
	bool moved = conn_pump_out(conn);

	if (!moved || !conn->in_request || conn->out.data != NULL)
		return false;
	conn_touch(conn);
	return conn->touched;
}

/* MHD reads a request's head in one run and its body in the next: to watch the
 * pair in between would only take time. */
static void
run_ready(struct worker *worker)
{
	int rounds = 0;

	do
		httpd_run(worker);
	while (httpd_timeout_ms(worker) == 0 && ++rounds < RUN_ROUNDS);
}

/* Lets MHD work, and fetches what it wrote, while that makes progress. */
static void
run_http(struct worker *worker)
{
	bool more = true;

	for (int round = 1; more && round <= RUN_ROUNDS; round++) {
		struct conn *conn;

		worker->run_again = false;
		run_ready(worker);
		conn = worker->touched;
		worker->touched = NULL;
		more = false;
		while (conn != NULL) {
			struct conn *next = conn->touched_next;
			bool goes_on;

			conn->touched = false;
			goes_on = fetch(conn);
			more = more || goes_on;
			if (!goes_on || round == RUN_ROUNDS)
				conn_update_masks(conn);
			conn_unref(conn);
			conn = next;
		}
		more = more || worker->run_again;
	}
}

/* Never within the batch: another event of the same epoll_wait may still point
 * to the connection. */
static void
bury(struct worker *worker)
{
	while (worker->grave != NULL) {
		struct conn *conn = worker->grave;

		worker->grave = conn->grave_next;
		conn_unref(conn);
	}
}

static int
wait_ms(struct worker *worker)
{
	int64_t timeout = httpd_timeout_ms(worker);

	if (worker->touched != NULL || worker->run_again ||
	    door_is_busy(worker))
		return 0;
	return timeout >= 0 && timeout < TICK_MS ? (int)timeout : TICK_MS;
}

/* The C library keeps what was freed: after a crowd, all that it needed. */
static void
give_back(struct worker *worker, size_t n)
{
	if (n > worker->peak)
		worker->peak = n;
	if (worker->peak < TRIM_MIN || n > worker->peak / 2)
		return;
	malloc_trim(0);
	worker->peak = n;
}

static void
tick(struct worker *worker, int64_t now_ms)
{
	struct conn *conn = worker->all;
	size_t n = 0;

	while (conn != NULL) {
		struct conn *next = conn->next;

		conn_check_deadline(conn, now_ms);
		conn = next;
		n++;
	}
	give_back(worker, n);
	if (worker->listeners_paused)
		listeners_watch(worker, true);
	door_tell(worker, now_ms);
}

static bool
is_stopping(struct worker *worker)
{
	bool stopping;

	pthread_mutex_lock(&worker->mutex);
	stopping = worker->stopping;
	pthread_mutex_unlock(&worker->mutex);
	return stopping;
}

/* What is suspended is resumed as failed, since MHD cannot be stopped before.
 */
static void
close_all(struct worker *worker)
{
	while (worker->n_waiting != 0) {
		httpd_cancel_all(worker);
		for (int i = 0; i < 3; i++)
			run_http(worker);
	}
	worker->closed = true;
	while (worker->all != NULL)
		conn_kill(worker->all);
	door_tell(worker, INT64_MAX);
	httpd_run(worker);
	httpd_stop(worker);
	while (worker->touched != NULL) {
		struct conn *conn = worker->touched;

		worker->touched = conn->touched_next;
		conn_unref(conn);
	}
	bury(worker);
}

static void
loop_once(struct worker *worker, int timeout_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int n = epoll_wait(worker->epoll_fd, events, EVENTS_MAX, timeout_ms);

	worker->batch++;
	for (int i = 0; i < n; i++) {
		struct watch *watch = events[i].data.ptr;

		watch->ready(watch, events[i].events);
	}
	/* After those who are in the middle of something. */
	door_serve(worker);
	if (worker->touched != NULL || worker->run_again || n <= 0 ||
	    httpd_timeout_ms(worker) == 0)
		run_http(worker);
	bury(worker);
}

static void *
worker_main(void *arg)
{
	struct worker *worker = arg;
	int64_t next_tick = clock_monotonic_ms() + TICK_MS, grace_end;

	while (!is_stopping(worker)) {
		int64_t now_ms;

		loop_once(worker, wait_ms(worker));
		now_ms = clock_monotonic_ms();
		if (now_ms >= next_tick) {
			tick(worker, now_ms);
			next_tick = now_ms + TICK_MS;
		}
	}
	listeners_watch(worker, false);
	grace_end = clock_monotonic_ms() + STOP_GRACE_MS;
	while (worker->n_waiting != 0 && clock_monotonic_ms() < grace_end)
		loop_once(worker, 20);
	close_all(worker);
	return NULL;
}

/* --- start and stop --- */

/* Local administrators come in any number: nobody else can reach them. */
static int
crowds_make(struct worker *worker)
{
	const struct engine_config *config = engine_config(worker->engine);
	int err = crowd_new(&worker->crowds[LISTENER_TLS],
	    engine_places(worker->engine, LISTENER_TLS),
	    (size_t)config->max_connections);

	if (err == 0)
		err = crowd_new(&worker->crowds[LISTENER_ADMIN_TLS],
		    engine_places(worker->engine, LISTENER_ADMIN_TLS),
		    ENGINE_ADMIN_CONNECTIONS_MAX);
	if (err == 0)
		err = turns_new(&worker->turns[LISTENER_TLS], TURNS_MAX);
	if (err == 0)
		err = turns_new(&worker->turns[LISTENER_ADMIN_TLS], TURNS_MAX);
	return err;
}

int
worker_init(struct worker *worker, struct engine *engine)
{
	int err;

	worker->engine = engine;
	worker->posts_tail = &worker->posts;
	pthread_mutex_init(&worker->mutex, NULL);
	worker->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	worker->wake = (struct watch){
	    .fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), .ready = wake_ready};
	if (worker->epoll_fd < 0 || worker->wake.fd < 0)
		return -ERR_IO;
	err = store_reader_open(&worker->reader, engine_config(engine)->store);
	if (err == 0)
		err = crowds_make(worker);
	return err;
}

int
worker_start(struct worker *worker)
{
	int err = httpd_start(worker);

	if (err != 0)
		return err;
	watch_set(worker, &worker->wake, EPOLLIN);
	for (size_t i = 0; i < worker->n_listeners; i++) {
		worker->listeners[i].worker = worker;
		worker->listeners[i].watch.ready = listener_ready;
	}
	listeners_watch(worker, true);
	if (pthread_create(&worker->thread, NULL, worker_main, worker) != 0) {
		httpd_stop(worker);
		return -ERR_NOMEM;
	}
	return 0;
}

/* For worker_stop(): only wakes the loop. */
static void
nudge_run(struct post *post)
{
	free(post);
}

void
worker_stop(struct worker *worker)
{
	struct post *nudge = calloc(1, sizeof(*nudge));

	pthread_mutex_lock(&worker->mutex);
	worker->stopping = true;
	pthread_mutex_unlock(&worker->mutex);
	if (nudge == NULL)
		return; /* the tick will do */
	nudge->run = nudge_run;
	worker_post(worker, nudge);
}

void
worker_join(struct worker *worker)
{
	pthread_join(worker->thread, NULL);
}

void
worker_free(struct worker *worker)
{
	if (worker->posts_tail != NULL) {
		run_posts(worker);
		pthread_mutex_destroy(&worker->mutex);
	}
	for (size_t i = 0; i < worker->n_listeners; i++)
		close(worker->listeners[i].watch.fd);
	if (worker->epoll_fd > 0)
		close(worker->epoll_fd);
	if (worker->wake.fd > 0)
		close(worker->wake.fd);
	for (size_t i = 0; i < LISTENER_KINDS; i++) {
		crowd_free(worker->crowds[i]);
		turns_free(worker->turns[i]);
	}
	store_reader_close(worker->reader);
}
