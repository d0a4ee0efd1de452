/* A store in a directory of its own, and shorthands to work with it. */
#ifndef TESTS_UNIT_DB_SUPPORT_H
#define TESTS_UNIT_DB_SUPPORT_H

#include <limits.h>
#include <semaphore.h>
#include <stdint.h>

#include "db/store.h"

struct fixture {
	char dir[64];
	char path[PATH_MAX];
	struct store *store;
	struct store_reader *reader;
};

/* cmocka's setup and teardown of one test: *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Closes reader and store. */
void fixture_close(struct fixture *f);
/* Opens both again; fails the test if that does not work. */
void fixture_open(struct fixture *f, enum store_mode mode);

/* Runs fn in a job, waits, and returns the result. */
typedef int (*txn_fn)(struct store_txn *txn, void *arg);
int in_txn(struct store *store, txn_fn fn, void *arg);

/* Waits until what was submitted before is done; it may share its batch, and
 * its fate: the result is that of a job that does nothing. */
int pass_writer(struct store *store);

/* An integer from the file through a connection of its own, what others see. */
int64_t sql_number(const char *path, const char *sql);
/* Changes the file behind the store's back. */
void sql_change(const char *path, const char *sql);

/* A job that says that it runs, and holds the writer until it may end: what is
 * submitted meanwhile becomes one batch. */
struct gate {
	struct store_job job;
	int (*inside)(struct store_txn *txn, void *arg); /* before it waits */
	void *arg;
	sem_t entered, leave, finished;
};

void gate_close(struct gate *gate, struct store *store);
/* Waits until it is through, too. */
void gate_open(struct gate *gate);

/* An audit row with this detail. */
int add_row(struct store_txn *txn, void *detail);
/* Enough of them for a file of many pages. */
int add_many_rows(struct store_txn *txn, void *detail);
/* How many there are of it, as a reader sees it. */
int64_t count_rows(struct store_reader *reader, const char *detail);

#endif
