#include "registrar/srp.h"

#include "db/srp.h"

struct load {
	struct store_job job;
	uint8_t *out;
};

static int
load_run(struct store_job *job, struct store_txn *txn)
{
	return srp_seed_get(txn, CONTAINER_OF(job, struct load, job)->out);
}

int
srp_seed_load(uint8_t out[SRP_SEED_LEN], struct store *store)
{
	struct load load = {.job = {.run = load_run}, .out = out};

	return store_apply(store, &load.job);
}
