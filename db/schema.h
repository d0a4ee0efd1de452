/* The tables, as numbered migrations. */
#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

#include "db/sql.h"

/* "Est1": marks the file as ours (PRAGMA application_id). */
#define SCHEMA_APPLICATION_ID 0x45737431

/* What follows the SQL of a migration. */
struct schema_step {
	size_t version; /* that it leads to */
	int (*run)(struct store_txn *txn);
};

struct schema {
	int32_t application_id;
	const char *const *migrations; /* i brings version i to i + 1 */
	size_t n_migrations;
	const struct schema_step *steps;
	size_t n_steps;
	bool sealed; /* it holds secrets, under records.key */
};

/* The appliance's. */
extern const struct schema estuary_schema;

/* store_open() for another program's file. */
int store_open_schema(struct store **out, const char *path,
    enum store_mode mode, const struct schema *schema,
    struct reason *why) NODISCARD;

/* Before anything is written: -ERR_REFUSED for a file of a newer program or
 * another application, -ERR_CORRUPT for an empty one that should hold a store.
 */
int schema_check(struct store_reader *conn, const struct schema *schema,
    enum store_mode mode, struct reason *why) NODISCARD;
/* Brings a file that was checked to the newest version, each step in a
 * transaction of its own. */
int schema_migrate(struct store_txn *txn, const struct schema *schema,
    struct reason *why) NODISCARD;

#endif
