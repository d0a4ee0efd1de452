/* records.key: made once, and never exchanged for another in silence. */
#ifndef DB_RECORDS_KEY_H
#define DB_RECORDS_KEY_H

#include "base/seal.h"
#include "db/sql.h"

/* Before migrating. Reads the file beside the database; makes it if the
 * database has nothing that was sealed. -ERR_NOT_FOUND with what to do if it is
 * missing though there is. */
int records_key_load(struct seal **out, struct store_reader *conn,
    const char *database, struct reason *why) NODISCARD;
/* After migrating. -ERR_REFUSED with what to do if it is not the key that the
 * store was sealed under; a store that has never been sealed is from here on.
 */
int records_key_check(
    struct store_txn *txn, const char *database, struct reason *why) NODISCARD;
/* Once after the records were sealed: no free page and no log holds what they
 * were before. */
int records_scrub(struct store_reader *conn) NODISCARD;

#endif
