#include "mdns/bus_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* What the client sees: Avahi hands its address back to watch_new(). */
struct lent_poll {
	AvahiPoll poll;
	struct bus_guard *guard;
};

struct bus_guard {
	const AvahiPoll *poll;
	struct lent_poll lent;
	pthread_t thread;
	int limit_ms;

	pthread_mutex_t lock; /* for all that follows */
	pthread_cond_t changed;
	int fd;           /* the bus's socket, our own duplicate; -1: none */
	int64_t deadline; /* of clock_monotonic_ms(); 0: no turn */
	bool cut;
	bool stopping;
};

static AvahiWatch *
watch_new(const AvahiPoll *api, int fd, AvahiWatchEvent event,
    AvahiWatchCallback callback, void *arg)
{
	struct bus_guard *g =
	    ((const struct lent_poll *)(const void *)api)->guard;

	pthread_mutex_lock(&g->lock);
	/* A duplicate stays this socket, whatever becomes of the number. */
	if (g->fd < 0)
		g->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	pthread_mutex_unlock(&g->lock);
	return g->poll->watch_new(g->poll, fd, event, callback, arg);
}

static void
cut(struct bus_guard *g)
{
	g->deadline = 0;
	if (g->fd < 0)
		return;
	g->cut = true;
	(void)shutdown(g->fd, SHUT_RDWR);
	log_warn("avahi-daemon does not answer", "limit_ms=%d", g->limit_ms);
}

static void *
run(void *arg)
{
	struct bus_guard *g = arg;

	pthread_mutex_lock(&g->lock);
	while (!g->stopping) {
		struct timespec until = {
		    .tv_sec = (time_t)(g->deadline / 1000),
		    .tv_nsec = (long)(g->deadline % 1000) * 1000000,
		};

		if (g->deadline == 0)
			pthread_cond_wait(&g->changed, &g->lock);
		else if (clock_monotonic_ms() >= g->deadline)
			cut(g);
		else
			pthread_cond_timedwait(&g->changed, &g->lock, &until);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

/* Signals are for the program's own threads. */
static int
start_thread(struct bus_guard *g)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&g->thread, NULL, run, g);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return 0;
	log_error("mDNS not started", "error=%s", strerror(error));
	return -ERR_IO;
}

int
bus_guard_new(struct bus_guard **out, const AvahiPoll *poll)
{
	struct bus_guard *g = calloc(1, sizeof(*g));
	pthread_condattr_t attr;
	int err;

	if (g == NULL)
		return -ERR_NOMEM;
	g->poll = poll;
	g->lent = (struct lent_poll){.poll = *poll, .guard = g};
	g->lent.poll.watch_new = watch_new;
	g->fd = -1;
	g->limit_ms = BUS_GUARD_LIMIT_MS;
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->changed, &attr);
	pthread_condattr_destroy(&attr);
	err = start_thread(g);
	if (err != 0) {
		pthread_cond_destroy(&g->changed);
		pthread_mutex_destroy(&g->lock);
		free(g);
		return err;
	}
	*out = g;
	return 0;
}

void
bus_guard_free(struct bus_guard *g)
{
	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->stopping = true;
	pthread_cond_signal(&g->changed);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	bus_guard_forget(g);
	pthread_cond_destroy(&g->changed);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

void
bus_guard_set_limit(struct bus_guard *g, int limit_ms)
{
	g->limit_ms = limit_ms;
}

const AvahiPoll *
bus_guard_poll(struct bus_guard *g)
{
	return &g->lent.poll;
}

void
bus_guard_enter(struct bus_guard *g)
{
	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->deadline = clock_monotonic_ms() + g->limit_ms;
	pthread_cond_signal(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

/* Without a signal: the thread sees it at the old deadline, or at the next
 * turn. */
void
bus_guard_leave(struct bus_guard *g)
{
	if (g == NULL)
		return;
	pthread_mutex_lock(&g->lock);
	g->deadline = 0;
	pthread_mutex_unlock(&g->lock);
}

bool
bus_guard_has_cut(struct bus_guard *g)
{
	bool has_cut;

	pthread_mutex_lock(&g->lock);
	has_cut = g->cut;
	pthread_mutex_unlock(&g->lock);
	return has_cut;
}

bool
bus_guard_is_elsewhere(struct bus_guard *g)
{
	struct ucred peer = {0};
	socklen_t len = sizeof(peer);
	struct stat own, other;
	char path[64];

	/* Only the thread that uses the client changes fd. */
	if (g->fd < 0 ||
	    getsockopt(g->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 ||
	    peer.pid <= 0)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)peer.pid);
	if (stat("/proc/self/ns/net", &own) != 0 || stat(path, &other) != 0)
		return false;
	return own.st_dev != other.st_dev || own.st_ino != other.st_ino;
}

void
bus_guard_forget(struct bus_guard *g)
{
	pthread_mutex_lock(&g->lock);
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
	g->cut = false;
	pthread_mutex_unlock(&g->lock);
}
