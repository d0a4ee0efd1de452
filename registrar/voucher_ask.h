/*
 * A device asks for its voucher, from its request's bytes to the answer.
 *
 * Whoever asks waits for wait_ms at most; the question goes on without him, and
 * its answer is in the store before anybody gets it, so that the same request
 * finds it later, also after a restart. A device has one question at a time: a
 * newer request takes the place of the one before, since a device that was
 * restarted has forgotten its nonce. [RFC8995 5.6]
 */
#ifndef REGISTRAR_VOUCHER_ASK_H
#define REGISTRAR_VOUCHER_ASK_H

#include "base/addr.h"
#include "registrar/pledge.h"
#include "registrar/registrar.h"
#include "voucher/artifact.h"

#define VOUCHER_WAIT_MS 4000 /* some devices give up after five seconds */
#define VOUCHER_TYPE_MAX 64

/* What becomes of a request; kept in the store, so that numbers stay. */
enum voucher_outcome {
	VOUCHER_GIVEN = 1,
	VOUCHER_LATER = 2,          /* in retry_after_s, with the same bytes */
	VOUCHER_MALFORMED = 3,      /* the request is no voucher request */
	VOUCHER_NOT_PROXIMATE = 4,  /* somebody stands between */
	VOUCHER_FORBIDDEN = 5,      /* signature, serial number, policy */
	VOUCHER_NOT_LISTED = 6,     /* the serial number is not expected */
	VOUCHER_NOT_ACCEPTABLE = 7, /* format, or the audit log */
	VOUCHER_MASA_LIED = 8,      /* or failed: TLS, status, nonsense */
	VOUCHER_MASA_SILENT = 9, /* cannot be reached, or no answer in time */
	VOUCHER_BUSY = 10,       /* not now: a queue or the disk is full */
	VOUCHER_FAILED = 11,     /* of our own doing; see the log */
};

struct question;

struct voucher_ask {
	/* The caller fills it; what is borrowed is not needed after
	 * voucher_ask_start(). */
	struct registrar *registrar;
	const struct pledge *pledge;
	struct bytes request;
	enum voucher_format format, reply_format;
	char reply_type[VOUCHER_TYPE_MAX]; /* what to call that */
	struct bytes registrar_cert; /* ours, as this connection showed it */
	struct ip_addr source;
	int64_t wait_ms;
	void (*done)(struct voucher_ask *ask); /* on any thread */

	/* The answer. */
	enum voucher_outcome outcome;
	struct reason why;
	struct blob voucher;   /* when it is given; the caller frees it */
	int64_t retry_after_s; /* when it is VOUCHER_LATER */

	/* The registrar's. */
	int64_t deadline_ms;
	struct voucher_ask *next;
};

enum { VOUCHER_ASK_ANSWERED = 1 };

/* 0: done will be called; VOUCHER_ASK_ANSWERED: it was answered at once. */
int voucher_ask_start(struct voucher_ask *ask) NODISCARD;

/* The questions that run; a part of the registrar. */
struct questions;
int questions_start(struct questions **out) NODISCARD;
/* Answers those who wait. */
void questions_stop(struct questions *questions);
void questions_free(struct questions *questions);

#endif
