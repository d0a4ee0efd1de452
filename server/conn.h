/*
 * One connection: TLS (or plain, for the administrators' socket) on one side,
 * libmicrohttpd behind one end of a socket pair on the other, both driven by
 * the same worker. The pair is made when the first plaintext arrives.
 */
#ifndef SERVER_CONN_H
#define SERVER_CONN_H

#include <sys/types.h>

#include "base/addr.h"
#include "registrar/claim.h"
#include "registrar/pledge.h"
#include "registrar/requester.h"
#include "server/crowd.h"
#include "server/turns.h"
#include "server/worker.h"
#include "tls/conn.h"

enum conn_phase {
	CONN_WAITING, /* for its turn: nothing was read yet */
	CONN_HANDSHAKE,
	CONN_CLAIMING,   /* a guess is being made durable */
	CONN_CONFIRMING, /* a use is being taken, before the first request */
	CONN_OPEN,
	CONN_LINGERING, /* all is said; the peer may still be sending */
};

/* Who is at the other end. */
enum peer_kind {
	PEER_ANONYMOUS,
	PEER_PAKE, /* identity is the one it proved to know the code of, by the
		      PAKE or TLS-SRP */
	PEER_CODE_USED, /* it knows a code whose last use somebody else took */
	PEER_LOCAL,     /* a process on this host; uid says whose */
};

struct peer {
	enum peer_kind kind;
	char identity[CLAIM_IDENTITY_MAX];
	int64_t identity_id; /* of a PAKE; never given again */
	uid_t uid;
	struct ip_addr ip;            /* len 0 for a local peer */
	char text[ENDPOINT_TEXT_MAX]; /* for the log */
};

/* Bytes that wait for the other side. */
struct backlog {
	uint8_t *data;
	size_t len, done;
};

struct conn {
	unsigned int refs; /* the worker's thread alone counts */
	struct worker *worker;
	enum listener_kind kind;
	enum conn_phase phase;
	struct peer peer;

	struct watch socket;
	struct watch pair;           /* fd -1 until it is made */
	struct tls_conn *tls;        /* NULL for a plain one */
	int64_t deadline_ms;         /* of what the peer has to do now */
	int64_t request_deadline_ms; /* of the request that arrives; 0: none */

	struct backlog in;  /* plaintext for the pair */
	struct backlog out; /* plaintext for TLS */
	size_t discarded;   /* while it lingers */

	bool dead, eof, rdhup, touched;
	bool administers; /* it showed a token that is one */
	bool in_mhd;      /* between MHD's STARTED and CLOSED */
	bool in_request;  /* between a request's first call and COMPLETED */
	bool answering;   /* that request has arrived */
	bool suspended;   /* that request waits for another thread */
	struct request *waiting; /* the suspended one */

	struct client_cert *client_cert; /* once it was judged */
	struct pledge *pledge;           /* the same, as a device's */

	bool
	    claimed; /* a claim was started and neither confirmed nor refused */
	struct claim claim;
	struct post claim_post;
	bool crowded_out; /* too many claims were under way for one more */

	struct crowd_member member;
	struct turn turn;
	uint64_t batch; /* of events, in which it was accepted */
	bool of_use;    /* it got somewhere since this was last looked at */

	struct conn *next, *prev; /* worker->all */
	struct conn *touched_next, *grave_next;
};

/* Takes fd, and the place that the source has for it where the kind has
 * crowds. */
void conn_accept(struct worker *worker, int fd, enum listener_kind kind,
    const struct sockaddr *address, size_t source);
/* Its turn has come: the handshake begins. False: it came too late for that,
 * and the connection was closed. */
bool conn_begin(struct conn *conn);
void conn_unref(struct conn *conn);

/* What MHD writes for this connection in its next run must be fetched. */
void conn_touch(struct conn *conn);
/* Moves MHD's output towards the peer; true when something moved. */
bool conn_pump_out(struct conn *conn);
void conn_update_masks(struct conn *conn);
/* Closes now; the memory goes with the last reference. */
void conn_kill(struct conn *conn);
/* The same with a TCP reset, and without what was not sent yet. */
void conn_reset(struct conn *conn);
/* Kills it when its peer is late. */
void conn_check_deadline(struct conn *conn, int64_t now_ms);
/* A request has arrived whole, and its answer is over. */
void conn_request_arrived(struct conn *conn);
void conn_request_ended(struct conn *conn);
/* MHD has closed its end: what it wrote before still goes to the peer. */
void conn_http_ended(struct conn *conn);

#endif
