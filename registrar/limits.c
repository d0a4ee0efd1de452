#include "registrar/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A token in parts: one token a minute is one part a millisecond, so that no
 * refill is rounded off. */
#define TOKEN 60000

struct bucket {
	int64_t tokens;
	int64_t updated_ms;
};

struct source {
	struct ip_addr ip; /* len 0: free */
	struct bucket bucket;
	int64_t suppressed;
};

struct limits {
	pthread_mutex_t mutex;
	struct limits_config config;
	struct bucket total;
	struct source sources[LIMITS_SOURCES_MAX];
};

int
limits_new(struct limits **out, const struct limits_config *config)
{
	struct limits *limits = calloc(1, sizeof(*limits));

	if (limits == NULL)
		return -ERR_NOMEM;
	pthread_mutex_init(&limits->mutex, NULL);
	limits->config = *config;
	limits->total.tokens = config->total_burst * TOKEN;
	*out = limits;
	return 0;
}

void
limits_free(struct limits *limits)
{
	if (limits == NULL)
		return;
	pthread_mutex_destroy(&limits->mutex);
	free(limits);
}

static void
bucket_refresh(
    struct bucket *b, int64_t burst, int64_t per_minute, int64_t now_ms)
{
	int64_t elapsed_ms = now_ms - b->updated_ms;

	if (elapsed_ms <= 0)
		return;
	if (elapsed_ms > 3600000)
		elapsed_ms = 3600000;
	b->tokens += elapsed_ms * per_minute;
	if (b->tokens > burst * TOKEN)
		b->tokens = burst * TOKEN;
	b->updated_ms = now_ms;
}

/* IPv6 hosts choose their lower 64 bits freely: the /64 is the source. */
static struct ip_addr
source_key(const struct ip_addr *ip)
{
	struct ip_addr key = *ip;

	if (key.len == 16)
		memset(key.bytes + 8, 0, 8);
	return key;
}

static size_t
hash(const struct ip_addr *key)
{
	uint64_t h = 14695981039346656037ull;

	for (size_t i = 0; i < key->len; i++)
		h = (h ^ key->bytes[i]) * 1099511628211ull;
	return (size_t)(h % LIMITS_SOURCES_MAX);
}

/* Sources live within a short run of slots behind their hash. */
#define PROBE_LEN 16

static struct source *
source_find(struct limits *limits, const struct ip_addr *ip, int64_t now_ms)
{
	struct ip_addr key = source_key(ip);
	size_t start = hash(&key);
	struct source *best = NULL;

	for (size_t i = 0; i < PROBE_LEN; i++) {
		struct source *s =
		    &limits->sources[(start + i) % LIMITS_SOURCES_MAX];

		if (s->ip.len != 0 && ip_equal(&s->ip, &key))
			return s;
		if (s->ip.len != 0)
			bucket_refresh(&s->bucket, limits->config.source_burst,
			    limits->config.source_per_minute, now_ms);
		if (best == NULL || (best->ip.len != 0 && s->ip.len == 0) ||
		    (best->ip.len != 0 &&
			s->bucket.tokens > best->bucket.tokens))
			best = s;
	}
	memset(best, 0, sizeof(*best));
	best->ip = key;
	best->bucket.tokens = limits->config.source_burst * TOKEN;
	best->bucket.updated_ms = now_ms;
	return best;
}

bool
limits_take(struct limits *limits, const struct ip_addr *source, int64_t now_ms,
    int64_t *suppressed)
{
	const struct limits_config *config = &limits->config;
	struct source *s;
	bool allowed;

	pthread_mutex_lock(&limits->mutex);
	s = source_find(limits, source, now_ms);
	bucket_refresh(&s->bucket, config->source_burst,
	    config->source_per_minute, now_ms);
	bucket_refresh(&limits->total, config->total_burst,
	    config->total_per_minute, now_ms);
	allowed = s->bucket.tokens >= TOKEN && limits->total.tokens >= TOKEN;
	if (allowed) {
		s->bucket.tokens -= TOKEN;
		limits->total.tokens -= TOKEN;
		*suppressed = s->suppressed;
		s->suppressed = 0;
	} else {
		s->suppressed++;
	}
	pthread_mutex_unlock(&limits->mutex);
	return allowed;
}

static void
bucket_refill(struct bucket *b, int64_t burst)
{
	b->tokens += TOKEN;
	if (b->tokens > burst * TOKEN)
		b->tokens = burst * TOKEN;
}

void
limits_refill(
    struct limits *limits, const struct ip_addr *source, int64_t now_ms)
{
	pthread_mutex_lock(&limits->mutex);
	bucket_refill(&source_find(limits, source, now_ms)->bucket,
	    limits->config.source_burst);
	bucket_refill(&limits->total, limits->config.total_burst);
	pthread_mutex_unlock(&limits->mutex);
}
