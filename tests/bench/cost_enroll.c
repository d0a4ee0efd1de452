#include <semaphore.h>
#include <stdio.h>

#include "base/clock.h"
#include "db/identity.h"
#include "registrar/device.h"
#include "tests/bench/store_cost.h"

/* What an enrollment writes, as registrar/enroll.c does it. */
struct enrollment {
	struct store_job job;
	struct sample_cert cert;
	struct blob der;
	struct batch *batch;
};

/* The first job holds the writer until all of the others are queued: they are
 * one transaction then. */
struct batch {
	struct store_job gate;
	sem_t entered, leave, done;
	double begin_us, end_us; /* of the writer's CPU time */
	struct enrollment jobs[COST_BATCH_MAX];
	size_t n;
	int err;
};

static int
ignore(void *arg, const struct identity *identity)
{
	(void)arg;
	(void)identity;
	return 0;
}

static int
enrollment_run(struct store_job *job, struct store_txn *txn)
{
	struct enrollment *e = CONTAINER_OF(job, struct enrollment, job);
	struct store_reader *reader = store_txn_reader(txn);
	char actor[SAMPLE_NAME_MAX + 16];
	struct reason why;
	int64_t id, owner = e->cert.row.identity_id;
	int err = identity_get(reader, owner, ignore, NULL);

	snprintf(actor, sizeof(actor), "identity %s", e->cert.identity);
	if (err == 0)
		err = device_check_identity(reader, owner, &why);
	if (err == 0)
		err = identity_take_use(txn, owner);
	if (err == 0)
		err = certificate_put(txn, &id, &e->cert.row, actor);
	if (err == 0)
		err = device_note_certificate(
		    txn, owner, e->cert.serial, clock_now(), actor);
	return err;
}

/* All of a batch are done after its commit. */
static void
enrollment_done(struct store_job *job)
{
	struct enrollment *e = CONTAINER_OF(job, struct enrollment, job);

	e->batch->end_us = cost_cpu_us();
	if (job->result < 0)
		e->batch->err = job->result;
	sem_post(&e->batch->done);
}

static int
gate_run(struct store_job *job, struct store_txn *txn)
{
	struct batch *batch = CONTAINER_OF(job, struct batch, gate);

	(void)txn;
	sem_post(&batch->entered);
	sem_wait(&batch->leave);
	return 0;
}

static void
gate_done(struct store_job *job)
{
	struct batch *batch = CONTAINER_OF(job, struct batch, gate);

	sem_post(&batch->done);
	batch->begin_us = cost_cpu_us();
}

static int
prepare(struct batch *batch, size_t i, struct cost *cost)
{
	struct enrollment *e = &batch->jobs[i];
	int64_t owner = cost_any(cost)->identity_id;

	e->batch = batch;
	e->job =
	    (struct store_job){.run = enrollment_run, .done = enrollment_done};
	sample_make(
	    &cost->sample, &e->cert, owner - 1, clock_now(), cost->random);
	e->cert.row.identity_id = owner;
	if (blob_copy(&e->der, e->cert.row.der) != 0)
		return -ERR_NOMEM;
	e->cert.row.der = blob_bytes(&e->der);
	return 0;
}

static int
submit(struct batch *batch, struct cost *cost)
{
	struct store *store = cost->bench.store;
	int err;

	batch->gate = (struct store_job){.run = gate_run, .done = gate_done};
	err = store_submit(store, &batch->gate);
	if (err != 0)
		return err;
	sem_wait(&batch->entered);
	for (size_t i = 0; i < batch->n && err == 0; i++) {
		err = prepare(batch, i, cost);
		if (err == 0)
			err = store_submit(store, &batch->jobs[i].job);
	}
	sem_post(&batch->leave);
	for (size_t i = 0; i < batch->n + 1 && err == 0; i++)
		sem_wait(&batch->done);
	for (size_t i = 0; i < batch->n; i++)
		blob_fini(&batch->jobs[i].der);
	return err != 0 ? err : batch->err;
}

int
cost_enroll(double *us, struct cost *cost, size_t n, int64_t count)
{
	struct batch *batch = calloc(1, sizeof(*batch));
	double sum = 0;
	int64_t made = 0;
	int err = batch != NULL ? 0 : -ERR_NOMEM;

	if (err != 0)
		return err;
	batch->n = n;
	sem_init(&batch->entered, 0, 0);
	sem_init(&batch->leave, 0, 0);
	sem_init(&batch->done, 0, 0);
	for (; made < count && err == 0; made += (int64_t)n) {
		err = submit(batch, cost);
		sum += batch->end_us - batch->begin_us;
	}
	if (err == 0 && made > 0)
		*us = sum / (double)made;
	/* One that failed half way may still be in the writer's hands. */
	store_stop(err != 0 ? cost->bench.store : NULL);
	sem_destroy(&batch->entered);
	sem_destroy(&batch->leave);
	sem_destroy(&batch->done);
	free(batch);
	return err;
}
