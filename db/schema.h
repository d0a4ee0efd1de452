/* The tables, as numbered migrations. */
#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

#include "db/sql.h"

/* "Est1": marks the file as ours (PRAGMA application_id). */
#define SCHEMA_APPLICATION_ID 0x45737431

/* Before anything is written: -ERR_REFUSED for a file of a newer program or
 * another application, -ERR_CORRUPT for an empty one that should hold a store.
 */
int schema_check(struct store_reader *conn, enum store_mode mode,
    struct reason *why) NODISCARD;
/* Brings a file that was checked to the newest version, each step in a
 * transaction of its own. */
int schema_migrate(struct store_txn *txn, struct reason *why) NODISCARD;

#endif
