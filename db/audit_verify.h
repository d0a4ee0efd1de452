/* Does the audit log still say what it said when it was written? */
#ifndef DB_AUDIT_VERIFY_H
#define DB_AUDIT_VERIFY_H

#include "db/audit_chain.h"
#include "db/checkpoint.h"

struct audit_verification {
	bool tail_only; /* from the last checkpoint on: fast */
	/* What the signer remembers of its last checkpoint; id 0: nothing. */
	struct audit_head signed_head;
	/* 0 if the signer made it, else why not. */
	int (*check_signature)(void *arg,
	    const struct audit_checkpoint *checkpoint, struct reason *why);
	/* True to give up, -ERR_CLOSED. */
	bool (*is_stopping)(void *arg);
	void *arg;
};

struct audit_report {
	int64_t n_rows, n_checkpoints; /* that were looked at, and fit */
	int64_t last_id;               /* of the chain */
	int64_t signed_id, signed_at;  /* of the last checkpoint that fits */
	bool broken;
	int64_t broken_id; /* the first row that does not fit, or 0 */
	struct reason why;
};

/* 0 when it could be read to the end or to the first break: report says which.
 * Reads one state of the store, whatever is written meanwhile. */
int audit_verify(struct audit_report *report, struct store_reader *reader,
    const struct audit_verification *how) NODISCARD;

#endif
