#include "registrar/auditor.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/audit.h"
#include "db/integrity.h"

#define CHECKPOINT_EVERY_MS (15 * 60 * 1000)
#define CHECKPOINT_EVERY_ROWS 1000
/* After one that could not be made; the tick tries again as well. */
#define RETRY_MS 5000
#define STOP_WAIT_S 2
#define CHECKS_MAX 4

struct auditor {
	struct store *store;
	struct signer *signer;
	struct background *thread;

	pthread_mutex_t mutex;
	pthread_cond_t idle;
	/* Under mutex: */
	bool busy; /* a checkpoint is being made */
	bool stopping;
	struct audit_head signed_head; /* what the signer remembers */
	int64_t covered_id;            /* what the store has a checkpoint of */
	struct auditor_state state;
	int64_t next_ms; /* when one is due if there are new rows */
	int64_t retry_ms;

	/* Of the checkpoint that is being made. */
	struct store_job job;
	struct audit_head head;
	struct signer_request *request;

	/* Those after the start. */
	struct audit_check first;
	struct background_task pages;
};

/* --- what is known --- */

/* Logged when it turns from whole to broken, not each time it is seen. */
static void
set_broken(struct auditor *a, const struct reason *why)
{
	bool is_new;

	pthread_mutex_lock(&a->mutex);
	is_new = !a->state.broken;
	a->state.broken = true;
	a->state.why = *why;
	pthread_mutex_unlock(&a->mutex);
	if (is_new)
		log_error("the audit log is broken",
		    "reason=\"%s\" hint=\"estuaryctl audit --verify\"",
		    why->text);
}

static void
set_whole(struct auditor *a)
{
	pthread_mutex_lock(&a->mutex);
	a->state.broken = false;
	a->state.why.text[0] = '\0';
	pthread_mutex_unlock(&a->mutex);
}

void
auditor_state(struct auditor *a, struct auditor_state *out)
{
	pthread_mutex_lock(&a->mutex);
	*out = a->state;
	pthread_mutex_unlock(&a->mutex);
}

/* --- a checkpoint: fold, sign, put --- */

static void
finish(struct auditor *a, int err)
{
	int64_t now_ms = clock_monotonic_ms();

	pthread_mutex_lock(&a->mutex);
	a->busy = false;
	if (err == 0)
		a->next_ms = now_ms + CHECKPOINT_EVERY_MS;
	else
		a->retry_ms = now_ms + RETRY_MS;
	pthread_cond_broadcast(&a->idle);
	pthread_mutex_unlock(&a->mutex);
	/* Without a signer it is later; the signer's end was logged. */
	if (err != 0 && err != -ERR_CLOSED && err != -ERR_BUSY)
		log_error("no checkpoint of the audit log",
		    "row=%lld error=\"%s\"", (long long)a->head.id,
		    err_text(err));
}

static int
put_run(struct store_job *job, struct store_txn *txn)
{
	struct auditor *a = CONTAINER_OF(job, struct auditor, job);
	const struct checkpoint *c = &a->request->checkpoint;
	struct audit_checkpoint row = {.counter = c->counter,
	    .last_id = c->last_id,
	    .at = c->at,
	    .signature = {c->signature, c->signature_len}};

	memcpy(row.hash, c->head, sizeof(row.hash));
	return checkpoint_put(txn, &row);
}

static void
put_done(struct store_job *job)
{
	struct auditor *a = CONTAINER_OF(job, struct auditor, job);
	const struct checkpoint *c = &a->request->checkpoint;

	pthread_mutex_lock(&a->mutex);
	if (job->result == 0) {
		a->covered_id = c->last_id;
		a->state.signed_id = c->last_id;
		a->state.signed_at = c->at;
	}
	pthread_mutex_unlock(&a->mutex);
	if (job->result == 0)
		log_debug("checkpoint of the audit log",
		    "counter=%lld row=%lld", (long long)c->counter,
		    (long long)c->last_id);
	finish(a, job->result);
}

static void
signed_done(struct signer_request *request)
{
	struct auditor *a = request->arg;
	int err = request->result;

	if (err == -ERR_REFUSED)
		set_broken(a, &request->why);
	if (err == 0) {
		pthread_mutex_lock(&a->mutex);
		a->signed_head = a->head;
		pthread_mutex_unlock(&a->mutex);
		a->job = (struct store_job){.run = put_run, .done = put_done};
		err = store_submit(a->store, &a->job);
		if (err == 0)
			return;
	}
	finish(a, err);
}

static int
fold_run(struct store_job *job, struct store_txn *txn)
{
	struct auditor *a = CONTAINER_OF(job, struct auditor, job);
	int err = audit_fold(txn, clock_now());

	return err == 0 ? audit_chain_head(&a->head, store_txn_reader(txn))
			: err;
}

static void
fold_done(struct store_job *job)
{
	struct auditor *a = CONTAINER_OF(job, struct auditor, job);
	struct checkpoint *c = &a->request->checkpoint;
	int err = job->result;
	bool is_new;

	pthread_mutex_lock(&a->mutex);
	is_new = a->head.id != a->covered_id;
	pthread_mutex_unlock(&a->mutex);
	if (err == 0 && is_new && a->head.id != 0) {
		memset(c, 0, sizeof(*c));
		c->last_id = a->head.id;
		memcpy(c->head, a->head.hash, sizeof(c->head));
		err = signer_submit(a->signer, a->request);
		if (err == 0)
			return;
	}
	finish(a, err);
}

/* Unless one is being made. */
static void
start(struct auditor *a)
{
	bool go;
	int err;

	pthread_mutex_lock(&a->mutex);
	go = !a->busy && !a->stopping;
	a->busy = a->busy || go;
	pthread_mutex_unlock(&a->mutex);
	if (!go)
		return;
	a->job = (struct store_job){.run = fold_run, .done = fold_done};
	err = store_submit(a->store, &a->job);
	if (err != 0)
		finish(a, err);
}

void
auditor_tick(struct auditor *a)
{
	bool due;

	pthread_mutex_lock(&a->mutex);
	due = clock_monotonic_ms() >= a->next_ms;
	pthread_mutex_unlock(&a->mutex);
	if (due)
		start(a);
}

/* On the store's thread. */
static void
rows_added(void *arg, int64_t last_id)
{
	struct auditor *a = arg;
	bool due;

	pthread_mutex_lock(&a->mutex);
	due = last_id - a->covered_id >= CHECKPOINT_EVERY_ROWS &&
	      clock_monotonic_ms() >= a->retry_ms;
	pthread_mutex_unlock(&a->mutex);
	if (due)
		start(a);
}

/* --- verifying --- */

static int
check_signature(
    void *arg, const struct audit_checkpoint *row, struct reason *why)
{
	const struct auditor *a = arg;
	struct checkpoint c = {
	    .counter = row->counter, .at = row->at, .last_id = row->last_id};

	if (row->signature.len == 0 || row->signature.len > sizeof(c.signature))
		return reason_set(why, -ERR_REFUSED, "it has no signature");
	memcpy(c.head, row->hash, sizeof(c.head));
	memcpy(c.signature, row->signature.data, row->signature.len);
	c.signature_len = row->signature.len;
	return checkpoint_verify(&c, signer_issuing(a->signer), why);
}

static bool
is_stopping(void *arg)
{
	return background_is_stopping(((struct auditor *)arg)->thread);
}

static int
verify(struct auditor *a, struct audit_report *report, bool tail_only)
{
	struct audit_verification how = {.tail_only = tail_only,
	    .check_signature = check_signature,
	    .is_stopping = tail_only ? NULL : is_stopping,
	    .arg = a};
	struct store_reader *reader = NULL;
	int err;

	/* Before the store is looked at: by then it has the row. */
	pthread_mutex_lock(&a->mutex);
	how.signed_head = a->signed_head;
	pthread_mutex_unlock(&a->mutex);
	err = store_reader_open(&reader, a->store);
	if (err == 0)
		err = audit_verify(report, reader, &how);
	store_reader_close(reader);
	if (err == 0 && report->broken)
		set_broken(a, &report->why);
	return err;
}

static void
check_run(struct background_task *task)
{
	struct audit_check *check =
	    CONTAINER_OF(task, struct audit_check, task);

	check->result = verify(check->auditor, &check->report, false);
	if (check->result == 0 && !check->report.broken)
		set_whole(check->auditor);
	check->done(check);
}

int
auditor_check(struct audit_check *check)
{
	check->task = (struct background_task){.run = check_run};
	return background_submit(check->auditor->thread, &check->task);
}

static void
first_done(struct audit_check *check)
{
	if (check->result == 0 && !check->report.broken)
		log_info("the audit log is whole", "rows=%lld checkpoints=%lld",
		    (long long)check->report.n_rows,
		    (long long)check->report.n_checkpoints);
}

/* --- life --- */

static int
check_tail(struct auditor *a)
{
	const struct checkpoint *last = signer_last_checkpoint(a->signer);
	struct audit_report report;
	int err;

	a->signed_head.id = last->last_id;
	memcpy(a->signed_head.hash, last->head, sizeof(last->head));
	err = verify(a, &report, true);
	if (err != 0)
		return err;
	a->covered_id = report.signed_id;
	a->state.signed_id = report.signed_id;
	a->state.signed_at = report.signed_at;
	return 0;
}

static void
pages_run(struct background_task *task)
{
	struct auditor *a = CONTAINER_OF(task, struct auditor, pages);
	struct store_reader *reader = NULL;
	struct reason why = {""};
	char quoted[2 * sizeof(why.text)];
	int err = store_reader_open(&reader, a->store);

	if (err == 0)
		err = integrity_check_pages(reader, is_stopping, a, &why);
	store_reader_close(reader);
	if (err == 0)
		log_info("the database is whole", "%s", "");
	if (err != -ERR_CORRUPT)
		return;
	pthread_mutex_lock(&a->mutex);
	a->state.damaged = true;
	a->state.damage = why;
	pthread_mutex_unlock(&a->mutex);
	log_error("the database is damaged",
	    "reason=%s hint=\"restore it from a backup; keep the damaged "
	    "file\"",
	    log_quote(quoted, sizeof(quoted), why.text));
}

int
auditor_check_first(struct auditor *a)
{
	int err = 0;

	a->first = (struct audit_check){.auditor = a, .done = first_done};
	a->pages = (struct background_task){.run = pages_run};
	if (!store_was_checked(a->store))
		err = background_submit(a->thread, &a->pages);
	return err == 0 ? auditor_check(&a->first) : err;
}

int
auditor_new(struct auditor **out, struct store *store, struct signer *signer)
{
	struct auditor *a = calloc(1, sizeof(*a));
	pthread_condattr_t attr;
	int err;

	if (a == NULL)
		return -ERR_NOMEM;
	a->store = store;
	a->signer = signer;
	pthread_mutex_init(&a->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&a->idle, &attr);
	pthread_condattr_destroy(&attr);
	a->request = calloc(1, sizeof(*a->request));
	err = a->request != NULL ? background_start(&a->thread, CHECKS_MAX)
				 : -ERR_NOMEM;
	if (err == 0) {
		a->request->kind = SIGNER_REQUEST_CHECKPOINT;
		a->request->done = signed_done;
		a->request->arg = a;
		err = check_tail(a);
	}
	if (err != 0) {
		background_stop(a->thread);
		auditor_free(a);
		return err;
	}
	store_on_audit(store, rows_added, a);
	*out = a;
	return 0;
}

static void
wait_idle(struct auditor *a)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_WAIT_S;
	pthread_mutex_lock(&a->mutex);
	while (a->busy && rc == 0)
		rc = pthread_cond_timedwait(&a->idle, &a->mutex, &until);
	pthread_mutex_unlock(&a->mutex);
}

void
auditor_stop(struct auditor *a)
{
	if (a == NULL)
		return;
	/* What is being checked sees it, and gives up. */
	background_stop(a->thread);
	wait_idle(a);
	start(a);
	wait_idle(a);
	pthread_mutex_lock(&a->mutex);
	a->stopping = true;
	if (a->busy)
		log_warn("no last checkpoint of the audit log",
		    "reason=\"the signer takes too long\"");
	pthread_mutex_unlock(&a->mutex);
}

void
auditor_free(struct auditor *a)
{
	if (a == NULL)
		return;
	pthread_cond_destroy(&a->idle);
	pthread_mutex_destroy(&a->mutex);
	free(a->request);
	free(a);
}
