#include "registrar/maker_list.h"

#include <string.h>

#include "registrar/internal.h"

static void
maker_free(struct maker *maker)
{
	if (maker->texts.data != NULL)
		explicit_bzero(maker->texts.data, maker->texts.len);
	blob_fini(&maker->texts);
	cert_list_fini(&maker->anchors);
	cert_list_fini(&maker->masa_tls_anchors);
	cert_list_fini(&maker->voucher_anchors);
	free(maker);
}

struct maker *
maker_ref(struct maker *maker)
{
	atomic_fetch_add(&maker->refs, 1);
	return maker;
}

void
maker_unref(struct maker *maker)
{
	if (maker != NULL && atomic_fetch_sub(&maker->refs, 1) == 1)
		maker_free(maker);
}

/* All texts in one piece of memory, so that they are wiped in one. */
static int
copy_texts(struct maker *maker, const struct manufacturer *m)
{
	struct manufacturer from = *m;
	size_t total = strlen(m->masa_credential) + 1, used = 0;

	for (size_t i = 0; i < MANUFACTURER_TEXTS; i++)
		total += strlen(*manufacturer_text(&from, i)) + 1;
	maker->texts.data = malloc(total);
	if (maker->texts.data == NULL)
		return -ERR_NOMEM;
	maker->texts.len = total;
	maker->row = from;
	for (size_t i = 0; i <= MANUFACTURER_TEXTS; i++) {
		const char **at = i < MANUFACTURER_TEXTS
				      ? manufacturer_text(&maker->row, i)
				      : &maker->row.masa_credential;
		size_t len = strlen(*at) + 1;

		*at = memcpy(maker->texts.data + used, *at, len);
		used += len;
	}
	return 0;
}

static int
parse_anchors(struct cert_list *out, const char *pem, struct reason *why)
{
	if (pem[0] == '\0')
		return 0;
	return cert_list_from_pem(
	    out, (struct bytes){(const uint8_t *)pem, strlen(pem)}, why);
}

static int
maker_new(struct maker **out, const struct manufacturer *m, struct reason *why)
{
	struct maker *maker = calloc(1, sizeof(*maker));
	int err = maker != NULL ? copy_texts(maker, m) : -ERR_NOMEM;

	if (err == 0)
		err = parse_anchors(&maker->anchors, m->anchors, why);
	if (err == 0)
		err = parse_anchors(
		    &maker->masa_tls_anchors, m->masa_tls_anchors, why);
	if (err == 0)
		err = parse_anchors(
		    &maker->voucher_anchors, m->voucher_anchors, why);
	if (err != 0) {
		if (maker != NULL)
			maker_free(maker);
		return err;
	}
	atomic_init(&maker->refs, 1);
	*out = maker;
	return 0;
}

struct load {
	struct maker_list *list;
	struct reason *why;
};

static int
add_maker(void *arg, const struct manufacturer *m)
{
	const struct load *load = arg;
	struct maker_list *list = load->list;
	int err;

	if (list->n == MAKERS_MAX)
		return reason_set(load->why, -ERR_REFUSED,
		    "there are %d manufacturers, as many as can be",
		    MAKERS_MAX);
	err = maker_new(&list->items[list->n], m, load->why);
	if (err == 0)
		list->n++;
	return err;
}

int
maker_list_load(
    struct maker_list **out, struct store_txn *txn, struct reason *why)
{
	struct load load = {.list = calloc(1, sizeof(*load.list)), .why = why};
	int err;

	if (load.list == NULL)
		return -ERR_NOMEM;
	atomic_init(&load.list->refs, 1);
	err = manufacturer_load(txn, add_maker, &load);
	if (err == 0)
		*out = load.list;
	else
		maker_list_unref(load.list);
	return err;
}

void
maker_list_unref(struct maker_list *list)
{
	if (list == NULL || atomic_fetch_sub(&list->refs, 1) != 1)
		return;
	for (size_t i = 0; i < list->n; i++)
		maker_unref(list->items[i]);
	free(list);
}

struct load_job {
	struct store_job job;
	struct maker_list *list;
};

static int
load_run(struct store_job *job, struct store_txn *txn)
{
	return maker_list_load(
	    &CONTAINER_OF(job, struct load_job, job)->list, txn, NULL);
}

int
maker_cache_init(struct maker_cache *cache, struct store *store)
{
	struct load_job load = {.job = {.run = load_run}};
	int err = store_apply(store, &load.job);

	if (err != 0) {
		maker_list_unref(load.list);
		return err;
	}
	pthread_mutex_init(&cache->mutex, NULL);
	cache->list = load.list;
	return 0;
}

void
maker_cache_fini(struct maker_cache *cache)
{
	if (cache->list == NULL)
		return;
	maker_list_unref(cache->list);
	pthread_mutex_destroy(&cache->mutex);
}

void
maker_cache_publish(struct maker_cache *cache, struct maker_list *list)
{
	struct maker_list *old;

	pthread_mutex_lock(&cache->mutex);
	old = cache->list;
	cache->list = list;
	pthread_mutex_unlock(&cache->mutex);
	maker_list_unref(old);
}
