/* Checkpoints of the audit log: the signer's word that its chain reached a row.
 */
#ifndef DB_CHECKPOINT_H
#define DB_CHECKPOINT_H

#include "base/sha256.h"
#include "db/store.h"

struct audit_checkpoint {
	int64_t counter; /* the signer's */
	int64_t last_id; /* of the last row that it covers */
	uint8_t hash[SHA256_LEN];
	int64_t at;
	struct bytes signature; /* when read: borrowed */
};

/* -ERR_EXISTS for a counter that was there before. */
int checkpoint_put(
    struct store_txn *txn, const struct audit_checkpoint *checkpoint) NODISCARD;
/* Of the last one; 0 and 0 without any. */
int checkpoint_last(
    struct store_reader *reader, int64_t *last_id, int64_t *at) NODISCARD;

#endif
