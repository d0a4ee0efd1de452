/* Who asks for a certificate: an identity, and by what it was recognised. */
#ifndef REGISTRAR_REQUESTER_H
#define REGISTRAR_REQUESTER_H

#include "ca/cert.h"
#include "db/store.h"
#include "registrar/claim.h"
#include "registrar/onboarding.h"

#define IDENTITY_LABEL_MAX 256 /* a device's: manufacturer and serial */

enum requester_how {
	REQUESTER_PAKE,
	REQUESTER_CERT,
	REQUESTER_BASIC,
	REQUESTER_IDEVID,
};

struct requester {
	enum requester_how how;
	int64_t identity_id;
	char identity[CLAIM_IDENTITY_MAX];
	char name[IDENTITY_LABEL_MAX]; /* the administrator's, for people */
	char profile[32];
	char allow_names[IDENTITY_PATTERNS_MAX];
	int64_t expires_at;    /* of its password or code; IDENTITY_NEVER */
	bool approval;         /* a person decides about a first certificate */
	char cert_profile[32]; /* of a certificate: the one that it was issued
				  by */
};

/* Reads what the identity may have. -ERR_REFUSED when it was removed or
 * disabled since, or its device is refused; -ERR_PERMISSION, for Basic, when
 * its password counts no more (locked, expired, used up): what a PAKE or a
 * certificate earned outlives that. */
int requester_load(struct requester *out, struct store_reader *reader,
    int64_t identity_id, enum requester_how how, struct reason *why) NODISCARD;

/* A TLS client's certificate: judged once by itself, and for each request by
 * what the store says then. */
struct client_cert {
	struct cert_info info; /* when it is one of ours */
	struct blob der;
	int result; /* of the path validation: 0 or -ERR_PERMISSION with why */
	struct reason why;
};

/* Takes der over. */
int client_cert_new(struct client_cert **out, struct registrar *registrar,
    struct blob *der) NODISCARD;
void client_cert_free(struct client_cert *cert);

/* -ERR_PERMISSION when it is no certificate of ours or not in date, which
 * counts like none; -ERR_REFUSED when it is, and earns nothing: unknown to the
 * store, revoked, of no identity, or of one that was removed or disabled. */
int requester_from_cert(struct requester *out, struct store_reader *reader,
    const struct client_cert *cert, struct reason *why) NODISCARD;

#endif
