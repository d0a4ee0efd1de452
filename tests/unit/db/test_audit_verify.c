/* The audit log's chain: what is written anew behind the store's back shows.
 * The signatures are stood in for: a good one is "good" with the counter. */
#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "db/audit.h"
#include "db/audit_verify.h"
#include "tests/unit/db/support.h"

#define T0 1700000000
#define UNGUARDED                                                              \
	"DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;"          \
	"DROP TRIGGER audit_checkpoint_no_update;"                             \
	"DROP TRIGGER audit_checkpoint_no_delete;"

static int
stand_in(void *arg, const struct audit_checkpoint *c, struct reason *why)
{
	char good[32];

	(void)arg;
	snprintf(good, sizeof(good), "good%lld", (long long)c->counter);
	if (c->signature.len == strlen(good) &&
	    memcmp(c->signature.data, good, strlen(good)) == 0)
		return 0;
	return reason_set(why, -ERR_REFUSED, "not signed");
}

struct put {
	int64_t counter;
	struct audit_head head;
};

static int
put_run(struct store_txn *txn, void *arg)
{
	struct put *put = arg;
	struct audit_checkpoint c = {.counter = put->counter, .at = T0};
	char good[32];
	int err = audit_chain_head(&put->head, &txn->conn);

	c.last_id = put->head.id;
	memcpy(c.hash, put->head.hash, sizeof(c.hash));
	snprintf(good, sizeof(good), "good%lld", (long long)c.counter);
	c.signature = (struct bytes){(const uint8_t *)good, strlen(good)};
	return err == 0 ? checkpoint_put(txn, &c) : err;
}

static void
add_rows_of(struct fixture *f, int n, char *detail)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(0, in_txn(f->store, add_row, detail));
}

static void
add_rows(struct fixture *f, int n)
{
	static char detail[] = "detail";

	add_rows_of(f, n, detail);
}

/* Ten rows, checkpoints at 4 and 8; what the signer remembers. */
static struct audit_head
fill(struct fixture *f)
{
	struct put put = {.counter = 1};

	add_rows(f, 4);
	assert_int_equal(0, in_txn(f->store, put_run, &put));
	add_rows(f, 4);
	put.counter = 2;
	assert_int_equal(0, in_txn(f->store, put_run, &put));
	add_rows(f, 2);
	return put.head;
}

static struct audit_report
verify(struct fixture *f, const struct audit_head *remembered, bool tail_only)
{
	struct audit_verification how = {
	    .tail_only = tail_only, .check_signature = stand_in};
	struct audit_report report;

	if (remembered != NULL)
		how.signed_head = *remembered;
	assert_int_equal(0, audit_verify(&report, f->reader, &how));
	return report;
}

static void
whole(struct fixture *f, const struct audit_head *remembered, int64_t rows,
    int64_t checkpoints)
{
	struct audit_report r = verify(f, remembered, false);

	if (r.broken)
		fail_msg("%s", r.why.text);
	assert_int_equal(rows, r.n_rows);
	assert_int_equal(rows, r.last_id);
	assert_int_equal(checkpoints, r.n_checkpoints);
}

static void
change_behind(struct fixture *f, const char *sql)
{
	char all[2048];

	snprintf(all, sizeof(all), "%s%s", UNGUARDED, sql);
	fixture_close(f);
	sql_change(f->path, all);
	fixture_open(f, STORE_OPEN);
}

static void
breaks(struct fixture *f, const struct audit_head *remembered, int64_t row,
    const char *says)
{
	struct audit_report r = verify(f, remembered, false);

	if (!r.broken || r.broken_id != row || strstr(r.why.text, says) == NULL)
		fail_msg("row %lld: %s", (long long)r.broken_id, r.why.text);
}

static void
test_whole(void **state)
{
	struct fixture *f = *state;
	struct audit_head head;
	struct audit_report r;

	whole(f, NULL, 0, 0);
	head = fill(f);
	whole(f, &head, 10, 2);
	r = verify(f, &head, true);
	assert_false(r.broken);
	assert_int_equal(2, r.n_rows); /* behind the last checkpoint */
	assert_int_equal(8, r.signed_id);
	fixture_close(f);
	fixture_open(f, STORE_OPEN);
	add_rows(f, 1);
	whole(f, &head, 11, 2);
}

struct change {
	const char *sql;
	int64_t row;
	const char *says;
};

static void
each_breaks(struct fixture *f, const struct change *change)
{
	struct audit_head head = fill(f);

	change_behind(f, change->sql);
	breaks(f, &head, change->row, change->says);
}

/* Each column, a byte behind a text's end, a row's hash, a row that goes, two
 * that change places. */
static const struct change changes[] = {
    {"UPDATE audit SET detail = 'Detail' WHERE id = 3", 3, "was changed"},
    {"UPDATE audit SET event = '' WHERE id = 10", 10, "was changed"},
    {"UPDATE audit SET actor = 'x' WHERE id = 1", 1, "was changed"},
    {"UPDATE audit SET subject = 'x' WHERE id = 1", 1, "was changed"},
    {"UPDATE audit SET source = 'x' WHERE id = 1", 1, "was changed"},
    {"UPDATE audit SET event = 'tes', actor = 't' WHERE id = 5", 5,
	"was changed"},
    {"UPDATE audit SET detail = CAST(x'64657461696c0061' AS TEXT)"
     " WHERE id = 5",
	5, "was changed"},
    {"UPDATE audit SET at = at + 1 WHERE id = 7", 7, "was changed"},
    {"UPDATE audit SET last_at = 0 WHERE id = 7", 7, "was changed"},
    {"UPDATE audit SET count = 2 WHERE id = 7", 7, "was changed"},
    {"UPDATE audit SET hash = zeroblob(32) WHERE id = 7", 7, "was changed"},
    {"UPDATE audit SET hash = x'' WHERE id = 9", 9, "was changed"},
    {"DELETE FROM audit WHERE id = 6", 6, "row 6 is missing"},
    {"DELETE FROM audit WHERE id = 1", 1, "row 1 is missing"},
    {"UPDATE audit SET id = 99 WHERE id = 5;"
     "UPDATE audit SET id = 5 WHERE id = 6;"
     "UPDATE audit SET id = 6 WHERE id = 99",
	5, "was changed"},
    {"DELETE FROM audit WHERE id > 6", 7, "checkpoint 2 was signed for row 8"},
    {"DELETE FROM audit", 1, "rows are missing"},
    /* The checkpoints with them: the signer remembers. */
    {"DELETE FROM audit WHERE id > 6;"
     "DELETE FROM audit_checkpoint WHERE counter = 2",
	7, "the signer has signed row 8"},
    {"DELETE FROM audit; DELETE FROM audit_checkpoint", 1,
	"the signer has signed row 8"},
    {"UPDATE audit_checkpoint SET signature = x'00' WHERE counter = 1", 0,
	"checkpoint 1: not signed"},
    {"UPDATE audit_checkpoint SET counter = 3 WHERE counter = 2", 0,
	"checkpoint 3: not signed"},
    {"UPDATE audit_checkpoint SET last_id = 3 WHERE counter = 1", 3,
	"checkpoint 1"},
    {"UPDATE audit_checkpoint SET last_id = 2 WHERE counter = 2", 0,
	"out of order"},
    {"UPDATE audit_checkpoint SET hash = zeroblob(32) WHERE counter = 2", 8,
	"checkpoint 2"},
};

static const struct change *current_change;

static void
test_change_is_found(void **state)
{
	each_breaks(*state, current_change);
}

/* Someone who can hash writes the last rows anew: every hash fits, but not the
 * one that was signed. */
static void
test_new_chain_is_found(void **state)
{
	char other[] = "other";
	struct fixture *f = *state;
	struct audit_head head = fill(f);

	change_behind(f, "DELETE FROM audit WHERE id > 6");
	add_rows_of(f, 6, other);
	breaks(f, &head, 8, "checkpoint 2");
	assert_true(verify(f, &head, true).broken);
}

static void
test_new_chain_without_checkpoint_is_found(void **state)
{
	char other[] = "other";
	struct fixture *f = *state;
	struct audit_head head = fill(f);

	change_behind(f, "DELETE FROM audit WHERE id > 6;"
			 "DELETE FROM audit_checkpoint WHERE counter = 2");
	add_rows_of(f, 6, other);
	breaks(f, &head, 8, "not the one that the signer has signed");
	assert_true(verify(f, &head, true).broken);
}

/* The tail's check sees the tail. */
static void
test_tail(void **state)
{
	struct fixture *f = *state;
	struct audit_head head = fill(f);

	change_behind(f, "UPDATE audit SET detail = 'x' WHERE id = 2");
	assert_false(verify(f, &head, true).broken);
	assert_true(verify(f, &head, false).broken);
	fixture_close(f);
	sql_change(f->path, "UPDATE audit SET detail = 'x' WHERE id = 9");
	fixture_open(f, STORE_OPEN);
	assert_int_equal(9, verify(f, &head, true).broken_id);
	fixture_close(f);
	sql_change(f->path, "DELETE FROM audit WHERE id > 7");
	fixture_open(f, STORE_OPEN);
	assert_true(verify(f, &head, true).broken);
}

static int
update_run(struct store_txn *txn, void *sql)
{
	return sqlite3_exec(txn->conn.db, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : -ERR_REFUSED;
}

static void
test_rows_never_change_refused(void **state)
{
	static char update[] = "UPDATE audit SET count = 2",
		    delete[] = "DELETE FROM audit",
		    forget[] = "DELETE FROM audit_checkpoint",
		    renew[] = "UPDATE audit_checkpoint SET at = 1";
	char *const all[] = {update, delete, forget, renew};
	struct fixture *f = *state;

	fill(f);
	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		assert_int_equal(
		    -ERR_REFUSED, in_txn(f->store, update_run, all[i]));
	whole(f, NULL, 10, 2);
}

/* --- refusals that repeat --- */

static int
refuse_run(struct store_txn *txn, void *arg)
{
	const struct audit_row row = {.event = "pake.refused",
	    .subject = "alice",
	    .source = "192.0.2.1",
	    .detail = "wrong"};

	return audit_add_refusal(txn, *(int64_t *)arg, 1, &row);
}

static int
fold_run(struct store_txn *txn, void *arg)
{
	return audit_fold(txn, *(int64_t *)arg);
}

static void
refuse(struct fixture *f, int64_t now)
{
	assert_int_equal(0, in_txn(f->store, refuse_run, &now));
}

static void
fold(struct fixture *f, int64_t now)
{
	assert_int_equal(0, in_txn(f->store, fold_run, &now));
}

#define SUM "SELECT ifnull(sum(count), 0) FROM audit"

/* Each is counted once, in the chain or on its way there. */
static void
test_repeats_fold_into_the_chain(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++)
		refuse(f, T0 + i);
	assert_int_equal(1, sql_number(f->path, SUM));
	assert_int_equal(5, sql_number(f->path, SUM "_shown"));
	fold(f, T0 + 10);
	assert_int_equal(2, sql_number(f->path, "SELECT count(*) FROM audit"));
	assert_int_equal(5, sql_number(f->path, SUM));
	assert_int_equal(5, sql_number(f->path, SUM "_shown"));
	assert_int_equal(1,
	    sql_number(f->path, "SELECT count(*) FROM audit WHERE id = 2"
				" AND at = 1700000001 AND last_at = 1700000004"
				" AND count = 4 AND subject = 'alice'"
				" AND event = 'pake.refused'"));
	/* Nothing new: nothing is written. */
	fold(f, T0 + 11);
	assert_int_equal(2, sql_number(f->path, "SELECT count(*) FROM audit"));
	/* The hour goes on, and then a new one begins. */
	refuse(f, T0 + 3599);
	assert_int_equal(5, sql_number(f->path, SUM));
	refuse(f, T0 + 3600);
	assert_int_equal(7, sql_number(f->path, SUM));
	assert_int_equal(4, sql_number(f->path, "SELECT count(*) FROM audit"));
	fold(f, T0 + 7200);
	assert_int_equal(
	    0, sql_number(f->path, "SELECT count(*) FROM audit_repeat"));
	whole(f, NULL, 4, 0);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_whole),
	    T(test_new_chain_is_found),
	    T(test_new_chain_without_checkpoint_is_found),
	    T(test_tail),
	    T(test_rows_never_change_refused),
	    T(test_repeats_fold_into_the_chain),
	};
	const struct CMUnitTest change_tests[] = {T(test_change_is_found)};
	int failed = 0;

	log_set_level(LOG_LEVEL_ERROR);
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		current_change = &changes[i];
		failed += cmocka_run_group_tests_name(
		    changes[i].sql, change_tests, NULL, NULL);
	}
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
