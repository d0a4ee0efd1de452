/* Answers that are the same for everybody, kept as libmicrohttpd sends them, so
 * that asking again costs neither a query nor an encoding. Any worker's. */
#ifndef SERVER_REPLY_CACHE_H
#define SERVER_REPLY_CACHE_H

#include "server/request.h"

#define REPLY_KEY_MAX 96

struct reply_cache;

/* What an answer depends on: two that are equal in this have the same answer.
 */
struct reply_key {
	char name[REPLY_KEY_MAX]; /* of the path, and of its form */
	uint64_t version;         /* of what it was made from */
	int64_t max_age_ms;       /* 0: as long as the version is the same */
};

int reply_cache_new(struct reply_cache **out) NODISCARD;
void reply_cache_free(struct reply_cache *cache);
/* True if there was one: then it is on its way. */
bool reply_cache_send(struct reply_cache *cache, struct request *request,
    const struct reply_key *key);
/* 200 with this body, as reply_bytes(), kept for those who ask next. */
void reply_cache_put(struct reply_cache *cache, struct request *request,
    const struct reply_key *key, const char *content_type, struct bytes body);

#endif
