#include "tests/unit/db/support.h"

#include "tests/unit/cmocka.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/str.h"
#include "db/audit.h"

void
fixture_open(struct fixture *f, enum store_mode mode)
{
	struct reason why = {""};

	if (store_open(&f->store, f->path, mode, &why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(0, store_reader_open(&f->reader, f->store));
}

void
fixture_close(struct fixture *f)
{
	store_reader_close(f->reader);
	store_close(f->store);
	f->reader = NULL;
	f->store = NULL;
}

int
fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/estuary-db-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_int_equal(
	    0, str_format(f->path, sizeof(f->path), "%s/estuary.db", f->dir));
	fixture_open(f, STORE_CREATE);
	*state = f;
	return 0;
}

int
fixture_teardown(void **state)
{
	struct fixture *f = *state;
	DIR *dir = opendir(f->dir);
	struct dirent *entry;

	fixture_close(f);
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		closedir(dir);
	assert_int_equal(0, rmdir(f->dir));
	free(f);
	return 0;
}

struct fn_job {
	struct store_job job;
	txn_fn fn;
	void *arg;
};

static int
fn_job_run(struct store_job *job, struct store_txn *txn)
{
	struct fn_job *j = CONTAINER_OF(job, struct fn_job, job);

	return j->fn(txn, j->arg);
}

int
in_txn(struct store *store, txn_fn fn, void *arg)
{
	struct fn_job j = {.job = {.run = fn_job_run}, .fn = fn, .arg = arg};

	return store_apply(store, &j.job);
}

static int
nothing(struct store_txn *txn, void *arg)
{
	(void)txn;
	(void)arg;
	return 0;
}

int
pass_writer(struct store *store)
{
	return in_txn(store, nothing, NULL);
}

int64_t
sql_number(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	int64_t n;

	assert_int_equal(
	    SQLITE_OK, sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL));
	assert_int_equal(
	    SQLITE_OK, sqlite3_prepare_v2(db, sql, -1, &stmt, NULL));
	assert_int_equal(SQLITE_ROW, sqlite3_step(stmt));
	n = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return n;
}

void
sql_change(const char *path, const char *sql)
{
	sqlite3 *db;

	assert_int_equal(SQLITE_OK, sqlite3_open(path, &db));
	assert_int_equal(SQLITE_OK, sqlite3_exec(db, sql, NULL, NULL, NULL));
	sqlite3_close(db);
}

static int
gate_run(struct store_job *job, struct store_txn *txn)
{
	struct gate *gate = CONTAINER_OF(job, struct gate, job);
	int result = gate->inside != NULL ? gate->inside(txn, gate->arg) : 0;

	sem_post(&gate->entered);
	sem_wait(&gate->leave);
	return result;
}

static void
gate_done(struct store_job *job)
{
	sem_post(&CONTAINER_OF(job, struct gate, job)->finished);
}

void
gate_close(struct gate *gate, struct store *store)
{
	gate->job = (struct store_job){.run = gate_run, .done = gate_done};
	sem_init(&gate->entered, 0, 0);
	sem_init(&gate->leave, 0, 0);
	sem_init(&gate->finished, 0, 0);
	assert_int_equal(0, store_submit(store, &gate->job));
	sem_wait(&gate->entered);
}

void
gate_open(struct gate *gate)
{
	sem_post(&gate->leave);
	sem_wait(&gate->finished);
	sem_destroy(&gate->entered);
	sem_destroy(&gate->leave);
	sem_destroy(&gate->finished);
}

int
add_row(struct store_txn *txn, void *detail)
{
	const struct audit_row row = {.event = "test", .detail = detail};

	return audit_add(txn, 1000, &row);
}

int
add_many_rows(struct store_txn *txn, void *arg)
{
	int err = 0;

	for (int i = 0; i < 2000 && err == 0; i++)
		err = add_row(txn, arg);
	return err;
}

struct counter {
	const char *detail;
	int64_t n;
};

static int
count_row(void *arg, const struct audit_row *row)
{
	struct counter *counter = arg;

	counter->n += strcmp(row->detail, counter->detail) == 0;
	return 0;
}

int64_t
count_rows(struct store_reader *reader, const char *detail)
{
	struct counter counter = {.detail = detail};

	assert_int_equal(
	    0, audit_list(reader, 0, 0, INT64_MAX, count_row, &counter));
	return counter.n;
}
