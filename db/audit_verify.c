#include "db/audit_verify.h"

#include <string.h>

#define LOOK_UP_EVERY 1024 /* rows, whether to give up */

struct walk {
	struct store_reader *reader;
	const struct audit_verification *how;
	struct audit_report *report;
	struct audit_head head;
	sqlite3_stmt *checkpoints; /* at the next one, while has_next */
	struct audit_checkpoint next;
	bool has_next;
};

/* --- breaks --- */

static void
broken(struct walk *w, int64_t row_id)
{
	w->report->broken = true;
	w->report->broken_id = row_id;
}

#define BROKEN(w, row_id, ...)                                                 \
	(broken(w, row_id), (void)reason_set(&(w)->report->why, 0, __VA_ARGS__))

/* --- checkpoints --- */

static int
next_checkpoint(struct walk *w)
{
	int more = sql_row(w->reader, w->checkpoints);
	struct bytes hash;

	w->has_next = more == 1;
	if (more != 1)
		return more;
	hash = sql_blob(w->checkpoints, 2);
	w->next =
	    (struct audit_checkpoint){.counter = sql_int(w->checkpoints, 0),
		.last_id = sql_int(w->checkpoints, 1),
		.at = sql_int(w->checkpoints, 3),
		.signature = sql_blob(w->checkpoints, 4)};
	if (hash.len == sizeof(w->next.hash))
		memcpy(w->next.hash, hash.data, hash.len);
	return 0;
}

static void
check_checkpoint(struct walk *w)
{
	const struct audit_checkpoint *c = &w->next;
	struct reason detail = {""};

	if (w->how->check_signature(w->how->arg, c, &detail) != 0)
		BROKEN(w, 0, "checkpoint %lld: %.150s", (long long)c->counter,
		    detail.text);
	else if (c->last_id != w->head.id)
		BROKEN(w, 0, "checkpoint %lld, of row %lld, is out of order",
		    (long long)c->counter, (long long)c->last_id);
	else if (memcmp(c->hash, w->head.hash, sizeof(c->hash)) != 0)
		BROKEN(w, c->last_id,
		    "row %lld is not the one that checkpoint %lld was signed "
		    "for: what came before was written anew",
		    (long long)c->last_id, (long long)c->counter);
	if (w->report->broken)
		return;
	w->report->n_checkpoints++;
	w->report->signed_id = c->last_id;
	w->report->signed_at = c->at;
}

/* All that belong to the row that was reached. */
static int
pass_checkpoints(struct walk *w)
{
	int err = 0;

	while (err == 0 && !w->report->broken && w->has_next &&
	       w->next.last_id <= w->head.id) {
		check_checkpoint(w);
		err = next_checkpoint(w);
	}
	return err;
}

/* --- rows --- */

/* The hash that stands at a row. 1 found, 0 not. */
static int
stored_hash(struct store_reader *reader, int64_t id, uint8_t out[SHA256_LEN])
{
	sqlite3_stmt *stmt AUTORESET =
	    sql_prepare(reader, "SELECT hash FROM audit WHERE id = ?1");
	struct bytes hash;
	int err = -ERR_IO;

	if (stmt == NULL)
		return err;
	sql_bind_int(stmt, 1, id);
	err = sql_row(reader, stmt);
	if (err <= 0)
		return err;
	hash = sql_blob(stmt, 0);
	if (hash.len != SHA256_LEN)
		return 0;
	memcpy(out, hash.data, SHA256_LEN);
	return 1;
}

static int
check_row(struct walk *w, sqlite3_stmt *stmt)
{
	struct bytes hash = sql_blob(stmt, AUDIT_CHAIN_HASH);
	struct audit_link row;
	int64_t due = w->head.id + 1;
	int err;

	audit_chain_read(&row, stmt);
	if (row.id != due) {
		BROKEN(w, due, "row %lld is missing", (long long)due);
		return 0;
	}
	err = audit_chain_next(&w->head, &row);
	if (err != 0)
		return err;
	if (!bytes_equal(
		hash, (struct bytes){w->head.hash, sizeof(w->head.hash)})) {
		BROKEN(w, row.id,
		    "row %lld does not fit its hash: it, or one before it, was "
		    "changed",
		    (long long)row.id);
		return 0;
	}
	w->report->n_rows++;
	return pass_checkpoints(w);
}

static int
walk_rows(struct walk *w)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(w->reader,
	    AUDIT_CHAIN_SELECT "FROM audit WHERE id > ?1 ORDER BY id");
	const struct audit_verification *how = w->how;
	int more, err = 0;

	if (stmt == NULL)
		return -ERR_IO;
	sql_bind_int(stmt, 1, w->head.id);
	while (err == 0 && !w->report->broken &&
	       (more = sql_row(w->reader, stmt)) != 0) {
		err = more < 0 ? more : check_row(w, stmt);
		if (err == 0 && w->report->n_rows % LOOK_UP_EVERY == 0 &&
		    how->is_stopping != NULL && how->is_stopping(how->arg))
			err = -ERR_CLOSED;
	}
	if (err == 0 && !w->report->broken && w->has_next)
		BROKEN(w, w->head.id + 1,
		    "the log ends with row %lld, but checkpoint %lld was "
		    "signed for row %lld: rows are missing",
		    (long long)w->head.id, (long long)w->next.counter,
		    (long long)w->next.last_id);
	return err;
}

/* --- what the signer remembers --- */

static int
check_signed_head(struct walk *w)
{
	const struct audit_head *head = &w->how->signed_head;
	uint8_t hash[SHA256_LEN];
	int found;

	if (head->id == 0 || w->report->broken)
		return 0;
	found = stored_hash(w->reader, head->id, hash);
	if (found < 0)
		return found;
	if (found == 0)
		BROKEN(w, w->head.id + 1,
		    "the log ends with row %lld, but the signer has signed row "
		    "%lld: rows are missing",
		    (long long)w->head.id, (long long)head->id);
	else if (memcmp(hash, head->hash, sizeof(hash)) != 0)
		BROKEN(w, head->id,
		    "row %lld is not the one that the signer has signed",
		    (long long)head->id);
	return 0;
}

/* --- all of it --- */

/* The last checkpoint is where the walk begins, once its row is the one that
 * it was signed for. */
static int
start_at_last(struct walk *w)
{
	int found, err = next_checkpoint(w);

	if (err != 0 || !w->has_next)
		return err;
	found = stored_hash(w->reader, w->next.last_id, w->head.hash);
	if (found < 0)
		return found;
	if (found == 0) {
		BROKEN(w, w->next.last_id,
		    "row %lld is missing, for which checkpoint %lld was signed",
		    (long long)w->next.last_id, (long long)w->next.counter);
		return 0;
	}
	w->head.id = w->next.last_id;
	check_checkpoint(w);
	w->has_next = false;
	return 0;
}

#define CHECKPOINT_SELECT                                                      \
	"SELECT counter, last_id, hash, at, signature FROM audit_checkpoint "

static int
verify(struct walk *w)
{
	sqlite3_stmt *stmt AUTORESET = sql_prepare(
	    w->reader, w->how->tail_only
			   ? CHECKPOINT_SELECT "ORDER BY counter DESC LIMIT 1"
			   : CHECKPOINT_SELECT "ORDER BY counter");
	int err;

	if (stmt == NULL)
		return -ERR_IO;
	w->checkpoints = stmt;
	err = w->how->tail_only ? start_at_last(w) : next_checkpoint(w);
	if (err == 0 && !w->report->broken)
		err = walk_rows(w);
	if (err == 0)
		err = check_signed_head(w);
	w->report->last_id = w->head.id;
	return err;
}

int
audit_verify(struct audit_report *report, struct store_reader *reader,
    const struct audit_verification *how)
{
	struct walk w = {.reader = reader, .how = how, .report = report};
	int err = sql_exec(reader, "BEGIN");

	memset(report, 0, sizeof(*report));
	if (err != 0)
		return err;
	err = verify(&w);
	return sql_exec(reader, "COMMIT") == 0 ? err : -ERR_IO;
}
