/* The store's writer: transactions, batches, and the queue before it. */
#include "tests/unit/cmocka.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "base/log.h"
#include "db/sql.h"
#include "tests/unit/db/support.h"

static char one[] = "one", two[] = "two", three[] = "three";

/* --- transactions --- */

static int
pragma(struct store_txn *txn, void *sql)
{
	sqlite3_stmt *stmt;
	int n = -1;

	if (sqlite3_prepare_v2(txn->conn.db, sql, -1, &stmt, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW)
		n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return n;
}

static void
test_durability_is_on(void **state)
{
	struct fixture *f = *state;
	char full[] = "PRAGMA synchronous", keys[] = "PRAGMA foreign_keys",
	     wipe[] = "PRAGMA secure_delete",
	     wal[] = "SELECT journal_mode = 'wal' FROM pragma_journal_mode";

	assert_int_equal(2, in_txn(f->store, pragma, full));
	assert_int_equal(1, in_txn(f->store, pragma, keys));
	assert_int_equal(1, in_txn(f->store, pragma, wipe));
	assert_int_equal(1, in_txn(f->store, pragma, wal));
}

static int
add_row_then(struct store_txn *txn, void *detail, int result)
{
	int err = add_row(txn, detail);

	return err != 0 ? err : result;
}

static int
add_and_refuse(struct store_txn *txn, void *detail)
{
	return add_row_then(txn, detail, -ERR_REFUSED);
}

static int
add_with_outcome(struct store_txn *txn, void *detail)
{
	return add_row_then(txn, detail, 7);
}

static void
test_outcomes(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(-ERR_REFUSED, in_txn(f->store, add_and_refuse, one));
	assert_int_equal(7, in_txn(f->store, add_with_outcome, two));
	assert_int_equal(0, in_txn(f->store, add_row, three));
	assert_int_equal(0, count_rows(f->reader, one));
	assert_int_equal(1, count_rows(f->reader, two));
	assert_int_equal(1, count_rows(f->reader, three));
}

struct batch_job {
	struct store_job job;
	txn_fn fn;
	void *arg;
	struct store_reader *reader; /* what it sees in done() */
	int64_t seen;
	int done;
};

static int
batch_run(struct store_job *job, struct store_txn *txn)
{
	struct batch_job *j = CONTAINER_OF(job, struct batch_job, job);

	return j->fn(txn, j->arg);
}

static void
batch_done(struct store_job *job)
{
	struct batch_job *j = CONTAINER_OF(job, struct batch_job, job);

	j->done++;
	j->seen = count_rows(j->reader, j->arg);
}

static void
batch_add(struct fixture *f, struct batch_job *j, txn_fn fn, void *arg)
{
	*j = (struct batch_job){.job = {.run = batch_run, .done = batch_done},
	    .fn = fn,
	    .arg = arg,
	    .reader = f->reader};
	assert_int_equal(0, store_submit(f->store, &j->job));
}

/* Within one batch; done() comes after the commit. */
static void
test_failing_job_is_undone_alone(void **state)
{
	struct fixture *f = *state;
	struct gate gate = {.inside = NULL};
	struct batch_job jobs[3];

	gate_close(&gate, f->store);
	batch_add(f, &jobs[0], add_with_outcome, one);
	batch_add(f, &jobs[1], add_and_refuse, two);
	batch_add(f, &jobs[2], add_row, three);
	gate_open(&gate);
	(void)!pass_writer(f->store);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		assert_int_equal(1, jobs[i].done);
		assert_int_equal(i != 1, jobs[i].seen);
	}
	assert_int_equal(7, jobs[0].job.result);
	assert_int_equal(-ERR_REFUSED, jobs[1].job.result);
	assert_int_equal(0, jobs[2].job.result);
}

/* As SQLite does by itself when the disk is full. */
static int
lose_transaction(struct store_txn *txn, void *arg)
{
	(void)arg;
	sqlite3_exec(txn->conn.db, "ROLLBACK", NULL, NULL, NULL);
	return -ERR_IO;
}

static void
test_lost_transaction_fails_the_whole_batch(void **state)
{
	struct fixture *f = *state;
	struct gate gate = {.inside = NULL};
	struct batch_job jobs[3];

	gate_close(&gate, f->store);
	batch_add(f, &jobs[0], add_row, one);
	batch_add(f, &jobs[1], lose_transaction, two);
	batch_add(f, &jobs[2], add_row, three);
	gate_open(&gate);
	(void)!pass_writer(f->store);
	for (size_t i = 0; i < ARRAY_LEN(jobs); i++) {
		assert_int_equal(1, jobs[i].done);
		assert_int_equal(-ERR_IO, jobs[i].job.result);
		assert_int_equal(0, jobs[i].seen);
	}
	/* The store goes on. */
	assert_int_equal(0, in_txn(f->store, add_row, two));
	assert_int_equal(1, count_rows(f->reader, two));
}

/* A full disk for real: SQLite refuses to let the file grow. */
static int
limit_pages(struct store_txn *txn, void *arg)
{
	return sqlite3_exec(txn->conn.db, arg, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : -ERR_IO;
}

static void
test_full_disk(void **state)
{
	struct fixture *f = *state;
	char tight[] = "PRAGMA max_page_count = 20",
	     wide[] = "PRAGMA max_page_count = 100000";

	assert_int_equal(0, in_txn(f->store, limit_pages, tight));
	assert_int_equal(-ERR_IO, in_txn(f->store, add_many_rows, one));
	assert_int_equal(0, count_rows(f->reader, one));
	assert_int_equal(0, in_txn(f->store, limit_pages, wide));
	assert_int_equal(0, in_txn(f->store, add_row, two));
	assert_int_equal(1, count_rows(f->reader, two));
}

static int
count_inside(struct store_txn *txn, void *detail)
{
	return (int)count_rows(store_txn_reader(txn), detail);
}

static void
test_readers_see_committed_data_only(void **state)
{
	struct fixture *f = *state;
	struct gate gate = {.inside = add_row, .arg = one};
	struct batch_job jobs[2];

	gate_close(&gate, f->store);
	assert_int_equal(0, count_rows(f->reader, one));
	batch_add(f, &jobs[0], add_row, two);
	batch_add(f, &jobs[1], count_inside, two);
	gate_open(&gate);
	assert_int_equal(1, count_rows(f->reader, one));
	/* A job sees what its batch did before it. */
	assert_int_equal(1, in_txn(f->store, count_inside, two));
	assert_int_equal(1, jobs[1].job.result);
}

/* --- the queue --- */

#define N_THREADS 64
#define N_EACH 8

struct submitter {
	struct fixture *f;
	struct store_job job;
	char detail[32];
	sem_t done;
	bool failed;
};

static int
submitter_run(struct store_job *job, struct store_txn *txn)
{
	return add_row(txn, CONTAINER_OF(job, struct submitter, job)->detail);
}

static void
submitter_done(struct store_job *job)
{
	sem_post(&CONTAINER_OF(job, struct submitter, job)->done);
}

static void *
submitter_main(void *arg)
{
	struct submitter *s = arg;
	struct store_reader *reader;
	char prefix[16];

	memcpy(prefix, s->detail, sizeof(prefix));
	s->failed = store_reader_open(&reader, s->f->store) != 0;
	for (int i = 0; i < N_EACH && !s->failed; i++) {
		snprintf(s->detail, sizeof(s->detail), "%s %d", prefix, i);
		s->job = (struct store_job){
		    .run = submitter_run, .done = submitter_done};
		s->failed = store_submit(s->f->store, &s->job) != 0;
		if (!s->failed)
			sem_wait(&s->done);
		s->failed = s->failed || s->job.result != 0 ||
			    count_rows(reader, s->detail) != 1;
	}
	if (reader != NULL)
		store_reader_close(reader);
	return NULL;
}

static void
test_submissions_of_many_threads(void **state)
{
	static struct submitter s[N_THREADS];
	struct fixture *f = *state;
	pthread_t threads[N_THREADS];

	for (int i = 0; i < N_THREADS; i++) {
		s[i].f = f;
		snprintf(s[i].detail, sizeof(s[i].detail), "t%d", i);
		sem_init(&s[i].done, 0, 0);
		assert_int_equal(0,
		    pthread_create(&threads[i], NULL, submitter_main, &s[i]));
	}
	for (int i = 0; i < N_THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_false(s[i].failed);
		sem_destroy(&s[i].done);
	}
	assert_int_equal(N_THREADS * N_EACH,
	    sql_number(f->path, "SELECT count(*) FROM audit"));
}

#define QUEUE_MAX 4096

static void
count_done(struct store_job *job)
{
	(void)job;
}

static int
count_run(struct store_job *job, struct store_txn *txn)
{
	(void)job;
	(void)txn;
	return 0;
}

static void
test_full_queue_is_busy(void **state)
{
	static struct store_job jobs[QUEUE_MAX], more;
	struct fixture *f = *state;
	struct gate gate = {.inside = NULL};

	gate_close(&gate, f->store);
	for (int i = 0; i < QUEUE_MAX; i++) {
		jobs[i] =
		    (struct store_job){.run = count_run, .done = count_done};
		assert_int_equal(0, store_submit(f->store, &jobs[i]));
	}
	more = (struct store_job){.run = count_run, .done = count_done};
	assert_int_equal(-ERR_BUSY, store_submit(f->store, &more));
	assert_int_equal(-ERR_BUSY, store_apply(f->store, &more));
	gate_open(&gate);
	assert_int_equal(0, store_apply(f->store, &more));
}

static void *
stop_main(void *arg)
{
	store_stop(arg);
	return NULL;
}

static void
test_stop_commits_what_is_queued(void **state)
{
	struct fixture *f = *state;
	struct gate gate = {.inside = NULL};
	struct batch_job jobs[2];
	pthread_t stopper;

	gate_close(&gate, f->store);
	batch_add(f, &jobs[0], add_row, one);
	batch_add(f, &jobs[1], add_row, two);
	assert_int_equal(
	    0, pthread_create(&stopper, NULL, stop_main, f->store));
	gate_open(&gate);
	pthread_join(stopper, NULL);
	assert_int_equal(1, jobs[0].done + jobs[1].done - 1);
	assert_int_equal(1, count_rows(f->reader, one));
	assert_int_equal(1, count_rows(f->reader, two));
}

static void
test_submission_after_stop_refused(void **state)
{
	struct fixture *f = *state;
	struct store_job job = {.run = count_run, .done = count_done};

	store_stop(f->store);
	store_stop(f->store);
	assert_int_equal(-ERR_CLOSED, store_submit(f->store, &job));
	assert_int_equal(-ERR_CLOSED, in_txn(f->store, add_row, one));
	/* Readers are not concerned. */
	assert_int_equal(0, count_rows(f->reader, one));
	store_stop(NULL);
	store_close(NULL);
	store_reader_close(NULL);
}

#define T(test)                                                                \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_durability_is_on),
	    T(test_outcomes),
	    T(test_failing_job_is_undone_alone),
	    T(test_lost_transaction_fails_the_whole_batch),
	    T(test_full_disk),
	    T(test_readers_see_committed_data_only),
	    T(test_submissions_of_many_threads),
	    T(test_full_queue_is_busy),
	    T(test_stop_commits_what_is_queued),
	    T(test_submission_after_stop_refused),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
