/* Is the store's file still one that SQLite can read all of? */
#ifndef DB_INTEGRITY_H
#define DB_INTEGRITY_H

#include "db/store.h"

/* Tables against their indexes as well: for small files. -ERR_CORRUPT. */
int integrity_check(struct store_reader *conn, struct reason *why) NODISCARD;

/* Every page, without the comparison with the indexes: half a minute of a large
 * store on a slow disk, and so on a thread and a connection of its own.
 * is_stopping, asked now and then, may end it with -ERR_CLOSED. */
int integrity_check_pages(struct store_reader *reader,
    bool (*is_stopping)(void *arg), void *arg, struct reason *why) NODISCARD;

#endif
