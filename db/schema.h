/* The tables, as numbered migrations. */
#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

#include "db/sql.h"

/* "Est1": marks the file as ours (PRAGMA application_id). */
#define SCHEMA_APPLICATION_ID 0x45737431

/* Brings the file to the newest version, each step in a transaction of its own.
 * -ERR_REFUSED for a file of a newer program or another application. */
int schema_migrate(struct store_reader *conn, struct reason *why) NODISCARD;

#endif
