/* One thread of the loader: one request after the other. */
#ifndef TESTS_BENCH_LOAD_WORKER_H
#define TESTS_BENCH_LOAD_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/bench/load_conn.h"
#include "tests/bench/load_request.h"
#include "tests/bench/load_stats.h"

/* What all threads of a run share. */
struct load_run {
	struct load_target target;
	bool keep_alive;
	int64_t duration_us;
	double rate; /* starts a second of all threads; 0: closed loop */
	struct timeline timeline;

	pthread_barrier_t ready; /* every thread, and whoever starts them */
	atomic_uint_fast64_t n_started;
	int64_t begin_us; /* set before the barrier opens the second time */
};

struct load_worker {
	struct load_run *run;
	size_t index;
	struct load_requests requests; /* the thread's own */
	struct load_context *context;
	struct tally tally;
	pthread_t thread;
};

/* Microseconds that never go back. */
int64_t load_now_us(void);

/* For pthread_create(). Waits at the barrier twice: when it is there, and for
 * the start. */
void *load_worker_main(void *worker);

/* Makes one request and judges the answer. */
enum load_outcome load_judge(
    const struct load_answer *answer, bool enroll, struct reason *why);

#endif
