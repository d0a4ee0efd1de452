/* The verifier record as it is stored: sealed, for its identity alone. */
#ifndef DB_PAKE_RECORD_H
#define DB_PAKE_RECORD_H

#include "base/verifier.h"
#include "db/sql.h"

int pake_record_seal(struct blob *sealed, const struct store_txn *txn,
    int64_t identity_id, const char *wire_name,
    const struct verifier *record) NODISCARD;
/* *record is the caller's to wipe. -ERR_CORRUPT for one that is not this
 * identity's, or was changed, or is missing. */
int pake_record_open(struct verifier *record, const struct store_txn *txn,
    int64_t identity_id, const char *wire_name, struct bytes sealed) NODISCARD;

#endif
