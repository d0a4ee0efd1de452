#include "server/conn_flow.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/httpd.h"

/* How long an ended connection takes what the peer was still sending: closing
 * at once would reset it, and the answer with it (RFC 9112 9.6). */
#define LINGER_MS 2000
#define LINGER_MAX_BYTES ((size_t)1024 * 1024)

void
backlog_fini(struct backlog *b)
{
	free(b->data);
	*b = (struct backlog){0};
}

static int
backlog_set(struct backlog *b, const uint8_t *data, size_t len)
{
	b->data = malloc(len);
	if (b->data == NULL)
		return -ERR_NOMEM;
	memcpy(b->data, data, len);
	b->len = len;
	b->done = 0;
	return 0;
}

/* --- towards MHD --- */

void
conn_pair_close(struct conn *conn)
{
	if (conn->pair.fd < 0)
		return;
	conn->pair.registered = false; /* closing takes it out */
	close(conn->pair.fd);
	conn->pair.fd = -1;
	/* MHD notices its closed end in the next run. */
	conn->worker->run_again = conn->worker->run_again || conn->in_mhd;
}

/* 0, TLS_WANT_*, TLS_EOF or an error, for either transport. */
static int
transport_read(struct conn *conn, void *data, size_t size, size_t *len)
{
	ssize_t n;

	if (conn->tls != NULL)
		return tls_conn_read(conn->tls, data, size, len);
	n = recv(conn->socket.fd, data, size, 0);
	if (n == 0)
		return TLS_EOF;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? TLS_WANT_READ
							 : -ERR_CLOSED;
	*len = (size_t)n;
	return 0;
}

static int
transport_write(struct conn *conn, const void *data, size_t size, size_t *len)
{
	ssize_t n;

	if (conn->tls != NULL)
		return tls_conn_write(conn->tls, data, size, len);
	n = send(conn->socket.fd, data, size, MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? TLS_WANT_WRITE
							 : -ERR_CLOSED;
	*len = (size_t)n;
	return 0;
}

static bool
transport_pending(const struct conn *conn)
{
	return conn->tls != NULL && tls_conn_pending(conn->tls);
}

static void
pair_ready(struct watch *watch, uint32_t events)
{
	struct conn *conn = CONTAINER_OF(watch, struct conn, pair);

	if (conn->dead)
		return;
	conn_ref(conn);
	if ((events & EPOLLOUT) != 0)
		conn_advance(conn);
	conn_touch(conn);
	conn_unref(conn);
}

static int
pair_make(struct conn *conn)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		fds) != 0)
		return -ERR_IO;
	conn->pair.fd = fds[0];
	conn->pair.ready = pair_ready;
	return httpd_add(conn, fds[1]);
}

/* Plaintext on its way to MHD; what the pair does not take waits. */
static int
deliver(struct conn *conn, const uint8_t *data, size_t len)
{
	ssize_t n;
	int err = conn->pair.fd < 0 ? pair_make(conn) : 0;

	if (err != 0)
		return err;
	conn_request_arrives(conn);
	n = send(conn->pair.fd, data, len, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN)
		return -ERR_CLOSED;
	if (n < 0)
		n = 0;
	conn_touch(conn);
	if ((size_t)n == len)
		return 0;
	return backlog_set(&conn->in, data + n, len - (size_t)n);
}

/* False while the pair is still full. */
static bool
flush_in(struct conn *conn)
{
	struct backlog *b = &conn->in;
	ssize_t n;

	if (b->data == NULL)
		return true;
	n = send(
	    conn->pair.fd, b->data + b->done, b->len - b->done, MSG_NOSIGNAL);
	if (n < 0) {
		if (errno != EAGAIN)
			conn_kill(conn);
		return false;
	}
	conn_touch(conn);
	b->done += (size_t)n;
	if (b->done < b->len)
		return false;
	backlog_fini(b);
	return true;
}

void
conn_pump_in(struct conn *conn)
{
	struct worker *worker = conn->worker;

	while (!conn->dead && flush_in(conn)) {
		size_t len = 0;
		int result = transport_read(
		    conn, worker->buffer, sizeof(worker->buffer), &len);

		if (result == TLS_WANT_READ || result == TLS_WANT_WRITE)
			return;
		if (result == TLS_EOF) {
			/* Never forwarded: MHD would drop the request that is
			 * being answered. */
			conn->eof = true;
			conn_touch(conn);
			return;
		}
		if (result != 0 || deliver(conn, worker->buffer, len) != 0) {
			conn_kill(conn);
			return;
		}
		if (conn->in.data == NULL && !transport_pending(conn))
			return;
	}
}

/* --- towards the peer --- */

/* False when it was not all taken. */
static bool
flush_out(struct conn *conn)
{
	struct backlog *b = &conn->out;

	while (b->data != NULL) {
		size_t len = 0;
		int result = transport_write(
		    conn, b->data + b->done, b->len - b->done, &len);

		if (result == TLS_WANT_READ || result == TLS_WANT_WRITE)
			return false;
		if (result != 0) {
			conn_kill(conn);
			return false;
		}
		b->done += len;
		if (b->done == b->len)
			backlog_fini(b);
		conn_deadline_renew(conn);
	}
	return true;
}

/* Writes what was just read from the pair; the rest is kept. */
static bool
send_or_keep(struct conn *conn, const uint8_t *data, size_t len)
{
	if (backlog_set(&conn->out, data, len) != 0) {
		conn_kill(conn);
		return false;
	}
	conn_deadline_renew(conn);
	return flush_out(conn);
}

static bool
write_through(struct conn *conn, const uint8_t *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n = 0;
		int result = transport_write(conn, data + done, len - done, &n);

		if (result == TLS_WANT_READ || result == TLS_WANT_WRITE)
			return send_or_keep(conn, data + done, len - done);
		if (result != 0) {
			conn_kill(conn);
			return false;
		}
		done += n;
	}
	return true;
}

/* MHD has ended it, and all that it wrote was sent. */
static void
conn_end(struct conn *conn)
{
	if (conn->eof || conn->tls == NULL) {
		conn_kill(conn);
		return;
	}
	tls_conn_shutdown(conn->tls);
	shutdown(conn->socket.fd, SHUT_WR);
	conn_pair_close(conn);
	conn->phase = CONN_LINGERING;
	conn->deadline_ms = clock_monotonic_ms() + LINGER_MS;
	watch_set(conn->worker, &conn->socket, EPOLLIN);
}

void
conn_discard_input(struct conn *conn)
{
	struct worker *worker = conn->worker;
	ssize_t n =
	    recv(conn->socket.fd, worker->buffer, sizeof(worker->buffer), 0);

	conn->discarded += n > 0 ? (size_t)n : 0;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) ||
	    conn->discarded > LINGER_MAX_BYTES)
		conn_kill(conn);
}

/* Nothing more will come from a peer that has said all: a request that has not
 * arrived whole never will. Pipelined ones that MHD has not read yet are still
 * answered. */
static void
end_after_eof(struct conn *conn, bool moved)
{
	int unread = 0;

	if (conn->answering || conn->out.data != NULL || conn->in.data != NULL)
		return;
	if (conn->pair.fd >= 0 && ioctl(conn->pair.fd, SIOCOUTQ, &unread) != 0)
		unread = 0;
	if (moved || unread != 0)
		conn_touch(conn);
	else
		conn_kill(conn);
}

bool
conn_pump_out(struct conn *conn)
{
	struct worker *worker = conn->worker;
	bool moved = false;

	while (!conn->dead && flush_out(conn) && conn->pair.fd >= 0) {
		ssize_t n = recv(
		    conn->pair.fd, worker->buffer, sizeof(worker->buffer), 0);

		if (n < 0 && errno == EAGAIN)
			break;
		if (n <= 0) {
			conn_end(conn);
			return moved;
		}
		moved = true;
		if (!write_through(conn, worker->buffer, (size_t)n))
			break;
		if ((size_t)n < sizeof(worker->buffer) && conn->in_mhd)
			break;
	}
	if (!conn->dead && conn->eof)
		end_after_eof(conn, moved);
	return moved;
}
