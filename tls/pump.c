#include "tls/pump.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/random.h"
#include "base/str.h"

#define NAME_RANDOM_LEN 16
#define NAME_PREFIX "estuary-"
#define NAME_MAX_LEN (sizeof(NAME_PREFIX) - 1 + 2 * NAME_RANDOM_LEN)

/* A TLS record's worth: what one read can return. */
#define PIPE_BYTES (16 * 1024)

/* One direction. It takes more only when all of the last was passed on, which
 * is the back-pressure. */
struct pipe {
	uint8_t data[PIPE_BYTES];
	size_t len, done;
	bool ended; /* nothing more will come */
};

struct tls_pump {
	char name[NAME_MAX_LEN + 1];
	pthread_t thread;
	struct tls_conn *conn;
	int fd; /* of conn */
	int listener;
	int peer; /* -1 between two of them */
	int stop; /* eventfd */
	struct pipe down, up;
	short conn_events, peer_events; /* what the next poll waits for */
};

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool
pipe_is_empty(const struct pipe *p)
{
	return p->done == p->len;
}

static void
pipe_fill(struct pipe *p, size_t len)
{
	p->done = 0;
	p->len = len;
}

/* Each of the four moves is true when it got something done; when it must wait,
 * it says for what. */

static void
wait_conn(struct tls_pump *pump, int want)
{
	pump->conn_events |= want == TLS_WANT_WRITE ? POLLOUT : POLLIN;
}

static bool
conn_to_down(struct tls_pump *pump)
{
	size_t len;
	int r;

	if (pump->down.ended || !pipe_is_empty(&pump->down))
		return false;
	r = tls_conn_read(pump->conn, pump->down.data, PIPE_BYTES, &len);
	if (r == TLS_WANT_READ || r == TLS_WANT_WRITE) {
		wait_conn(pump, r);
		return false;
	}
	if (r == 0)
		pipe_fill(&pump->down, len);
	else
		pump->down.ended = true;
	return true;
}

static bool
up_to_conn(struct tls_pump *pump)
{
	struct pipe *p = &pump->up;
	size_t len;
	int r;

	if (pipe_is_empty(p))
		return false;
	r = tls_conn_write(
	    pump->conn, p->data + p->done, p->len - p->done, &len);
	if (r == TLS_WANT_READ || r == TLS_WANT_WRITE) {
		wait_conn(pump, r);
		return false;
	}
	if (r == 0) {
		p->done += len;
		return true;
	}
	/* Nowhere to go any more: what came before may still be read. */
	pipe_fill(p, 0);
	p->ended = pump->down.ended = true;
	return true;
}

static bool
peer_to_up(struct tls_pump *pump)
{
	ssize_t n;

	if (pump->up.ended || !pipe_is_empty(&pump->up))
		return false;
	n = recv(pump->peer, pump->up.data, PIPE_BYTES, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		pump->peer_events |= POLLIN;
		return false;
	}
	if (n > 0)
		pipe_fill(&pump->up, (size_t)n);
	else
		pump->up.ended = true;
	return true;
}

static bool
down_to_peer(struct tls_pump *pump)
{
	struct pipe *p = &pump->down;
	ssize_t n;

	if (pipe_is_empty(p))
		return false;
	n = send(pump->peer, p->data + p->done, p->len - p->done, MSG_NOSIGNAL);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
		pump->peer_events |= POLLOUT;
		return false;
	}
	if (n > 0) {
		p->done += (size_t)n;
		return true;
	}
	/* A peer that leaves in the middle of an answer: the next one would
	 * take the rest for its own. */
	pipe_fill(p, 0);
	p->ended = true;
	return true;
}

/* Over when the TLS side ended and what it had sent was passed on. */
static bool
is_over(const struct tls_pump *pump)
{
	return pump->down.ended && pipe_is_empty(&pump->down);
}

static bool
peer_is_over(const struct tls_pump *pump)
{
	return pump->up.ended && pipe_is_empty(&pump->up) &&
	       pipe_is_empty(&pump->down);
}

/* A poll entry that waits for nothing is left out: it would still report a
 * hang-up, over and over. */
static int
fd_if(int fd, short events)
{
	return events != 0 ? fd : -1;
}

/* Waits for an event when nothing moved. False when the pump is to stop. */
static bool
next_round(const struct tls_pump *pump, bool moved)
{
	struct pollfd fds[] = {
	    {.fd = pump->stop, .events = POLLIN},
	    {.fd = fd_if(pump->fd, pump->conn_events),
		.events = pump->conn_events},
	    {.fd = fd_if(pump->peer, pump->peer_events),
		.events = pump->peer_events},
	};

	if (poll(fds, ARRAY_LEN(fds), moved ? 0 : -1) < 0)
		return errno == EINTR;
	return fds[0].revents == 0;
}

/* True when the peer has left in good order, and another may come. */
static bool
relay(struct tls_pump *pump)
{
	bool moved;

	pump->up.ended = false;

	do {
		pump->conn_events = pump->peer_events = 0;
		moved = conn_to_down(pump);
		moved |= down_to_peer(pump);
		moved |= peer_to_up(pump);
		moved |= up_to_conn(pump);
		if (is_over(pump))
			return false;
		if (peer_is_over(pump))
			return true;
	} while (next_round(pump, moved));
	return false;
}

static bool
is_this_process(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	       len == sizeof(cred) && cred.pid == getpid();
}

/* The next peer that is this very process; the name is random, so that nobody
 * else gets here but by a search of /proc/net/unix. */
static bool
accept_peer(struct tls_pump *pump)
{
	struct pollfd fds[] = {{.fd = pump->stop, .events = POLLIN},
	    {.fd = pump->listener, .events = POLLIN}};

	while (pump->peer < 0) {
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents != 0)
			return false;
		pump->peer = accept4(
		    pump->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (pump->peer >= 0 && !is_this_process(pump->peer))
			close_fd(&pump->peer);
	}
	return true;
}

static void *
pump_main(void *arg)
{
	struct tls_pump *pump = arg;

	while (accept_peer(pump) && relay(pump))
		close_fd(&pump->peer);
	tls_conn_shutdown(pump->conn);
	close_fd(&pump->listener);
	close_fd(&pump->peer);
	close_fd(&pump->fd);
	return NULL;
}

static int
listen_abstract(struct tls_pump *pump)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	uint8_t random[NAME_RANDOM_LEN];
	size_t len;

	random_bytes(random, sizeof(random));
	strcpy(pump->name, NAME_PREFIX);
	hex_encode(pump->name + strlen(NAME_PREFIX),
	    (struct bytes){random, sizeof(random)});
	len = strlen(pump->name);
	memcpy(addr.sun_path + 1, pump->name, len);
	pump->listener =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (pump->listener < 0 ||
	    bind(pump->listener, (struct sockaddr *)&addr,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			    len)) != 0 ||
	    listen(pump->listener, 1) != 0)
		return -ERR_IO;
	return 0;
}

/* Signals are the main thread's. */
static int
start_thread(struct tls_pump *pump)
{
	sigset_t all, before;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&pump->thread, NULL, pump_main, pump);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return r == 0 ? 0 : -ERR_NOMEM;
}

static void
pump_free(struct tls_pump *pump)
{
	close_fd(&pump->listener);
	close_fd(&pump->stop);
	free(pump);
}

int
tls_pump_start(struct tls_pump **out, struct tls_conn **conn, int fd)
{
	struct tls_pump *pump = calloc(1, sizeof(*pump));
	int err;

	if (pump == NULL)
		return -ERR_NOMEM;
	pump->listener = pump->peer = -1;
	pump->conn = *conn;
	pump->fd = fd;
	pump->stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	err = pump->stop >= 0 ? listen_abstract(pump) : -ERR_IO;
	if (err == 0)
		err = start_thread(pump);
	if (err != 0) {
		pump_free(pump);
		return err;
	}
	*conn = NULL;
	*out = pump;
	return 0;
}

const char *
tls_pump_name(const struct tls_pump *pump)
{
	return pump->name;
}

void
tls_pump_stop(struct tls_pump *pump)
{
	uint64_t one = 1;

	if (pump == NULL)
		return;
	/* Cannot fail: the counter is far from its limit. */
	if (write(pump->stop, &one, sizeof(one)) != (ssize_t)sizeof(one))
		abort();
	pthread_join(pump->thread, NULL);
	tls_conn_free(pump->conn);
	pump_free(pump);
}
