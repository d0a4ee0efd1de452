/*
 * The store: one SQLite file (WAL, synchronous=FULL), one writer thread that
 * commits whatever is queued and only then answers, and readers with
 * connections of their own. Other rooms see functions that speak of
 * certificates, identities and DNS servers, never SQL.
 */
#ifndef DB_STORE_H
#define DB_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct store;
struct store_reader; /* one thread's view; never blocks the writer */
struct store_txn;    /* within a job's run() only */

/*
 * One change. run() works inside the batch's transaction: what it returns below
 * 0 undoes this job alone, 0 or more is committed. done() is called once, on
 * the writer thread, after the commit; then result holds run()'s answer, or
 * -ERR_IO if the commit failed and nothing of the batch was kept.
 */
struct store_job {
	int (*run)(struct store_job *job, struct store_txn *txn);
	void (*done)(struct store_job *job);
	int result;
	/* The peer's address, for the audit rows of this job that name none;
	 * NULL for none. Borrowed until done(). */
	const char *source;
	struct store_job *next; /* the store's */
};

enum store_mode {
	STORE_CREATE, /* made unless it is there: a first start, which may have
		       * been cut off before */
	STORE_OPEN,   /* must be there and hold a store */
};

/* Opens, checks the file's owner, mode and integrity and that it is a store's,
 * reads records.key beside it (db/secret.h) or makes it for a store that has
 * nothing sealed, and migrates. Another application's file is not touched. The
 * writer's thread starts with the first job: a program may shut itself in
 * before. From then on nothing is opened but the file itself, its -wal and its
 * -shm, which are there, and its directory, to be synced.
 */
int store_open(struct store **out, const char *path, enum store_mode mode,
    struct reason *why) NODISCARD;
/* Whether all of the file was read when it was opened. A large one's was not:
 * integrity_check_pages() does it, later. */
bool store_was_checked(const struct store *store);
/* Commits what is queued and ends the writer: later submissions are refused
 * with -ERR_CLOSED. */
void store_stop(struct store *store);
/* Stops it if that was not done, and closes. No reader may be left. */
void store_close(struct store *store);

/* Queues a job from any thread, without blocking. -ERR_BUSY when too many wait:
 * then done() is not called. */
int store_submit(struct store *store, struct store_job *job) NODISCARD;
/* Queues a job and waits for its result: for the start and for tests. done() is
 * not called. */
int store_apply(struct store *store, struct store_job *job) NODISCARD;

/* Called on the writer thread after each commit that added to the audit log,
 * with the id of its last row. To be set before the first job. */
typedef void (*store_audit_fn)(void *arg, int64_t last_id);
void store_on_audit(struct store *store, store_audit_fn fn, void *arg);

/* Changes with each commit that changed which DNS servers there are, before
 * done() of the job that did it. Any thread. */
uint64_t store_dns_version(const struct store *store);

/* The same for everything but certificates and the audit log: identities,
 * manufacturers, devices and what else decides who may have what. */
uint64_t store_rules_version(const struct store *store);

int store_reader_open(struct store_reader **out, struct store *store) NODISCARD;
void store_reader_close(struct store_reader *reader);
/* Reads within a job see the batch's changes. */
struct store_reader *store_txn_reader(struct store_txn *txn);

#endif
