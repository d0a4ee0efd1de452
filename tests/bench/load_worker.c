#include "tests/bench/load_worker.h"

#include <time.h>

#include "base/base64.h"

/* After a failure, so that a server that is away is not hammered. */
#define PAUSE_US 5000

int64_t
load_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
sleep_until(int64_t us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) != 0)
		;
}

enum load_outcome
load_judge(const struct load_answer *answer, bool enroll, struct reason *why)
{
	struct blob decoded = {0};
	bool good;

	if (answer->status != 200) {
		reason_set(why, -ERR_REFUSED, "%d: %.*s", answer->status,
		    answer->body.len < 200 ? (int)answer->body.len : 200,
		    (const char *)answer->body.data);
		return LOAD_STATUS;
	}
	good = answer->body.len > 0;
	if (good && enroll) {
		good = base64_decode(&decoded, (const char *)answer->body.data,
			   answer->body.len) == 0 &&
		       decoded.len > 0;
		blob_fini(&decoded);
	}
	if (good)
		return LOAD_OK;
	reason_set(
	    why, -ERR_INVALID, "200 without the body that it should have");
	return LOAD_BODY;
}

static enum load_outcome
ask(struct load_worker *worker, struct load_conn **conn, uint64_t number,
    struct reason *why)
{
	struct load_requests *requests = &worker->requests;
	struct load_answer answer;
	enum load_outcome outcome = LOAD_OK;

	if (*conn == NULL) {
		outcome = load_conn_open(
		    conn, worker->context, worker->index + number, why);
		worker->tally.connections += outcome == LOAD_OK;
	}
	if (outcome == LOAD_OK)
		outcome = load_conn_ask(&answer, *conn,
		    blob_bytes(&requests->items[number % requests->n]), why);
	if (outcome != LOAD_OK)
		return outcome;
	outcome = load_judge(&answer, requests->enroll, why);
	if (outcome == LOAD_STATUS) {
		worker->tally.status[answer.status]++;
		worker->tally.retry_after += answer.retry_after;
	}
	if (outcome == LOAD_OK && answer.close) {
		load_conn_close(*conn);
		*conn = NULL;
	}
	return outcome;
}

static void
count(struct load_worker *worker, enum load_outcome outcome, int64_t due_us,
    int64_t end_us, const struct reason *why)
{
	struct tally *tally = &worker->tally;

	tally->outcomes[outcome]++;
	if (outcome == LOAD_OK)
		latency_add(&tally->latency, end_us - due_us);
	else if (tally->first_error.text[0] == '\0')
		tally->first_error = *why;
	timeline_add(&worker->run->timeline, end_us - worker->run->begin_us,
	    outcome, end_us - due_us);
}

/* When the next request is due: at once, or by the common schedule. -1 when
 * that is after the end. */
static int64_t
next_start(struct load_worker *worker)
{
	struct load_run *run = worker->run;
	int64_t now_us = load_now_us(), due_us = now_us, behind_us;

	if (run->rate > 0) {
		uint64_t number = atomic_fetch_add(&run->n_started, 1);

		due_us =
		    run->begin_us + (int64_t)((double)number * 1e6 / run->rate);
	}
	if (due_us >= run->begin_us + run->duration_us ||
	    now_us >= run->begin_us + run->duration_us)
		return -1;
	if (due_us > now_us)
		sleep_until(due_us);
	behind_us = load_now_us() - due_us;
	if (run->rate > 0 && behind_us > worker->tally.behind_us)
		worker->tally.behind_us = behind_us;
	return due_us;
}

static void
work(struct load_worker *worker)
{
	const struct load_run *run = worker->run;
	struct load_conn *conn = NULL;
	int64_t due_us;

	for (uint64_t number = 0; (due_us = next_start(worker)) >= 0;
	     number++) {
		struct reason why = {""};
		enum load_outcome outcome = ask(worker, &conn, number, &why);

		count(worker, outcome, due_us, load_now_us(), &why);
		if (outcome != LOAD_OK || !run->keep_alive) {
			load_conn_close(conn);
			conn = NULL;
		}
		if (outcome != LOAD_OK && run->rate <= 0)
			sleep_until(load_now_us() + PAUSE_US);
	}
	load_conn_close(conn);
}

void *
load_worker_main(void *arg)
{
	struct load_worker *worker = arg;

	pthread_barrier_wait(&worker->run->ready);
	pthread_barrier_wait(&worker->run->ready);
	work(worker);
	return NULL;
}
