/* A process that is killed while it writes: whatever it had reported is there
 * afterwards, and the file is whole. */
#include "tests/unit/cmocka.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "tests/unit/db/support.h"

#define ROUNDS 12
#define REPORTS_MAX 150 /* at most so many before the kill */
#define JOBS_AT_ONCE 4

struct numbered {
	struct store_job job;
	int32_t number;
	char detail[16];
	int report; /* the pipe */
	sem_t *free;
};

static int
numbered_run(struct store_job *job, struct store_txn *txn)
{
	struct numbered *n = CONTAINER_OF(job, struct numbered, job);

	snprintf(n->detail, sizeof(n->detail), "n%d", (int)n->number);
	return add_row(txn, n->detail);
}

static void
numbered_done(struct store_job *job)
{
	struct numbered *n = CONTAINER_OF(job, struct numbered, job);

	if (job->result != 0 ||
	    write(n->report, &n->number, sizeof(n->number)) < 0)
		_exit(1);
	sem_post(n->free);
}

/* Writes for ever, a few jobs at a time, and reports each after its commit. */
static void
child(const char *path, int32_t first, int report)
{
	static struct numbered jobs[JOBS_AT_ONCE];
	static sem_t free_jobs[JOBS_AT_ONCE];
	struct store *store;

	if (store_open(&store, path, STORE_OPEN, NULL) != 0)
		_exit(2);
	for (int i = 0; i < JOBS_AT_ONCE; i++)
		sem_init(&free_jobs[i], 0, 1);
	for (int32_t number = first;; number++) {
		struct numbered *n = &jobs[number % JOBS_AT_ONCE];

		sem_wait(&free_jobs[number % JOBS_AT_ONCE]);
		*n = (struct numbered){
		    .job = {.run = numbered_run, .done = numbered_done},
		    .number = number,
		    .report = report,
		    .free = &free_jobs[number % JOBS_AT_ONCE]};
		if (store_submit(store, &n->job) != 0)
			_exit(3);
	}
}

/* Kills the child after some reports; returns the last number reported. */
static int32_t
run_and_kill(const char *path, int32_t first)
{
	uint8_t random;
	int ends[2], status;
	int32_t last = first - 1, number;
	pid_t pid;

	random_bytes(&random, 1);
	assert_int_equal(0, pipe(ends));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		child(path, first, ends[1]);
	}
	close(ends[1]);
	for (int left = random % REPORTS_MAX; left >= 0; left--)
		if (read(ends[0], &number, sizeof(number)) == sizeof(number))
			last = number;
	kill(pid, SIGKILL);
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFSIGNALED(status));
	while (read(ends[0], &number, sizeof(number)) == sizeof(number))
		last = number;
	close(ends[0]);
	return last;
}

static void
test_what_was_acknowledged_survives(void **state)
{
	struct fixture *f = *state;
	int32_t next = 0;
	int64_t kept;

	fixture_close(f);
	for (int round = 0; round < ROUNDS; round++) {
		int32_t last = run_and_kill(f->path, next);

		assert_true(last >= next);
		fixture_open(f, STORE_OPEN);
		kept = sql_number(f->path, "SELECT count(*) FROM audit");
		/* All from the first to the last, and no gaps; what was
		 * committed but not yet reported may be there too. */
		assert_true(kept > last);
		assert_int_equal(
		    kept, sql_number(f->path,
			      "SELECT count(DISTINCT detail) FROM audit"));
		assert_int_equal(kept - 1,
		    sql_number(f->path,
			"SELECT max(CAST(substr(detail, 2) AS INTEGER))"
			" FROM audit"));
		assert_int_equal(
		    1, sql_number(f->path, "SELECT integrity_check = 'ok'"
					   " FROM pragma_integrity_check"));
		fixture_close(f);
		next = (int32_t)kept;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_what_was_acknowledged_survives,
		fixture_setup, fixture_teardown),
	};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
