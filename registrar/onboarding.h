/* Making identities for BYOD endpoints: an onboarding code, or a name with a
 * chosen password. */
#ifndef REGISTRAR_ONBOARDING_H
#define REGISTRAR_ONBOARDING_H

#include "base/addr.h"
#include "base/onboarding.h"
#include "base/verifier.h"
#include "db/identity.h"
#include "registrar/registrar.h"

#define IDENTITY_NAME_MAX 65 /* with NUL */
#define IDENTITY_PASSWORD_MIN 8
#define IDENTITY_PASSWORD_MAX 129 /* with NUL */
#define IDENTITY_PATTERNS_MAX 1024
#define IDENTITY_EXPIRES_MAX_S ((int64_t)100 * 366 * 86400)

struct identity_add {
	/* The request; the caller fills it. */
	struct registrar *registrar;
	char name[IDENTITY_NAME_MAX];
	bool chosen; /* name is the identity, password the password */
	char password[IDENTITY_PASSWORD_MAX];
	char profile[32];
	char allow_names[IDENTITY_PATTERNS_MAX]; /* one a line */
	bool basic;    /* HTTP Basic may be used too */
	bool approval; /* a person decides about its first certificates */
	int64_t uses;  /* 0: one for a code, unlimited for a password */
	int64_t expires_in_s; /* 0: never */
	char actor[64];
	char source[IP_TEXT_MAX];               /* the peer's address, or "" */
	void (*done)(struct identity_add *add); /* on any thread */

	/* The answer; what it holds is secret and shown once. */
	int result;
	struct reason why;
	struct onboarding_code code; /* unless chosen; identity is set always */
	char wire_name[IDENTITY_NAME_MAX];
	int64_t uses_left, expires_at, guesses_max;
	bool srp; /* TLS-SRP may be used too */

	struct background_task task; /* the registrar's */
	struct store_job job;
	struct verifier record;
	struct srp_verifier srp_verifier;
};

/* Checks and queues it; 0 when done will be called, else -ERR_INVALID or
 * -ERR_REFUSED with why, or -ERR_BUSY. The caller wipes the struct in the
 * end. */
int registrar_identity_add(struct identity_add *add) NODISCARD;

#endif
