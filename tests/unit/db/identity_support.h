/* Identities in a store: made, claimed, guessed wrong, confirmed and removed,
 * each in a transaction of its own. */
#ifndef TESTS_UNIT_DB_IDENTITY_SUPPORT_H
#define TESTS_UNIT_DB_IDENTITY_SUPPORT_H

#include "db/identity.h"
#include "tests/unit/db/support.h"

#define T0 1700000000
#define BACKOFF_MAX 60

struct add {
	struct identity identity;
	struct verifier record;
};

int add_run(struct store_txn *txn, void *arg);
/* Its kind, profile and time are filled in, and its label unless it has one. */
int add_identity(struct fixture *f, struct identity identity);
/* "alice"; fails the test if that does not work. */
void add_alice(struct fixture *f, int64_t guesses, int64_t uses);

/* Records of another generation are others; these are add_identity()'s. */
#define FIRST_RECORD 3
void record_of(struct verifier *out, uint8_t generation);

struct claim {
	const char *wire_name;
	int64_t now, backoff_max;
	struct verifier record;
};

int claim_run(struct store_txn *txn, void *arg);
int claim(struct fixture *f, const char *wire_name, int64_t now);
/* A claim, and if it was granted the guess was wrong. */
int wrong_run(struct store_txn *txn, void *arg);
int wrong(struct fixture *f, const char *wire_name, int64_t now);
int confirm_run(struct store_txn *txn, void *arg);
int confirm(struct fixture *f, const char *wire_name);

/* Runs fn on a name, such as: */
int by_name(struct fixture *f, txn_fn fn, const char *name);
int remove_run(struct store_txn *txn, void *name);

/* Its numbers only, as a reader sees them. */
struct identity get(struct fixture *f, const char *wire_name);
/* What sql_number() gives for the fixture's file. */
int64_t count(struct fixture *f, const char *sql);

#endif
