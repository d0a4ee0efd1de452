#include "tests/bench/load_stats.h"

#include <stdio.h>
#include <stdlib.h>

/* 64 buckets for each power of two from 64 on; below that one for each value.
 */
#define SUB_BITS 6
#define SUB (1 << SUB_BITS)

static size_t
bucket_of(int64_t us)
{
	uint64_t value = us < 0 ? 0 : (uint64_t)us;
	unsigned shift;
	size_t bucket;

	if (value < SUB)
		return (size_t)value;
	shift = 63 - (unsigned)__builtin_clzll(value) - SUB_BITS;
	bucket = ((size_t)shift << SUB_BITS) + (size_t)(value >> shift);
	return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

static int64_t
bucket_start(size_t bucket)
{
	size_t shift;

	if (bucket < SUB)
		return (int64_t)bucket;
	shift = (bucket >> SUB_BITS) - 1;
	return (int64_t)((bucket - (shift << SUB_BITS)) << shift);
}

void
latency_add(struct latency *latency, int64_t us)
{
	latency->counts[bucket_of(us)]++;
	latency->n++;
	if (us > latency->max_us)
		latency->max_us = us;
}

void
latency_merge(struct latency *into, const struct latency *from)
{
	for (size_t i = 0; i < LATENCY_BUCKETS; i++)
		into->counts[i] += from->counts[i];
	into->n += from->n;
	if (from->max_us > into->max_us)
		into->max_us = from->max_us;
}

int64_t
latency_quantile(const struct latency *latency, double quantile)
{
	uint64_t rank = (uint64_t)(quantile * (double)latency->n);
	uint64_t seen = 0;

	for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
		seen += latency->counts[i];
		if (seen > rank)
			return bucket_start(i);
	}
	return latency->max_us;
}

void
tally_merge(struct tally *into, const struct tally *from)
{
	for (size_t i = 0; i < LOAD_OUTCOMES; i++)
		into->outcomes[i] += from->outcomes[i];
	for (size_t i = 0; i < STATUS_MAX; i++)
		into->status[i] += from->status[i];
	into->retry_after += from->retry_after;
	into->connections += from->connections;
	if (from->behind_us > into->behind_us)
		into->behind_us = from->behind_us;
	latency_merge(&into->latency, &from->latency);
	if (into->first_error.text[0] == '\0')
		into->first_error = from->first_error;
}

int
timeline_init(struct timeline *timeline, size_t n)
{
	timeline->seconds = calloc(n, sizeof(*timeline->seconds));
	if (timeline->seconds == NULL)
		return -ERR_NOMEM;
	timeline->n = n;
	for (size_t i = 0; i < n; i++)
		pthread_mutex_init(&timeline->seconds[i].lock, NULL);
	return 0;
}

void
timeline_fini(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->n; i++)
		pthread_mutex_destroy(&timeline->seconds[i].lock);
	free(timeline->seconds);
}

void
timeline_add(struct timeline *timeline, int64_t at_us,
    enum load_outcome outcome, int64_t us)
{
	size_t i = (size_t)(at_us / 1000000);
	struct second *second;

	if (timeline->n == 0)
		return;
	second = &timeline->seconds[i < timeline->n ? i : timeline->n - 1];
	pthread_mutex_lock(&second->lock);
	if (outcome == LOAD_OK)
		latency_add(&second->latency, us);
	else
		second->errors++;
	pthread_mutex_unlock(&second->lock);
}

json_t *
tally_errors_json(const struct tally *tally)
{
	static const char *const names[LOAD_OUTCOMES] = {
	    [LOAD_CONNECT] = "connect",
	    [LOAD_TLS] = "tls",
	    [LOAD_SHORT] = "short",
	    [LOAD_TIMEOUT] = "timeout",
	    [LOAD_BODY] = "body"};
	json_t *errors = json_object(), *status = json_object();
	char text[8];

	for (size_t i = 0; i < LOAD_OUTCOMES; i++)
		if (names[i] != NULL)
			json_object_set_new(errors, names[i],
			    json_integer((json_int_t)tally->outcomes[i]));
	for (unsigned i = 0; i < STATUS_MAX; i++) {
		if (tally->status[i] == 0)
			continue;
		snprintf(text, sizeof(text), "%u", i);
		json_object_set_new(
		    status, text, json_integer(tally->status[i]));
	}
	json_object_set_new(errors, "status", status);
	return errors;
}

json_t *
latency_json(const struct latency *latency)
{
	return json_pack("{sI sI sI sI}", "p50",
	    (json_int_t)latency_quantile(latency, 0.5), "p95",
	    (json_int_t)latency_quantile(latency, 0.95), "p99",
	    (json_int_t)latency_quantile(latency, 0.99), "max",
	    (json_int_t)latency->max_us);
}

json_t *
timeline_json(const struct timeline *timeline)
{
	json_t *list = json_array();

	for (size_t i = 0; i < timeline->n; i++) {
		const struct second *second = &timeline->seconds[i];

		json_array_append_new(
		    list, json_pack("{sI sI sI so}", "second", (json_int_t)i,
			      "ok", (json_int_t)second->latency.n, "errors",
			      (json_int_t)second->errors, "latency_us",
			      latency_json(&second->latency)));
	}
	return list;
}
