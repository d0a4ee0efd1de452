/* What store_cost measures with, and on. */
#ifndef TESTS_BENCH_STORE_COST_H
#define TESTS_BENCH_STORE_COST_H

#include "tests/bench/sample.h"

#define COST_KNOWN_MAX 4096

struct cost_known {
	char serial[SERIAL_HEX_MAX];
	int64_t identity_id;
};

struct cost {
	struct bench_state bench;
	struct sample sample;
	struct store_reader *reader;
	/* Options. */
	const char *dir, *only;
	int64_t count;
	bool random; /* serial numbers, from end to end */

	/* What is in the store. */
	int64_t n_certificates, last_audit, since;
	struct cost_known known[COST_KNOWN_MAX]; /* from anywhere in it */
	size_t n_known;
};

const struct cost_known *cost_any(const struct cost *cost);
int64_t cost_random_below(int64_t n);
/* Of this thread. */
double cost_cpu_us(void);

/* Enrolls count certificates, batch of them in a transaction. *us is what one
 * takes of the store's thread. */
#define COST_BATCH_MAX 32
int cost_enroll(
    double *us, struct cost *cost, size_t batch, int64_t count) NODISCARD;

#endif
