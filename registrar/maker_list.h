/* The registrar's cache of manufacturers. */
#ifndef REGISTRAR_MAKER_LIST_H
#define REGISTRAR_MAKER_LIST_H

#include <pthread.h>

#include "registrar/manufacturer.h"

#define MAKERS_MAX 256

struct maker_list {
	atomic_uint refs;
	size_t n;
	struct maker *items[MAKERS_MAX];
};

struct maker_cache {
	pthread_mutex_t mutex;
	struct maker_list *list;
};

/* Reads what is stored now. */
int maker_cache_init(struct maker_cache *cache, struct store *store) NODISCARD;
void maker_cache_fini(struct maker_cache *cache);

/* As the transaction sees them: to be published after its commit. -ERR_REFUSED
 * when there are more than MAKERS_MAX. */
int maker_list_load(struct maker_list **out, struct store_txn *txn,
    struct reason *why) NODISCARD;
void maker_list_unref(struct maker_list *list);
/* Takes list over. */
void maker_cache_publish(struct maker_cache *cache, struct maker_list *list);

#endif
