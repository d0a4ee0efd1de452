#include "server/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/conn_flow.h"
#include "server/httpd.h"

/* A request has to arrive whole within so many idle time-outs: MHD's own
 * time-out begins anew with every byte. */
#define REQUEST_IDLE_TIMES 2
/* For its turn. Longer than that clients would be served that are about to give
 * up, and the next ones would wait for them. */
#define WAITING_MS 5000
/* Claims of a worker that wait for the store, all that a commit or two takes:
 * when more come the store is behind, and they would be late. */
#define CLAIMS_MAX 128

static const struct engine_program *
program_of(const struct conn *conn)
{
	return engine_config(conn->worker->engine)->program;
}

/* --- life --- */

void
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
	if (conn->client_cert != NULL)
		program_of(conn)->client_cert_free(conn->client_cert);
	if (conn->pledge != NULL)
		program_of(conn)->pledge_free(conn->pledge);
	free(conn);
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
}

static void
claim_end_refused(struct conn *conn)
{
	if (!conn->claimed || conn->phase == CONN_CLAIMING ||
	    conn->phase == CONN_CONFIRMING)
		return;
	conn->claimed = false;
	program_of(conn)->claim_refuse(&conn->claim);
}

void
conn_kill(struct conn *conn)
{
	struct worker *worker = conn->worker;

	if (conn->dead)
		return;
	conn->dead = true;
	claim_end_refused(conn);
	if (worker->crowds[conn->kind] != NULL)
		crowd_leave(worker->crowds[conn->kind], &conn->member);
	if (worker->turns[conn->kind] != NULL)
		turns_leave(worker->turns[conn->kind], &conn->turn);
	if (conn->tls != NULL) {
		if (conn->phase == CONN_OPEN)
			tls_conn_shutdown(conn->tls);
		tls_conn_free(STEAL(conn->tls));
	}
	/* Closing takes it out of the epoll set. */
	conn->socket.registered = false;
	close(conn->socket.fd);
	conn->socket.fd = -1;
	conn_pair_close(conn);
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
conn_reset(struct conn *conn)
{
	static const struct linger none = {.l_onoff = 1, .l_linger = 0};

	if (conn->dead)
		return;
	if (setsockopt(conn->socket.fd, SOL_SOCKET, SO_LINGER, &none,
		sizeof(none)) != 0)
		log_warn("connection not reset", "peer=%s error=%s",
		    conn->peer.text, strerror(errno));
	conn->phase = CONN_LINGERING; /* no close_notify */
	conn_kill(conn);
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

/* --- deadlines --- */

static int64_t
idle_ms(const struct conn *conn)
{
	return engine_config(conn->worker->engine)->idle_timeout_s * 1000;
}

void
conn_deadline_renew(struct conn *conn)
{
	conn->deadline_ms = clock_monotonic_ms() + idle_ms(conn);
}

static void
phase_open(struct conn *conn)
{
	conn->phase = CONN_OPEN;
	conn->of_use = true;
	conn_deadline_renew(conn);
}

void
conn_request_arrives(struct conn *conn)
{
	if (!conn->answering && conn->request_deadline_ms == 0)
		conn->request_deadline_ms =
		    clock_monotonic_ms() + REQUEST_IDLE_TIMES * idle_ms(conn);
}

void
conn_request_arrived(struct conn *conn)
{
	conn->answering = true;
	conn->request_deadline_ms = 0;
}

void
conn_request_ended(struct conn *conn)
{
	conn->of_use = conn->of_use || conn->answering;
	conn->in_request = false;
	conn->answering = false;
	conn->request_deadline_ms = 0;
}

void
conn_http_ended(struct conn *conn)
{
	conn->in_mhd = false;
	conn->request_deadline_ms = 0;
	backlog_fini(&conn->in);
	conn_touch(conn);
}

/* In the handshake, before the first byte, and while it does not read: MHD's
 * time-out sees nothing of these. */
static bool
is_late(const struct conn *conn, int64_t now_ms)
{
	if (conn->request_deadline_ms != 0 &&
	    now_ms >= conn->request_deadline_ms)
		return true;
	return (conn->phase != CONN_OPEN || conn->pair.fd < 0 ||
		   conn->out.data != NULL) &&
	       now_ms >= conn->deadline_ms;
}

void
conn_check_deadline(struct conn *conn, int64_t now_ms)
{
	if (is_late(conn, now_ms))
		conn_kill(conn);
}

/* --- masks --- */

/* Once MHD has closed its end nobody reads what the peer says. */
static bool
takes_input(const struct conn *conn)
{
	return conn->pair.fd < 0 || conn->in_mhd;
}

/* Busy is who waits for us, or takes an answer. Whatever the peer has yet to
 * send is idleness, however busily it comes in small pieces: a connection ages
 * from its last step (accepted, handshake done, request answered). An
 * administrator is never in the way. */
static bool
is_idle(const struct conn *conn)
{
	return !conn->answering && !conn->administers &&
	       conn->out.data == NULL && conn->phase != CONN_CLAIMING &&
	       conn->phase != CONN_CONFIRMING;
}

static void
update_age(struct conn *conn)
{
	struct crowd *crowd = conn->worker->crowds[conn->kind];

	if (crowd == NULL)
		return;
	crowd_set_idle(crowd, &conn->member, is_idle(conn));
	if (conn->of_use)
		crowd_renew(&conn->member);
	conn->of_use = false;
}

void
conn_update_masks(struct conn *conn)
{
	uint32_t mask = 0, pair = 0;

	if (conn->dead)
		return;
	update_age(conn);
	/* Nothing is watched yet, or it is set by the handshake's steps, or by
	 * conn_end(). */
	if (conn->phase == CONN_WAITING || conn->phase == CONN_HANDSHAKE ||
	    conn->phase == CONN_LINGERING)
		return;
	if (conn->phase == CONN_OPEN) {
		if (conn->in.data == NULL && !conn->eof && takes_input(conn))
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

/* --- handshake and claim --- */

static void
claim_answer(struct conn *conn)
{
	const struct claim *claim = &conn->claim;

	if (claim->srp)
		tls_conn_srp_claimed(
		    conn->tls, claim->granted ? &claim->srp_verifier : NULL);
	else
		tls_conn_claimed(
		    conn->tls, claim->granted ? &claim->record : NULL);
}

static bool
claim_is_proved(const struct conn *conn)
{
	return conn->claim.srp ? tls_conn_srp_authenticated(conn->tls)
			       : tls_conn_pake_authenticated(conn->tls);
}

static void
claim_posted(struct post *post)
{
	struct conn *conn = CONTAINER_OF(post, struct conn, claim_post);
	bool starting = conn->phase == CONN_CLAIMING;

	conn->worker->n_claims--;
	if (starting)
		conn->phase = CONN_HANDSHAKE;
	else
		phase_open(conn);
	if (conn->dead) {
		if (starting)
			claim_end_refused(conn);
	} else if (starting) {
		claim_answer(conn);
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

	/* Not closed here, within libssl. */
	if (conn->worker->n_claims >= CLAIMS_MAX) {
		conn->crowded_out = true;
		return;
	}
	claim->registrar = engine_config(conn->worker->engine)->registrar;
	memcpy(claim->identity, attempt->identity, sizeof(claim->identity));
	claim->server_name_matches = attempt->server_name_matches;
	claim->srp = attempt->srp;
	claim->source = conn->peer.ip;
	claim->done = claim_done;
	conn->claim_post.run = claim_posted;
	conn->claimed = true;
	conn->phase = CONN_CLAIMING;
	conn->worker->n_claims++;
	conn_ref(conn); /* for the post */
	if (program_of(conn)->claim_start(claim) == CLAIM_ANSWERED)
		claim_done(claim);
}

static void
handshake_finished(struct conn *conn)
{
	if (!conn->claimed) {
		phase_open(conn);
		return;
	}
	if (!claim_is_proved(conn)) {
		conn_kill(conn); /* an offered PAKE ends well or not at all */
		return;
	}
	memcpy(conn->peer.identity, conn->claim.identity,
	    sizeof(conn->peer.identity));
	conn->peer.identity_id = conn->claim.identity_id;
	conn->claimed = false;
	conn->phase = CONN_CONFIRMING;
	conn->worker->n_claims++;
	conn_ref(conn); /* for the post */
	if (program_of(conn)->claim_confirm(&conn->claim) == CLAIM_ANSWERED)
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
		if (conn->crowded_out) {
			conn->worker->door.turned_away++;
			conn_kill(conn);
			break;
		}
		watch_set(conn->worker, &conn->socket, EPOLLRDHUP);
		break;
	default:
		log_debug("TLS handshake failed", "peer=%s reason=\"%s\"",
		    conn->peer.text, tls_conn_error(conn->tls));
		conn_kill(conn);
		break;
	}
}

void
conn_advance(struct conn *conn)
{
	if (conn->phase == CONN_HANDSHAKE && !conn->dead)
		handshake_step(conn);
	if (conn->phase == CONN_OPEN && !conn->dead)
		conn_pump_in(conn);
	else if (conn->phase == CONN_LINGERING && !conn->dead)
		conn_discard_input(conn);
}

static void
socket_ready(struct watch *watch, uint32_t events)
{
	struct conn *conn = CONTAINER_OF(watch, struct conn, socket);

	if (conn->dead)
		return;
	conn_ref(conn);
	if ((events & (EPOLLHUP | EPOLLERR)) != 0 ||
	    ((events & EPOLLRDHUP) != 0 && conn->phase == CONN_CLAIMING)) {
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

/* --- accept --- */

static int
identify_peer(struct conn *conn, const struct sockaddr *address)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	endpoint_format(conn->peer.text, address);
	if (conn->kind != LISTENER_ADMIN)
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
	struct tls_server *tls = engine_tls(conn->worker->engine, conn->kind);
	int err = tls_conn_accept(&conn->tls, tls, conn->socket.fd,
	    program_of(conn)->claim_start != NULL ? on_claim : NULL, conn);

	tls_server_unref(tls);
	return err;
}

/* It waited for too long, or its client has closed the connection meanwhile:
 * nobody would take part in the handshake, or not for long. */
static bool
is_past(const struct conn *conn)
{
	struct pollfd p = {.fd = conn->socket.fd, .events = POLLRDHUP};

	return conn->batch != conn->worker->batch &&
	       (clock_monotonic_ms() >= conn->deadline_ms ||
		   poll(&p, 1, 0) != 0);
}

static int
begin_handshake(struct conn *conn)
{
	const struct engine_config *config =
	    engine_config(conn->worker->engine);

	conn->phase = CONN_HANDSHAKE;
	conn->deadline_ms =
	    clock_monotonic_ms() + config->handshake_timeout_s * 1000;
	return start_tls(conn);
}

bool
conn_begin(struct conn *conn)
{
	if (is_past(conn) ||
	    (conn->kind != LISTENER_ADMIN && begin_handshake(conn) != 0)) {
		conn_kill(conn);
		return false;
	}
	if (conn->kind == LISTENER_ADMIN)
		phase_open(conn);
	conn_ref(conn);
	watch_set(conn->worker, &conn->socket, EPOLLIN);
	conn_advance(conn);
	conn_update_masks(conn);
	conn_unref(conn);
	return true;
}

void
conn_accept(struct worker *worker, int fd, enum listener_kind kind,
    const struct sockaddr *address, size_t source)
{
	struct crowd *crowd = worker->crowds[kind];
	struct conn *conn = calloc(1, sizeof(*conn));

	if (conn == NULL) {
		if (crowd != NULL)
			crowd_place_give(crowd_places(crowd), source);
		close(fd);
		return;
	}
	conn->refs = 1; /* the graveyard's */
	conn->worker = worker;
	conn->kind = kind;
	conn->socket = (struct watch){.fd = fd, .ready = socket_ready};
	conn->pair.fd = -1;
	conn->deadline_ms = clock_monotonic_ms() + WAITING_MS;
	conn->batch = worker->batch;
	conn->next = worker->all;
	if (worker->all != NULL)
		worker->all->prev = conn;
	worker->all = conn;
	engine_count_connection(worker->engine, 1);
	if (crowd != NULL)
		crowd_join(crowd, &conn->member, source);
	if (identify_peer(conn, address) != 0)
		conn_kill(conn);
	else if (worker->turns[kind] != NULL)
		turns_join(worker->turns[kind], &conn->turn, source);
	else
		(void)conn_begin(conn);
}
