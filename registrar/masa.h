/*
 * Asking MASAs, without holding anybody up: one thread with all transfers.
 *
 * https alone; host and certificate are always verified; no redirect, no proxy,
 * nothing of the environment; the address that a name turned out to have is
 * judged where the socket is made, so that it is the one connected to. 202, and
 * 503 with Retry-After, are asked again for MASA_PATIENCE_S. [RFC8995 5.4, 5.6]
 */
#ifndef REGISTRAR_MASA_H
#define REGISTRAR_MASA_H

#include <stdatomic.h>

#include "base/buf.h"
#include "registrar/masa_url.h"

#define MASA_ANSWER_MAX ((size_t)65536)
#define MASA_CONNECT_TIMEOUT_S 10
#define MASA_TIMEOUT_S 60
#define MASA_RETRY_MAX_S 60    /* between two tries */
#define MASA_PATIENCE_S 900    /* for all of them */
#define MASA_CALLS_MAX 1024    /* running and queued */
#define MASA_CALLS_RUNNING 256 /* at the same time */
#define MASA_CALLS_PER_HOST 64
#define MASA_TYPE_MAX 64

struct masa; /* the client */

enum masa_result {
	MASA_ANSWERED = 0,
	MASA_UNREACHABLE,     /* no such name, nobody listens */
	MASA_TLS_FAILED,      /* not the MASA's certificate, no handshake */
	MASA_TIMED_OUT,       /* also when it says "later" for too long */
	MASA_TOO_LARGE,       /* more than MASA_ANSWER_MAX */
	MASA_ADDRESS_REFUSED, /* its name has addresses of this network */
	MASA_RESET,           /* the connection broke, or was no HTTP */
	MASA_FAILED,          /* of our own doing: memory, a bad credential */
	MASA_STOPPED,         /* this program ends, or it was abandoned */
};

struct masa_call {
	/* The caller fills these, and keeps them until done. */
	struct masa_url url;
	const char *resource; /* "requestvoucher" */
	const char *content_type, *accept;
	struct bytes body;
	const char *tls_anchors; /* PEM; "": the system's */
	/* "user:password", or PEM of a client certificate with its key; NULL or
	 * "": none. */
	const char *credential;
	bool base64;  /* bodies both ways */
	bool private; /* any address will do */
	/* A 201 with Location is fetched from the same origin.
	 * [RFC8995 5.8.1] */
	bool may_be_created;
	void (*done)(struct masa_call *call); /* on the client's thread */
	/* Set from any thread: nobody wants the answer any more. What runs goes
	 * on; nothing is begun or asked again. */
	atomic_bool abandoned;

	/* The answer; why says in words what result is. */
	enum masa_result result;
	long status;
	char type[MASA_TYPE_MAX]; /* media type, "" if it said none */
	struct buf answer;        /* the caller frees it */
	struct reason why;

	/* The client's. */
	void *curl, *headers;
	bool get, address_refused, too_large;
	int64_t not_before_ms, give_up_ms;
	struct masa_call *next;
};

int masa_start(struct masa **out, struct reason *why) NODISCARD;
/* Answers what is left with MASA_STOPPED; then nothing is taken any more. */
void masa_stop(struct masa *masa);
void masa_free(struct masa *masa);

/* From any thread, without blocking. -ERR_BUSY when MASA_CALLS_MAX are there,
 * -ERR_CLOSED after the stop: done is then not called. */
int masa_submit(struct masa *masa, struct masa_call *call) NODISCARD;

#endif
