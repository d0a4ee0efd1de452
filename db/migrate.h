/* The steps of migrations that SQL alone cannot take. Each runs in the
 * migration's transaction, after its SQL. */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "db/sql.h"

/* Version 3: plain PAKE records become sealed ones. */
int migrate_seal_records(struct store_txn *txn) NODISCARD;
/* Version 4: the rows that are there become the beginning of the chain. */
int migrate_chain_audit(struct store_txn *txn) NODISCARD;

#endif
