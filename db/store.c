#include "db/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/str.h"
#include "db/integrity.h"
#include "db/records_key.h"
#include "db/schema.h"
#include "db/sql.h"

#define STORE_QUEUE_MAX 4096
/* Larger files are not read through at the start, which would take longer than
 * all the rest of it, but when that is done (store_was_checked()). */
#define STORE_CHECK_MAX_BYTES ((off_t)8 * 1024 * 1024)

struct store {
	char *path;
	bool checked;         /* all of it, when it was opened */
	struct store_txn txn; /* the writer's connection */

	bool usable; /* opened, and of this version */

	pthread_t writer;
	bool writer_started; /* under mutex */
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct store_job *head, **tail;
	size_t queued;
	bool stopping;

	store_audit_fn audit_fn;
	void *audit_arg;

	bool dns_changed, rules_changed; /* by the batch; the writer's */
	atomic_uint_fast64_t dns_version, rules_version;
};

/* SQLite's, for each row that is changed. */
static void
row_changed(void *arg, int operation, const char *database, const char *table,
    sqlite3_int64 row)
{
	struct store *store = arg;

	(void)operation;
	(void)database;
	(void)row;
	if (strcmp(table, "dns_server") == 0)
		store->dns_changed = true;
	if (strcmp(table, "certificate") != 0 &&
	    strncmp(table, "audit", strlen("audit")) != 0)
		store->rules_changed = true;
}

/* Runs one job; what it did is undone if it fails. */
static void
job_run(struct store *store, struct store_job *job)
{
	struct store_reader *conn = &store->txn.conn;

	if (sql_step(conn, "SAVEPOINT job") != 0) {
		job->result = -ERR_IO;
		return;
	}
	store->txn.source = job->source;
	job->result = job->run(job, &store->txn);
	store->txn.source = NULL;
	if (job->result < 0 && sql_exec(conn, "ROLLBACK TO job") != 0)
		job->result = -ERR_IO;
	if (sql_step(conn, "RELEASE job") != 0)
		job->result = -ERR_IO;
}

static void
batch_commit(struct store *store, struct store_job *batch)
{
	struct store_reader *conn = &store->txn.conn;
	int err = sql_step(conn, "BEGIN IMMEDIATE");

	store->txn.audit_head = 0;
	store->dns_changed = store->rules_changed = false;
	for (struct store_job *job = batch; job != NULL && err == 0;
	     job = job->next) {
		job_run(store, job);
		/* SQLite gives the whole transaction up on some errors, a full
		 * disk among them; a further job would commit by itself. */
		if (sqlite3_get_autocommit(conn->db) != 0)
			err = -ERR_IO;
	}
	if (err == 0)
		err = sql_step(conn, "COMMIT");
	if (err == 0 && store->dns_changed)
		atomic_fetch_add(&store->dns_version, 1);
	if (err == 0 && store->rules_changed)
		atomic_fetch_add(&store->rules_version, 1);
	if (err != 0) {
		for (struct store_job *job = batch; job != NULL;
		     job = job->next)
			job->result = -ERR_IO;
		store->txn.audit_head = 0;
		if (sqlite3_get_autocommit(conn->db) == 0 &&
		    sql_exec(conn, "ROLLBACK") != 0)
			log_error(
			    "store rollback failed", "path=%s", store->path);
	}
}

static void *
writer_main(void *arg)
{
	struct store *store = arg;

	pthread_mutex_lock(&store->mutex);
	for (;;) {
		struct store_job *batch;

		while (store->head == NULL && !store->stopping)
			pthread_cond_wait(&store->wake, &store->mutex);
		batch = store->head;
		if (batch == NULL)
			break;
		store->head = NULL;
		store->tail = &store->head;
		store->queued = 0;
		pthread_mutex_unlock(&store->mutex);

		batch_commit(store, batch);
		while (batch != NULL) {
			struct store_job *next = batch->next;

			batch->done(batch);
			batch = next;
		}
		if (store->txn.audit_head != 0 && store->audit_fn != NULL)
			store->audit_fn(
			    store->audit_arg, store->txn.audit_head);
		pthread_mutex_lock(&store->mutex);
	}
	pthread_mutex_unlock(&store->mutex);
	return NULL;
}

/* The file itself: made with mode 0600, or there and ours alone. */
static int
check_file(const char *path, enum store_mode mode, struct reason *why)
{
	struct stat st;
	int fd;

	if (mode == STORE_CREATE) {
		fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
		if (fd < 0)
			return reason_set(why, -ERR_IO,
			    "%s: cannot be made: %s", path, strerror(errno));
		close(fd);
	}
	if (stat(path, &st) != 0)
		return reason_set(
		    why, -ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
	if (st.st_uid != geteuid())
		return reason_set(why, -ERR_PERMISSION,
		    "%s: owned by uid %u, not by uid %u who runs this program",
		    path, (unsigned int)st.st_uid, (unsigned int)geteuid());
	if ((st.st_mode & 077) != 0)
		return reason_set(why, -ERR_PERMISSION,
		    "%s: mode %04o lets others read it; run: chmod 0600 %s",
		    path, (unsigned int)(st.st_mode & 07777), path);
	return 0;
}

/* Brings it to this version, with records that are sealed. */
static int
writer_upgrade(struct store *store, const struct schema *schema,
    struct reason *detail, struct reason *why)
{
	struct store_txn *txn = &store->txn;
	int err;

	if (!schema->sealed)
		return schema_migrate(txn, schema, detail);
	err = records_key_load(&txn->seal, &txn->conn, store->path, why);
	if (err == 0)
		err = schema_migrate(txn, schema, detail);
	if (err == 0)
		err = records_key_check(txn, store->path, why);
	if (err == 0)
		err = records_scrub(&txn->conn);
	return err;
}

static int
writer_connect(struct store *store, enum store_mode mode,
    const struct schema *schema, struct reason *why)
{
	struct store_reader *conn = &store->txn.conn;
	struct reason detail = {""};
	struct stat st;
	int err = sql_open(conn, store->path, false);

	store->checked = err == 0 && stat(store->path, &st) == 0 &&
			 st.st_size <= STORE_CHECK_MAX_BYTES;
	if (store->checked)
		err = integrity_check(conn, &detail);
	if (err == 0)
		err = schema_check(conn, schema, mode, &detail);
	if (err == 0)
		err = sql_exec(conn, "PRAGMA journal_mode=WAL;"
				     "PRAGMA synchronous=FULL;"
				     "PRAGMA foreign_keys=ON;"
				     "PRAGMA secure_delete=ON");
	if (err == 0) {
		reason_set(why, 0, "%s", "");
		err = writer_upgrade(store, schema, &detail, why);
		if (err != 0 && why->text[0] != '\0')
			return err;
	}
	/* Now that nothing large is done any more: no copies of records in
	 * files elsewhere, and none that a sandbox would refuse. */
	if (err == 0)
		err = sql_exec(conn, "PRAGMA temp_store=MEMORY");
	if (err != 0)
		return reason_set(why, err,
		    "%s: the database is damaged or cannot be used (%.100s); "
		    "restore it from a backup",
		    store->path,
		    detail.text[0] != '\0' ? detail.text : err_text(err));
	return 0;
}

int
store_open_schema(struct store **out, const char *path, enum store_mode mode,
    const struct schema *schema, struct reason *why)
{
	struct store *store;
	int err = check_file(path, mode, why);

	if (err != 0)
		return err;
	store = calloc(1, sizeof(*store));
	if (store == NULL)
		return -ERR_NOMEM;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_cond_init(&store->wake, NULL);
	store->tail = &store->head;
	store->path = str_copy(path);
	err = store->path != NULL ? writer_connect(store, mode, schema, why)
				  : -ERR_NOMEM;
	if (err == 0)
		sqlite3_update_hook(store->txn.conn.db, row_changed, store);
	if (err != 0) {
		store_close(store);
		return err;
	}
	store->usable = true;
	*out = store;
	return 0;
}

int
store_open(struct store **out, const char *path, enum store_mode mode,
    struct reason *why)
{
	return store_open_schema(out, path, mode, &estuary_schema, why);
}

void
store_stop(struct store *store)
{
	bool started;

	if (store == NULL)
		return;
	pthread_mutex_lock(&store->mutex);
	store->stopping = true;
	started = store->writer_started;
	store->writer_started = false;
	pthread_cond_signal(&store->wake);
	pthread_mutex_unlock(&store->mutex);
	if (started)
		pthread_join(store->writer, NULL);
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_stop(store);
	/* The log's content goes even where its file may not. */
	if (store->usable &&
	    sql_exec(&store->txn.conn, "PRAGMA wal_checkpoint(TRUNCATE)") != 0)
		log_warn("store not written back", "path=%s", store->path);
	sql_close(&store->txn.conn);
	seal_free(store->txn.seal);
	pthread_cond_destroy(&store->wake);
	pthread_mutex_destroy(&store->mutex);
	free(store->path);
	free(store);
}

void
store_on_audit(struct store *store, store_audit_fn fn, void *arg)
{
	store->audit_fn = fn;
	store->audit_arg = arg;
}

/* With the mutex. Signals belong to the main thread, whoever comes first. */
static int
start_writer(struct store *store)
{
	sigset_t all, before;
	int rc;

	if (store->writer_started)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&store->writer, NULL, writer_main, store);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	store->writer_started = rc == 0;
	return rc == 0 ? 0 : -ERR_NOMEM;
}

int
store_submit(struct store *store, struct store_job *job)
{
	int err = 0;

	job->next = NULL;
	pthread_mutex_lock(&store->mutex);
	if (store->stopping) {
		err = -ERR_CLOSED;
	} else if (store->queued >= STORE_QUEUE_MAX) {
		err = -ERR_BUSY;
	} else {
		err = start_writer(store);
	}
	if (err == 0) {
		if (store->head == NULL)
			pthread_cond_signal(&store->wake);
		*store->tail = job;
		store->tail = &job->next;
		store->queued++;
	}
	pthread_mutex_unlock(&store->mutex);
	return err;
}

/* A job that wakes the thread that waits for it. */
struct waiting_job {
	struct store_job job;
	struct store_job *inner;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool finished;
};

static int
waiting_run(struct store_job *job, struct store_txn *txn)
{
	struct waiting_job *w = CONTAINER_OF(job, struct waiting_job, job);

	return w->inner->run(w->inner, txn);
}

static void
waiting_done(struct store_job *job)
{
	struct waiting_job *w = CONTAINER_OF(job, struct waiting_job, job);

	pthread_mutex_lock(&w->mutex);
	w->finished = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->mutex);
}

int
store_apply(struct store *store, struct store_job *job)
{
	struct waiting_job w = {
	    .job = {.run = waiting_run, .done = waiting_done}, .inner = job};
	int err;

	w.job.source = job->source;
	pthread_mutex_init(&w.mutex, NULL);
	pthread_cond_init(&w.wake, NULL);
	err = store_submit(store, &w.job);
	if (err == 0) {
		pthread_mutex_lock(&w.mutex);
		while (!w.finished)
			pthread_cond_wait(&w.wake, &w.mutex);
		pthread_mutex_unlock(&w.mutex);
		err = w.job.result;
	}
	job->result = err;
	pthread_cond_destroy(&w.wake);
	pthread_mutex_destroy(&w.mutex);
	return err;
}

bool
store_was_checked(const struct store *store)
{
	return store->checked;
}

uint64_t
store_dns_version(const struct store *store)
{
	return atomic_load(&store->dns_version);
}

uint64_t
store_rules_version(const struct store *store)
{
	return atomic_load(&store->rules_version);
}

int
store_reader_open(struct store_reader **out, struct store *store)
{
	struct store_reader *reader = calloc(1, sizeof(*reader));
	int err =
	    reader != NULL ? sql_open(reader, store->path, true) : -ERR_NOMEM;

	if (err == 0)
		err = sql_exec(reader, "PRAGMA temp_store=MEMORY");
	if (err != 0) {
		store_reader_close(reader);
		return err;
	}
	*out = reader;
	return 0;
}

void
store_reader_close(struct store_reader *reader)
{
	if (reader == NULL)
		return;
	sql_close(reader);
	free(reader);
}

struct store_reader *
store_txn_reader(struct store_txn *txn)
{
	return &txn->conn;
}
