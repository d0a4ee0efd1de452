#include "server/reply_cache.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* cacerts, and each label of eecerts, on one line and wrapped. */
#define ENTRIES_MAX 16

struct entry {
	struct reply_key key;
	int64_t made_ms;
	struct MHD_Response *response; /* NULL: free */
};

struct reply_cache {
	pthread_mutex_t mutex;
	struct entry entries[ENTRIES_MAX];
	size_t next; /* gives way when all are taken */
};

int
reply_cache_new(struct reply_cache **out)
{
	struct reply_cache *cache = calloc(1, sizeof(*cache));

	if (cache == NULL)
		return -ERR_NOMEM;
	pthread_mutex_init(&cache->mutex, NULL);
	*out = cache;
	return 0;
}

static void
entry_fini(struct entry *entry)
{
	if (entry->response != NULL)
		MHD_destroy_response(entry->response);
	memset(entry, 0, sizeof(*entry));
}

void
reply_cache_free(struct reply_cache *cache)
{
	if (cache == NULL)
		return;
	for (size_t i = 0; i < ENTRIES_MAX; i++)
		entry_fini(&cache->entries[i]);
	pthread_mutex_destroy(&cache->mutex);
	free(cache);
}

/* The entry of that name, else a free one, else one that gives way. */
static struct entry *
find(struct reply_cache *cache, const char *name)
{
	struct entry *unused = NULL;

	for (size_t i = 0; i < ENTRIES_MAX; i++) {
		struct entry *entry = &cache->entries[i];

		if (entry->response == NULL)
			unused = unused != NULL ? unused : entry;
		else if (strcmp(entry->key.name, name) == 0)
			return entry;
	}
	if (unused != NULL)
		return unused;
	cache->next = (cache->next + 1) % ENTRIES_MAX;
	return &cache->entries[cache->next];
}

static bool
is_fresh(const struct entry *entry, const struct reply_key *key)
{
	return entry->response != NULL &&
	       strcmp(entry->key.name, key->name) == 0 &&
	       entry->key.version == key->version &&
	       (key->max_age_ms == 0 ||
		   clock_monotonic_ms() - entry->made_ms < key->max_age_ms);
}

bool
reply_cache_send(struct reply_cache *cache, struct request *request,
    const struct reply_key *key)
{
	struct entry *entry;
	bool fresh;

	pthread_mutex_lock(&cache->mutex);
	entry = find(cache, key->name);
	fresh = is_fresh(entry, key);
	/* Queuing takes a reference of libmicrohttpd's own. */
	if (fresh)
		reply_queue(request, MHD_HTTP_OK, entry->response);
	pthread_mutex_unlock(&cache->mutex);
	return fresh;
}

void
reply_cache_put(struct reply_cache *cache, struct request *request,
    const struct reply_key *key, const char *content_type, struct bytes body)
{
	struct MHD_Response *response =
	    reply_make(request, MHD_HTTP_OK, content_type, body);
	struct entry *entry;

	reply_queue(request, MHD_HTTP_OK, response);
	if (response == NULL)
		return;
	pthread_mutex_lock(&cache->mutex);
	entry = find(cache, key->name);
	entry_fini(entry);
	*entry = (struct entry){*key, clock_monotonic_ms(), response};
	pthread_mutex_unlock(&cache->mutex);
}
