/* What the loader counts: outcomes and latencies. */
#ifndef TESTS_BENCH_LOAD_STATS_H
#define TESTS_BENCH_LOAD_STATS_H

#include <pthread.h>
#include <stdint.h>

#include <jansson.h>

#include "base/error.h"

/* How one request ended. */
enum load_outcome {
	LOAD_OK,
	LOAD_CONNECT, /* no TCP connection */
	LOAD_TLS,     /* no TLS handshake, or the PAKE failed */
	LOAD_SHORT,   /* the connection ended within the answer */
	LOAD_TIMEOUT,
	LOAD_BODY,   /* not HTTP, or not what was asked for */
	LOAD_STATUS, /* another status than 200 */
	LOAD_OUTCOMES
};

/* Microseconds in buckets that are at most 1/64 wide of their value. */
#define LATENCY_BUCKETS 2048

struct latency {
	uint32_t counts[LATENCY_BUCKETS];
	uint64_t n;
	int64_t max_us;
};

void latency_add(struct latency *latency, int64_t us);
void latency_merge(struct latency *into, const struct latency *from);
/* The lower bound of the bucket that holds the quantile; 0 without any. */
int64_t latency_quantile(const struct latency *latency, double quantile);

#define STATUS_MAX 1000

/* One thread's counts, or all threads' together. */
struct tally {
	uint64_t outcomes[LOAD_OUTCOMES];
	uint32_t status[STATUS_MAX]; /* of LOAD_STATUS */
	uint64_t retry_after;        /* how many of those said Retry-After */
	uint64_t connections;
	int64_t behind_us;      /* the latest start, with a rate */
	struct latency latency; /* of LOAD_OK */
	struct reason first_error;
};

void tally_merge(struct tally *into, const struct tally *from);

/* One second of the run, shared by all threads. */
struct second {
	pthread_mutex_t lock;
	uint64_t errors;
	struct latency latency;
};

struct timeline {
	size_t n;
	struct second *seconds;
};

int timeline_init(struct timeline *timeline, size_t n) NODISCARD;
void timeline_fini(struct timeline *timeline);
/* at_us counts from the start; what comes late belongs to the last second. */
void timeline_add(struct timeline *timeline, int64_t at_us,
    enum load_outcome outcome, int64_t us);

/* New references; NULL without memory. */
json_t *tally_errors_json(const struct tally *tally);
json_t *latency_json(const struct latency *latency);
json_t *timeline_json(const struct timeline *timeline);

#endif
