/* Requesters that came lately, as long as nothing in the store could make them
 * others: one that enrolls a thousand devices is read once. */
#ifndef REGISTRAR_REQUESTER_CACHE_H
#define REGISTRAR_REQUESTER_CACHE_H

#include "registrar/requester.h"

struct requester_cache;

int requester_cache_new(struct requester_cache **out) NODISCARD;
void requester_cache_free(struct requester_cache *cache);

/* requester_load(), from what it said before if nothing was changed since. Any
 * thread. */
int requester_recall(struct requester *out, struct registrar *registrar,
    struct store_reader *reader, int64_t identity_id, enum requester_how how,
    struct reason *why) NODISCARD;

#endif
