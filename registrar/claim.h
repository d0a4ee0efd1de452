/*
 * One attempt to authenticate by PAKE or TLS-SRP, from the ClientHello to the
 *end:
 *
 *	claim_start()   before the ServerHello: buckets, then a durable guess
 *	claim_confirm() after a valid Finished: the guess comes back, a use goes
 *	claim_refuse()  after anything else: counted in the audit log
 *
 * Exactly one of the last two follows a claim_start().
 */
#ifndef REGISTRAR_CLAIM_H
#define REGISTRAR_CLAIM_H

#include "base/addr.h"
#include "base/verifier.h"
#include "db/identity.h"
#include "registrar/registrar.h"

#define CLAIM_IDENTITY_MAX 65 /* with NUL */

struct claim {
	struct registrar *registrar;
	char identity[CLAIM_IDENTITY_MAX]; /* "" belongs to nobody */
	bool server_name_matches;
	bool srp; /* by TLS-SRP */
	struct ip_addr source;
	/* Called on the store's thread at the end of claim_start() and
	 * claim_confirm() unless they answered at once. */
	void (*done)(struct claim *claim);

	/* The answer of claim_start(). */
	bool granted;
	struct verifier record;           /* when granted */
	struct srp_verifier srp_verifier; /* by TLS-SRP, when granted */
	int64_t identity_id;              /* when granted; never given again */
	/* The answer of claim_confirm(): false when a parallel handshake took
	 * the last use. */
	bool confirmed;

	struct store_job job; /* the registrar's, like the rest */
	enum claim_outcome outcome;
	bool limited;
	int64_t suppressed; /* earlier attempts of the source that a bucket
			       refused */
};

enum { CLAIM_ANSWERED = 1 };

/* 0: done will be called; CLAIM_ANSWERED: it was answered at once (refused by a
 * bucket, or the store is too busy). The caller fills registrar to done. */
int claim_start(struct claim *claim) NODISCARD;
int claim_confirm(struct claim *claim) NODISCARD;
void claim_refuse(struct claim *claim);

/* Why a password counts for nothing, in words for the audit log. */
const char *claim_outcome_text(enum claim_outcome outcome);

#endif
