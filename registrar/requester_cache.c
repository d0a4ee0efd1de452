#include "registrar/requester_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "db/identity.h"
#include "registrar/internal.h"

#define CACHE_MAX 16

struct known {
	uint64_t version; /* of the store's rules */
	struct requester who;
};

struct requester_cache {
	pthread_mutex_t mutex;
	struct known known[CACHE_MAX]; /* identity_id 0: free */
	size_t next;                   /* to give way */
};

int
requester_cache_new(struct requester_cache **out)
{
	struct requester_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return -ERR_NOMEM;
	pthread_mutex_init(&cache->mutex, NULL);
	*out = cache;
	return 0;
}

void
requester_cache_free(struct requester_cache *cache)
{
	if (cache == NULL)
		return;
	pthread_mutex_destroy(&cache->mutex);
	free(cache);
}

/* Time is the one thing that counts and is not in the store. */
static bool
still_counts(const struct requester *who)
{
	return who->how != REQUESTER_BASIC ||
	       who->expires_at == IDENTITY_NEVER ||
	       who->expires_at > clock_now();
}

static bool
find(struct requester *out, struct requester_cache *cache, uint64_t version,
    int64_t identity_id, enum requester_how how)
{
	bool found = false;

	pthread_mutex_lock(&cache->mutex);
	for (size_t i = 0; i < CACHE_MAX && !found; i++) {
		const struct known *k = &cache->known[i];

		found = identity_id != 0 && k->who.identity_id == identity_id &&
			k->who.how == how && k->version == version &&
			still_counts(&k->who);
		if (found)
			*out = k->who;
	}
	pthread_mutex_unlock(&cache->mutex);
	return found;
}

static void
keep(struct requester_cache *cache, uint64_t version,
    const struct requester *who)
{
	size_t at;

	pthread_mutex_lock(&cache->mutex);
	at = cache->next;
	for (size_t i = 0; i < CACHE_MAX; i++)
		if (cache->known[i].who.identity_id == who->identity_id &&
		    cache->known[i].who.how == who->how)
			at = i;
	if (at == cache->next)
		cache->next = (cache->next + 1) % CACHE_MAX;
	cache->known[at] = (struct known){version, *who};
	pthread_mutex_unlock(&cache->mutex);
}

int
requester_recall(struct requester *out, struct registrar *registrar,
    struct store_reader *reader, int64_t identity_id, enum requester_how how,
    struct reason *why)
{
	/* Read first: what is read after it is at least as new. */
	uint64_t version = store_rules_version(registrar->config.store);
	int err;

	if (find(out, registrar->requesters, version, identity_id, how))
		return 0;
	err = requester_load(out, reader, identity_id, how, why);
	if (err == 0)
		keep(registrar->requesters, version, out);
	return err;
}
