/*
 * Requests that a person decides about. Whoever asks for the same again finds
 * the same request; its key is a SHA-256 of what is asked and by whom.
 *
 * One approval is good for one thing: who uses it calls approval_take() in the
 * transaction that records the use.
 */
#ifndef REGISTRAR_APPROVAL_H
#define REGISTRAR_APPROVAL_H

#include "base/addr.h"
#include "db/approval.h"
#include "registrar/registrar.h"

#define APPROVAL_SUBJECT_MAX 384

#define APPROVAL_VOUCHER "voucher"
#define APPROVAL_ENROLLMENT "enrollment"

/* Outcomes: */
enum {
	APPROVAL_WAITING = 1,
	APPROVAL_DENIED = 2, /* why is what the administrator said */
};

struct approval_request {
	/* The request; the caller fills it. */
	struct registrar *registrar;
	const char *kind;                   /* a constant of the above */
	char subject[APPROVAL_SUBJECT_MAX]; /* who asks for what */
	struct ip_addr source;
	uint8_t key[32];
	int64_t identity_id, device_id; /* whose it is; 0: nobody's */
	void (*done)(struct approval_request *request); /* store's thread */

	/* The answer: 0 when it is approved, an outcome, or an error
	 * (-ERR_BUSY: too many wait already). */
	int result;
	struct reason why;
	int32_t retry_after_s; /* when it waits */

	struct store_job job; /* the registrar's */
};

/* Queues it; 0 when done will be called. */
int approval_request(struct approval_request *request) NODISCARD;

#endif
