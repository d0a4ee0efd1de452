#include "server/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/httpd.h"

static void conn_advance(struct conn *conn);

/* --- life --- */

static void
conn_ref(struct conn *conn)
{
	conn->refs++;
}

void
conn_unref(struct conn *conn)
{
	if (--conn->refs != 0)
		return;
	engine_count_connection(conn->worker->engine, -1);
	explicit_bzero(&conn->claim, sizeof(conn->claim));
	free(conn);
}

static void
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

static void
unlink_from_all(struct conn *conn)
{
	if (conn->prev != NULL)
		conn->prev->next = conn->next;
	else
		conn->worker->all = conn->next;
	if (conn->next != NULL)
		conn->next->prev = conn->prev;
	conn->worker->n_conns--;
}

static void
claim_end_refused(struct conn *conn)
{
	if (!conn->claimed || conn->phase == CONN_CLAIMING ||
	    conn->phase == CONN_CONFIRMING)
		return;
	conn->claimed = false;
	claim_refuse(&conn->claim);
}

void
conn_kill(struct conn *conn)
{
	struct worker *worker = conn->worker;

	if (conn->dead)
		return;
	conn->dead = true;
	claim_end_refused(conn);
	if (conn->tls != NULL) {
		if (conn->phase == CONN_OPEN)
			tls_conn_shutdown(conn->tls);
		tls_conn_free(STEAL(conn->tls));
	}
	watch_remove(worker, &conn->socket);
	close(conn->socket.fd);
	conn->socket.fd = -1;
	if (conn->pair.fd >= 0) {
		watch_remove(worker, &conn->pair);
		close(conn->pair.fd);
		conn->pair.fd = -1;
		/* MHD notices its closed end in the next run. */
		worker->run_again = worker->run_again || conn->in_mhd;
	}
	backlog_fini(&conn->in);
	backlog_fini(&conn->out);
	unlink_from_all(conn);
	/* MHD sees nothing of a suspended request: let it see the closed pair;
	 * the work that the request waits for goes on alone. */
	if (conn->waiting != NULL)
		httpd_cancel(conn->waiting);
	conn->grave_next = worker->grave;
	worker->grave = conn;
}

void
conn_touch(struct conn *conn)
{
	if (conn->touched || conn->dead)
		return;
	conn->touched = true;
	conn->touched_next = conn->worker->touched;
	conn->worker->touched = conn;
	conn_ref(conn);
}

/* --- masks --- */

void
conn_update_masks(struct conn *conn)
{
	uint32_t mask = 0, pair = 0;

	if (conn->dead)
		return;
	if (conn->phase == CONN_HANDSHAKE)
		return; /* set by the handshake's steps */
	if (conn->phase == CONN_OPEN) {
		if (conn->in.data == NULL && !conn->eof)
			mask |= EPOLLIN;
		if (conn->out.data != NULL)
			mask |= EPOLLOUT;
	}
	/* Reported again and again once it happened: only while nothing else
	 * would notice. */
	if ((mask & EPOLLIN) == 0 && !conn->eof && !conn->rdhup)
		mask |= EPOLLRDHUP;
	watch_set(conn->worker, &conn->socket, mask);
	if (conn->pair.fd < 0)
		return;
	if (conn->in.data != NULL)
		pair |= EPOLLOUT;
	if (conn->in_request && !conn->suspended && conn->out.data == NULL)
		pair |= EPOLLIN;
	if (pair != 0)
		watch_set(conn->worker, &conn->pair, pair);
	else /* a mask of 0 would still report hang-ups */
		watch_remove(conn->worker, &conn->pair);
}

/* --- bytes --- */

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

static void
pump_in(struct conn *conn)
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
		if (n <= 0) { /* MHD has ended it */
			conn_kill(conn);
			return moved;
		}
		moved = true;
		if (!write_through(conn, worker->buffer, (size_t)n))
			break;
		if ((size_t)n < sizeof(worker->buffer) && conn->in_mhd)
			break;
	}
	if (!conn->dead && conn->eof && !conn->in_request &&
	    conn->out.data == NULL && conn->in.data == NULL)
		conn_kill(conn);
	return moved;
}

/* --- handshake and claim --- */

static void
claim_posted(struct post *post)
{
	struct conn *conn = CONTAINER_OF(post, struct conn, claim_post);
	bool starting = conn->phase == CONN_CLAIMING;

	if (starting)
		conn->phase = CONN_HANDSHAKE;
	else
		conn->phase = CONN_OPEN;
	if (conn->dead) {
		if (starting)
			claim_end_refused(conn);
	} else if (starting) {
		tls_conn_claimed(conn->tls,
		    conn->claim.granted ? &conn->claim.record : NULL);
		conn_advance(conn);
	} else {
		conn->peer.kind =
		    conn->claim.confirmed ? PEER_PAKE : PEER_CODE_USED;
		conn_advance(conn);
	}
	conn_update_masks(conn);
	conn_unref(conn);
}

/* On the store's thread. */
static void
claim_done(struct claim *claim)
{
	struct conn *conn = CONTAINER_OF(claim, struct conn, claim);

	worker_post(conn->worker, &conn->claim_post);
}

/* Called by tls/ within the handshake. */
static void
on_claim(void *owner, const struct pake_attempt *attempt)
{
	struct conn *conn = owner;
	struct claim *claim = &conn->claim;

	claim->registrar = engine_config(conn->worker->engine)->registrar;
	memcpy(claim->identity, attempt->identity, sizeof(claim->identity));
	claim->server_name_matches = attempt->server_name_matches;
	claim->source = conn->peer.ip;
	claim->done = claim_done;
	conn->claim_post.run = claim_posted;
	conn->claimed = true;
	conn->phase = CONN_CLAIMING;
	conn_ref(conn); /* for the post */
	if (claim_start(claim) == CLAIM_ANSWERED)
		claim_done(claim);
}

static void
handshake_finished(struct conn *conn)
{
	if (!conn->claimed) {
		conn->phase = CONN_OPEN;
		return;
	}
	if (!tls_conn_pake_authenticated(conn->tls)) {
		conn_kill(conn); /* an offered PAKE ends well or not at all */
		return;
	}
	memcpy(conn->peer.identity, tls_conn_pake_identity(conn->tls),
	    sizeof(conn->peer.identity));
	conn->claimed = false;
	conn->phase = CONN_CONFIRMING;
	conn_ref(conn); /* for the post */
	if (claim_confirm(&conn->claim) == CLAIM_ANSWERED)
		claim_done(&conn->claim);
}

static void
handshake_step(struct conn *conn)
{
	switch (tls_conn_handshake(conn->tls)) {
	case 0:
		handshake_finished(conn);
		break;
	case TLS_WANT_READ:
		watch_set(conn->worker, &conn->socket, EPOLLIN);
		break;
	case TLS_WANT_WRITE:
		watch_set(conn->worker, &conn->socket, EPOLLOUT);
		break;
	case TLS_WANT_CLAIM: /* EPOLLIN would spin on the unread hello */
		watch_set(conn->worker, &conn->socket, EPOLLRDHUP);
		break;
	default:
		log_debug("TLS handshake failed", "peer=%s reason=\"%s\"",
		    conn->peer.text, tls_conn_error(conn->tls));
		conn_kill(conn);
		break;
	}
}

/* Goes on with whatever the connection can do now. */
static void
conn_advance(struct conn *conn)
{
	if (conn->phase == CONN_HANDSHAKE && !conn->dead)
		handshake_step(conn);
	if (conn->phase == CONN_OPEN && !conn->dead)
		pump_in(conn);
}

static void
socket_ready(struct watch *watch, uint32_t events)
{
	struct conn *conn = CONTAINER_OF(watch, struct conn, socket);
	bool waits =
	    conn->phase == CONN_CLAIMING || conn->phase == CONN_CONFIRMING;

	if (conn->dead)
		return;
	conn_ref(conn);
	if ((events & (EPOLLHUP | EPOLLERR)) != 0 ||
	    (waits && (events & EPOLLRDHUP) != 0)) {
		conn_kill(conn);
	} else {
		if ((events & EPOLLRDHUP) != 0)
			conn->rdhup = true;
		if ((events & EPOLLIN) != 0 || conn->phase == CONN_HANDSHAKE)
			conn_advance(conn);
		if ((events & EPOLLOUT) != 0)
			conn_touch(conn);
		conn_update_masks(conn);
	}
	conn_unref(conn);
}

void
conn_check_deadline(struct conn *conn, int64_t now_ms)
{
	if (conn->phase != CONN_OPEN && now_ms >= conn->deadline_ms)
		conn_kill(conn);
}

/* --- accept --- */

static int
identify_peer(struct conn *conn, const struct sockaddr *address)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	endpoint_format(conn->peer.text, address);
	if (conn->kind == LISTENER_TLS)
		return ip_from_sockaddr(&conn->peer.ip, address);
	if (getsockopt(conn->socket.fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) !=
	    0)
		return -ERR_IO;
	conn->peer.kind = PEER_LOCAL;
	conn->peer.uid = cred.uid;
	return 0;
}

static int
start_tls(struct conn *conn)
{
	struct tls_server *tls = engine_tls(conn->worker->engine);
	int err =
	    tls_conn_accept(&conn->tls, tls, conn->socket.fd, on_claim, conn);

	tls_server_unref(tls);
	return err;
}

void
conn_accept(struct worker *worker, int fd, enum listener_kind kind,
    const struct sockaddr *address)
{
	const struct engine_config *config = engine_config(worker->engine);
	struct conn *conn = calloc(1, sizeof(*conn));
	int err;

	if (conn == NULL) {
		close(fd);
		return;
	}
	conn->refs = 1; /* the graveyard's */
	conn->worker = worker;
	conn->kind = kind;
	conn->phase = kind == LISTENER_TLS ? CONN_HANDSHAKE : CONN_OPEN;
	conn->socket = (struct watch){.fd = fd, .ready = socket_ready};
	conn->pair.fd = -1;
	conn->deadline_ms =
	    clock_monotonic_ms() + config->handshake_timeout_s * 1000;
	conn->next = worker->all;
	if (worker->all != NULL)
		worker->all->prev = conn;
	worker->all = conn;
	worker->n_conns++;
	engine_count_connection(worker->engine, 1);
	err = identify_peer(conn, address);
	if (err == 0 && kind == LISTENER_TLS)
		err = start_tls(conn);
	if (err != 0) {
		conn_kill(conn);
		return;
	}
	conn_ref(conn);
	watch_set(worker, &conn->socket, EPOLLIN);
	conn_advance(conn);
	conn_update_masks(conn);
	conn_unref(conn);
}
