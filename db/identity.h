/* Identities: who may authenticate by PAKE, their verifier records, and the
 * budgets that protect them. */
#ifndef DB_IDENTITY_H
#define DB_IDENTITY_H

#include <stdint.h>

#include "base/verifier.h"
#include "db/store.h"

#define IDENTITY_UNLIMITED (-1) /* uses_left */
#define IDENTITY_NEVER 0        /* expires_at */

struct identity {
	int64_t id;            /* never given again; ignored when added */
	const char *wire_name; /* client_identity */
	const char *name;      /* the administrator's label */
	const char *kind;      /* "code", "password", "device" */
	const char *profile;
	const char *allow_names; /* patterns, one a line */
	int64_t created_at;
	int64_t expires_at; /* IDENTITY_NEVER */
	int64_t uses_left;  /* IDENTITY_UNLIMITED */
	int64_t guesses_left, guesses_max;
	int64_t failures; /* wrong guesses in a row */
	int64_t retry_at; /* back-off until then */
	bool basic;       /* HTTP Basic may be used */
	bool disabled;    /* neither authenticates nor renews */
	bool approval;    /* a person decides about its first certificates; read
			     as true, too, while its manufacturer wants that */
};

/* Adds it with its record and an audit row. A device has none (NULL): it is
 * unknown to every claim. -ERR_EXISTS if the wire name is taken. */
int identity_add(struct store_txn *txn, const struct identity *identity,
    const struct verifier *record, const char *actor) NODISCARD;

typedef int (*identity_fn)(void *arg, const struct identity *identity);

/* In the order of their making. */
int identity_list(
    struct store_reader *reader, identity_fn each, void *arg) NODISCARD;
/* Call each once, or return -ERR_NOT_FOUND. */
int identity_get(struct store_reader *reader, int64_t id, identity_fn each,
    void *arg) NODISCARD;
int identity_get_by_wire_name(struct store_reader *reader,
    const char *wire_name, identity_fn each, void *arg) NODISCARD;
int identity_count(struct store_reader *reader, int64_t *out) NODISCARD;

/* Outcomes of those below, for a label that several identities share. */
enum { IDENTITY_AMBIGUOUS = 1 };

/* name is a wire name or a label. -ERR_NOT_FOUND. */
int identity_remove(struct store_txn *txn, const char *name, int64_t now,
    const char *actor) NODISCARD;
/* Gives the full guess budget back and ends the back-off. */
int identity_unlock(struct store_txn *txn, const char *name, int64_t now,
    const char *actor) NODISCARD;

/* Its certificates renew nothing and it authenticates by nothing, until it is
 * enabled again. */
int identity_disable(struct store_txn *txn, const char *name, int64_t now,
    const char *actor) NODISCARD;
int identity_enable(struct store_txn *txn, const char *name, int64_t now,
    const char *actor) NODISCARD;

#define IDENTITY_BACKOFF_MAX_S 3600 /* backoff_max_s is no more than that */

/* Outcomes of identity_claim(). All but CLAIM_GRANTED are simulated towards the
 * peer, and each costs one write. */
enum claim_outcome {
	CLAIM_GRANTED = 0,
	CLAIM_UNKNOWN,
	CLAIM_LOCKED, /* no guess is left */
	CLAIM_EXPIRED,
	CLAIM_USED_UP,
	CLAIM_BACKOFF, /* too soon after several wrong guesses in a row */
	CLAIM_DISABLED,
	CLAIM_NO_SRP,  /* srp_claim(): it has no verifier for TLS-SRP */
	CLAIM_DAMAGED, /* its record does not open (db/secret.h) */
};

/* Takes one guess, to be committed before the ServerHello leaves. *record is
 * written when granted. */
int identity_claim(struct store_txn *txn, struct verifier *record,
    const char *wire_name, int64_t now) NODISCARD;

/* A guess that was granted turned out wrong, or was never finished: from the
 * fourth in a row the next is granted only after 1, 2, 4 ... backoff_max_s
 * seconds. Not counted when it is claimed, or endpoints that join at the same
 * moment would keep each other out. */
int identity_note_wrong(struct store_txn *txn, const char *wire_name,
    int64_t now, int64_t backoff_max_s) NODISCARD;

/* The same for a guess over HTTP Basic: an identity without the flag basic is
 * unknown there. *id is written when granted. */
int identity_claim_basic(struct store_txn *txn, int64_t *id,
    struct verifier *record, const char *wire_name, int64_t now) NODISCARD;
/* The password was right: gives the guess back. A use is taken for each
 * certificate, by identity_take_use(). -ERR_NOT_FOUND. */
int identity_confirm_basic(struct store_txn *txn, int64_t id) NODISCARD;

/* Outcome of identity_confirm() and identity_take_use(). */
enum { CONFIRM_USED_UP = 1 };

/* After a valid Finished: gives the guess back and takes one use, atomically;
 * the record goes with the last use. Where a person has to approve, a use is a
 * certificate, or a code would be spent by asking. CONFIRM_USED_UP when a
 * parallel handshake took the last one, or when record, which identity_claim()
 * gave, is not the identity's any more: it was removed, maybe to be made anew.
 * Writes an audit row (source is the peer's address). */
int identity_confirm(struct store_txn *txn, const char *wire_name,
    const struct verifier *record, int64_t now, const char *source) NODISCARD;
/* The same after a Finished of TLS-SRP; record is srp_claim()'s. */
int identity_confirm_srp(struct store_txn *txn, const char *wire_name,
    const struct verifier *record, int64_t now, const char *source) NODISCARD;

/* Takes one use of an identity that has any left; the record goes with the last
 * one. CONFIRM_USED_UP. */
int identity_take_use(struct store_txn *txn, int64_t id) NODISCARD;

#endif
