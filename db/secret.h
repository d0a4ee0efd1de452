/*
 * Secrets at rest: what the store keeps sealed (base/seal.h) under records.key,
 * a file of 32 random octets beside the database and not in it. Each is bound
 * to its kind and to whom it belongs, so that it cannot be moved elsewhere.
 */
#ifndef DB_SECRET_H
#define DB_SECRET_H

#include <stdint.h>

#include "base/buf.h"
#include "db/store.h"

#define SECRET_KEY_FILE "records.key" /* 0400 */

/* Whose it is. All of it is authenticated, none of it stored. */
struct secret_owner {
	const char *kind; /* with a version: "pake-record 1" */
	int64_t id;
	const char *name;
};

/* sealed is the caller's to free; it is what goes into a column. */
int secret_seal(struct blob *sealed, const struct store_txn *txn,
    const struct secret_owner *owner, struct bytes plain) NODISCARD;
/* Exactly len octets, which the caller wipes. -ERR_CORRUPT for anything that
 * was not sealed under this key for this owner. */
int secret_open(uint8_t *plain, size_t len, const struct store_txn *txn,
    const struct secret_owner *owner, struct bytes sealed) NODISCARD;

#endif
