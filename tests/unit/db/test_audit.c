#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/log.h"
#include "db/audit.h"
#include "db/audit_mark.h"
#include "tests/unit/db/support.h"

#define T0 1700000000

struct refusal {
	int64_t now, times;
	struct audit_row row;
};

static int
refuse_run(struct store_txn *txn, void *arg)
{
	const struct refusal *r = arg;

	return audit_add_refusal(txn, r->now, r->times, &r->row);
}

static void
refuse(struct fixture *f, int64_t now, int64_t times, const char *subject,
    const char *source, const char *detail)
{
	struct refusal r = {now, times,
	    {.event = "pake.refused",
		.subject = subject,
		.source = source,
		.detail = detail}};

	assert_int_equal(0, in_txn(f->store, refuse_run, &r));
}

struct rows {
	struct audit_row row[16];
	char text[16][5][64];
	size_t n;
	size_t stop_at;
};

static int
take_row(void *arg, const struct audit_row *row)
{
	struct rows *rows = arg;
	const char *texts[] = {
	    row->event, row->actor, row->subject, row->source, row->detail};
	size_t n = rows->n++;

	assert_true(n < ARRAY_LEN(rows->row));
	rows->row[n] = *row;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_non_null(texts[i]);
		strncpy(rows->text[n][i], texts[i], 63);
	}
	return rows->n == rows->stop_at ? 42 : 0;
}

static struct rows
list(struct fixture *f, int64_t since, int64_t after, int64_t limit)
{
	struct rows rows = {.n = 0};

	assert_int_equal(
	    0, audit_list(f->reader, since, after, limit, take_row, &rows));
	return rows;
}

static int
add_full(struct store_txn *txn, void *arg)
{
	const struct audit_row row = {.event = "identity.add",
	    .actor = "uid 0",
	    .subject = "ABCDEFGH",
	    .source = "192.0.2.1",
	    .detail = "phone"};

	(void)arg;
	return audit_add(txn, T0, &row);
}

static int
add_bare(struct store_txn *txn, void *arg)
{
	const struct audit_row row = {.event = "start"};

	(void)arg;
	return audit_add(txn, T0 + 1, &row);
}

static void
test_add(void **state)
{
	struct fixture *f = *state;
	struct rows rows;

	assert_int_equal(0, in_txn(f->store, add_full, NULL));
	assert_int_equal(0, in_txn(f->store, add_bare, NULL));
	rows = list(f, 0, 0, 100);
	assert_int_equal(2, rows.n);
	assert_int_equal(T0, rows.row[0].at);
	assert_int_equal(T0, rows.row[0].last_at);
	assert_int_equal(1, rows.row[0].count);
	assert_string_equal("identity.add", rows.text[0][0]);
	assert_string_equal("uid 0", rows.text[0][1]);
	assert_string_equal("ABCDEFGH", rows.text[0][2]);
	assert_string_equal("192.0.2.1", rows.text[0][3]);
	assert_string_equal("phone", rows.text[0][4]);
	for (int i = 1; i < 5; i++)
		assert_string_equal("", rows.text[1][i]);
}

static int
add_without_event(struct store_txn *txn, void *arg)
{
	const struct audit_row row = {.event = NULL};

	(void)arg;
	return audit_add(txn, T0, &row);
}

static void
test_row_without_event_refused(void **state)
{
	struct fixture *f = *state;

	assert_true(in_txn(f->store, add_without_event, NULL) < 0);
	assert_int_equal(0, list(f, 0, 0, 100).n);
}

static void
test_same_refusal_is_counted(void **state)
{
	struct fixture *f = *state;
	struct rows rows;

	refuse(f, T0, 1, "alice", "192.0.2.1", "wrong password");
	refuse(f, T0 + 10, 1, "alice", "192.0.2.1", "wrong password");
	refuse(f, T0 + 3599, 5, "alice", "192.0.2.1", "wrong password");
	rows = list(f, 0, 0, 100);
	assert_int_equal(1, rows.n);
	assert_int_equal(T0, rows.row[0].at);
	assert_int_equal(T0 + 3599, rows.row[0].last_at);
	assert_int_equal(7, rows.row[0].count);
}

static void
test_another_refusal_has_its_own_row(void **state)
{
	struct fixture *f = *state;
	struct refusal other = {T0, 1,
	    {.event = "est.refused",
		.subject = "alice",
		.source = "192.0.2.1",
		.detail = "wrong password"}};
	struct rows rows;

	refuse(f, T0, 1, "alice", "192.0.2.1", "wrong password");
	refuse(f, T0, 1, "alice", "192.0.2.2", "wrong password");
	refuse(f, T0, 1, "bob", "192.0.2.1", "wrong password");
	refuse(f, T0, 1, "alice", "192.0.2.1", "expired");
	assert_int_equal(0, in_txn(f->store, refuse_run, &other));
	refuse(f, T0, 1, "alice", "192.0.2.1", "wrong password");
	rows = list(f, 0, 0, 100);
	assert_int_equal(5, rows.n);
	assert_int_equal(2, rows.row[0].count);
	for (int i = 1; i < 5; i++)
		assert_int_equal(1, rows.row[i].count);
}

/* Nobody's refusals are not one peer's. */
static void
test_refusals_without_source_are_not_counted_together(void **state)
{
	struct fixture *f = *state;

	refuse(f, T0, 1, "alice", NULL, "x");
	refuse(f, T0, 1, "alice", "", "x");
	assert_int_equal(2, list(f, 0, 0, 100).n);
}

static void
test_new_row_after_an_hour(void **state)
{
	struct fixture *f = *state;
	struct rows rows;

	refuse(f, T0, 1, "a", "192.0.2.1", "x");
	refuse(f, T0 + 3600, 1, "a", "192.0.2.1", "x");
	refuse(f, T0 + 3601, 1, "a", "192.0.2.1", "x");
	rows = list(f, 0, 0, 100);
	assert_int_equal(2, rows.n);
	assert_int_equal(1, rows.row[0].count);
	assert_int_equal(2, rows.row[1].count);
	assert_int_equal(T0 + 3600, rows.row[1].at);
}

/* What was refused while the clock was a year ahead does not swallow a year of
 * refusals. */
static void
test_new_row_after_a_clock_ahead(void **state)
{
	struct fixture *f = *state;
	struct rows rows;

	refuse(f, T0 + 31536000, 1, "a", "192.0.2.1", "x");
	refuse(f, T0, 1, "a", "192.0.2.1", "x");
	refuse(f, T0 + 1, 1, "a", "192.0.2.1", "x");
	rows = list(f, 0, 0, 100);
	assert_int_equal(2, rows.n);
	assert_int_equal(T0, rows.row[1].at);
	assert_int_equal(2, rows.row[1].count);
}

static void
test_list_pages(void **state)
{
	struct fixture *f = *state;
	struct rows rows;
	int64_t after = 0;

	for (int i = 0; i < 7; i++)
		refuse(f, T0 + i, 1, "a", NULL, "x");
	for (int page = 0; page < 3; page++) {
		rows = list(f, 0, after, 3);
		assert_int_equal(page < 2 ? 3 : 1, rows.n);
		for (size_t i = 0; i < rows.n; i++) {
			assert_true(rows.row[i].id > after);
			assert_int_equal(
			    T0 + page * 3 + (int64_t)i, rows.row[i].at);
			after = rows.row[i].id;
		}
	}
	assert_int_equal(0, list(f, 0, after, 3).n);
	assert_int_equal(0, list(f, 0, 0, 0).n);
}

/* By the last event: a row that began before and goes on is in it. */
static void
test_list_since(void **state)
{
	struct fixture *f = *state;
	struct rows rows;

	refuse(f, T0, 1, "old", "192.0.2.1", "x");
	refuse(f, T0, 1, "counted", "192.0.2.1", "x");
	refuse(f, T0 + 100, 1, "counted", "192.0.2.1", "x");
	refuse(f, T0 + 100, 1, "new", "192.0.2.1", "x");
	rows = list(f, T0 + 100, 0, 100);
	assert_int_equal(2, rows.n);
	assert_string_equal("counted", rows.text[0][2]);
	assert_string_equal("new", rows.text[1][2]);
	assert_int_equal(0, list(f, T0 + 101, 0, 100).n);
}

/* A log of some marks, whose clock jumps: rows i of time since_time(i). */
#define LONG_ROWS 4200

static int64_t
since_time(int64_t i)
{
	if (i > 1200 && i < 2100)
		return T0 + i + 500;
	return i > 3000 && i < 3100 ? T0 : T0 + i;
}

static int
add_long(struct store_txn *txn, void *arg)
{
	const struct audit_row row = {.event = "test"};
	int err = 0;

	(void)arg;
	for (int64_t i = 1; i <= LONG_ROWS && err == 0; i++)
		err = audit_add(txn, since_time(i), &row);
	return err;
}

/* Over another mark, all early. */
static int
add_more(struct store_txn *txn, void *arg)
{
	const struct audit_row row = {.event = "test"};
	int err = 0;

	(void)arg;
	for (int64_t i = 0; i < 1000 && err == 0; i++)
		err = audit_add(txn, T0, &row);
	return err;
}

struct ids {
	int64_t id[LONG_ROWS + 8];
	size_t n;
};

static int
take_id(void *arg, const struct audit_row *row)
{
	struct ids *ids = arg;

	ids->id[ids->n++] = row->id;
	return 0;
}

static void
test_long_list_since(void **state)
{
	static struct ids ids;
	struct fixture *f = *state;

	assert_int_equal(0, in_txn(f->store, add_long, NULL));
	for (int64_t since = T0; since < T0 + LONG_ROWS + 60; since += 50) {
		size_t n = 0;

		ids.n = 0;
		assert_int_equal(0,
		    audit_list(f->reader, since, 0, INT64_MAX, take_id, &ids));
		for (int64_t i = 1; i <= LONG_ROWS; i++)
			if (since_time(i) >= since)
				assert_int_equal(i, ids.id[n++]);
		assert_int_equal(n, ids.n);
	}
}

static int
add_ahead(struct store_txn *txn, void *arg)
{
	const struct audit_row row = {.event = "test"};

	(void)arg;
	return audit_add(txn, T0 + 100 * LONG_ROWS, &row);
}

/* One row of a clock that was ahead has its own thousand looked through. */
static void
test_row_of_the_future(void **state)
{
	static struct ids ids;
	struct fixture *f = *state;
	struct audit_range range;
	int64_t since = T0 + LONG_ROWS;

	assert_int_equal(0, in_txn(f->store, add_ahead, NULL));
	assert_int_equal(0, in_txn(f->store, add_long, NULL));
	assert_int_equal(0, audit_mark_next(f->reader, &range, 0, since));
	assert_int_equal(0, range.after);
	assert_int_equal(1000, range.last);
	assert_int_equal(
	    0, audit_mark_next(f->reader, &range, range.last, since));
	assert_int_equal(4000, range.after);
	assert_int_equal(INT64_MAX, range.last);
	ids.n = 0;
	assert_int_equal(0, audit_list(f->reader, since, 0, 10, take_id, &ids));
	assert_int_equal(2, ids.n);
	assert_int_equal(1, ids.id[0]);
	assert_int_equal(LONG_ROWS + 1, ids.id[1]);
}

/* What is counted belongs to a row before the mark. */
static void
test_counted_before_mark(void **state)
{
	struct fixture *f = *state;
	struct rows rows;

	refuse(f, T0, 1, "alice", "192.0.2.1", "x");
	assert_int_equal(0, in_txn(f->store, add_long, NULL));
	refuse(f, T0 + LONG_ROWS + 5, 1, "alice", "192.0.2.1", "x");
	/* Beyond the hour: a row of its own. */
	rows = list(f, T0 + LONG_ROWS + 1, 0, 100);
	assert_int_equal(1, rows.n);
	refuse(f, T0 + LONG_ROWS + 9, 1, "alice", "192.0.2.1", "x");
	assert_int_equal(0, in_txn(f->store, add_more, NULL));
	rows = list(f, T0 + LONG_ROWS + 9, 0, 100);
	assert_int_equal(1, rows.n);
	assert_string_equal("alice", rows.text[0][2]);
}

/* Rows that were taken out make the log broken, not the next ones hidden or
 * impossible. */
static void
test_marks_outlive_rows(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(0, in_txn(f->store, add_long, NULL));
	sql_change(f->path,
	    "DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE id > 2500");
	assert_int_equal(0, in_txn(f->store, add_full, NULL));
	assert_int_equal(1, list(f, T0, 2500, 100).n);
	assert_int_equal(0, in_txn(f->store, add_more, NULL));
	assert_int_equal(
	    2, sql_number(f->path, "SELECT count(*) FROM audit_mark WHERE"
				   " id IN (3000, 4000)"));
}

static void
test_list_stops(void **state)
{
	struct fixture *f = *state;
	struct rows rows = {.stop_at = 2};

	for (int i = 0; i < 4; i++)
		refuse(f, T0 + i, 1, "a", NULL, "x");
	assert_int_equal(42, audit_list(f->reader, 0, 0, 100, take_row, &rows));
	assert_int_equal(2, rows.n);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_add),
	    T(test_row_without_event_refused),
	    T(test_same_refusal_is_counted),
	    T(test_another_refusal_has_its_own_row),
	    T(test_refusals_without_source_are_not_counted_together),
	    T(test_new_row_after_an_hour),
	    T(test_new_row_after_a_clock_ahead),
	    T(test_list_pages),
	    T(test_list_since),
	    T(test_long_list_since),
	    T(test_row_of_the_future),
	    T(test_counted_before_mark),
	    T(test_marks_outlive_rows),
	    T(test_list_stops),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
