/*
 * The audit log's rows are a chain, so that none can be changed, taken out or
 * put in between without all that follow showing it:
 *
 *	hash = SHA-256(text "estuary audit row 1"
 *	    || hash of the row before, 32 zero octets for the first
 *	    || id || at || last_at || count
 *	    || text event || text actor || text subject || text source
 *	    || text detail)
 *
 * Numbers are 8 octets, big-endian, two's complement; a text is its length in
 * octets as 4 octets, big-endian, and its octets. docs/operations.md says the
 * same for auditors.
 */
#ifndef DB_AUDIT_CHAIN_H
#define DB_AUDIT_CHAIN_H

#include "base/sha256.h"
#include "db/sql.h"

enum {
	AUDIT_EVENT,
	AUDIT_ACTOR,
	AUDIT_SUBJECT,
	AUDIT_SOURCE,
	AUDIT_DETAIL,
	AUDIT_TEXTS
};

struct audit_link {
	int64_t id, at, last_at, count;
	struct bytes texts[AUDIT_TEXTS]; /* borrowed */
};

/* The last row: id 0 and zeros if there is none. */
struct audit_head {
	int64_t id;
	uint8_t hash[SHA256_LEN];
};

/* The columns in the order that audit_chain_read() wants them in. */
#define AUDIT_CHAIN_SELECT                                                     \
	"SELECT id, at, last_at, count, event, actor, subject, source,"        \
	" detail, hash "
#define AUDIT_CHAIN_HASH 9 /* its column */

/* Rows and checkpoints never change. That is a guard against mistakes: the
 * chain is the one against whoever writes to the file. */
#define AUDIT_CHAIN_TRIGGERS                                                   \
	"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN"          \
	" SELECT raise(ABORT, 'audit rows never change'); END;"                \
	"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN"          \
	" SELECT raise(ABORT, 'audit rows never go'); END;"                    \
	"CREATE TRIGGER audit_checkpoint_no_update"                            \
	" BEFORE UPDATE ON audit_checkpoint BEGIN"                             \
	" SELECT raise(ABORT, 'checkpoints never change'); END;"               \
	"CREATE TRIGGER audit_checkpoint_no_delete"                            \
	" BEFORE DELETE ON audit_checkpoint BEGIN"                             \
	" SELECT raise(ABORT, 'checkpoints never go'); END"

/* Texts are valid until the next step. */
void audit_chain_read(struct audit_link *out, sqlite3_stmt *stmt);
/* head becomes row, with its hash. */
int audit_chain_next(
    struct audit_head *head, const struct audit_link *row) NODISCARD;
int audit_chain_head(
    struct audit_head *out, struct store_reader *reader) NODISCARD;

#endif
