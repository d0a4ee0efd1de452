/*
 * Passwords and onboarding codes over HTTP Basic (RFC 7030 3.2.3), judged by
 * the records and the guess budgets of the PAKE: the buckets first, then a
 * durable guess, then scrypt on one thread behind a bounded queue; a right
 * password gives the guess back. Right ones are remembered for some minutes
 * under a MAC, so that a client's next requests cost nothing.
 */
#ifndef REGISTRAR_BASIC_H
#define REGISTRAR_BASIC_H

#include "base/addr.h"
#include "base/background.h"
#include "registrar/registrar.h"
#include "tls/spake2p.h"

#define BASIC_USER_MAX 65 /* with NUL; longer names are nobody's */
#define BASIC_PASSWORD_MAX (SPAKE2P_PASSWORD_MAX + 1)

struct basic_check {
	/* The caller fills it, and wipes it in the end. */
	struct registrar *registrar;
	/* As typed: a code's identity is read case-blind and without dashes,
	 * and so is its secret. */
	char user[BASIC_USER_MAX];
	char password[BASIC_PASSWORD_MAX];
	struct ip_addr source;
	void (*done)(struct basic_check *check); /* on a thread of its own */

	/* The answer: 0 with the identity, which requester_load() still has to
	 * accept; -ERR_PERMISSION for whatever is wrong; BASIC_LIMITED; or
	 * -ERR_BUSY, -ERR_CLOSED. */
	int result;
	int64_t identity_id;

	struct background_task task; /* the registrar's, like the rest */
	int64_t suppressed;
};

enum { BASIC_LIMITED = 1 }; /* too many attempts of this source, or of all */
enum { BASIC_ANSWERED = 1 };

/* 0: done will be called; BASIC_ANSWERED: it was answered at once. */
int basic_check_start(struct basic_check *check) NODISCARD;

/* Forgets what was remembered of an identity, or of all (0). */
void basic_forget(struct registrar *registrar, int64_t identity_id);

/* The registrar's own part. */
struct basic;
int basic_new(struct basic **out) NODISCARD;
/* Answers what is queued as not judged. */
void basic_stop(struct basic *basic);
void basic_free(struct basic *basic);

#endif
