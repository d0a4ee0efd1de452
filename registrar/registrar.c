#include "registrar/registrar.h"

#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "registrar/internal.h"

/* What the CA's own certificates are judged by. */
static int
make_trust(struct registrar *registrar)
{
	const struct signer *signer = registrar->config.signer;
	struct cert_list certs = {0};
	int err = cert_list_add(&certs, signer_root(signer));

	if (err == 0)
		err = cert_list_add(&certs, signer_issuing(signer));
	if (err == 0)
		err = trust_from_certs(&registrar->trust, &certs, NULL);
	cert_list_fini(&certs);
	return err;
}

int
registrar_new(struct registrar **out, const struct registrar_config *config)
{
	const struct limits_config limits = {
	    .source_burst = config->source_burst,
	    .source_per_minute = config->source_per_minute,
	    .total_burst = config->total_burst,
	    .total_per_minute = config->total_per_minute};
	/* How many refused tokens of a source, and of all, are answered and
	 * recorded one by one. Whoever has a right one is not limited. */
	const struct limits_config token_limits = {.source_burst = 20,
	    .source_per_minute = 10,
	    .total_burst = 200,
	    .total_per_minute = 100};
	struct registrar *registrar = calloc(1, sizeof(*registrar));
	int err = registrar != NULL ? limits_new(&registrar->limits, &limits)
				    : -ERR_NOMEM;

	if (err == 0)
		err = limits_new(&registrar->token_limits, &token_limits);
	if (registrar != NULL)
		pthread_mutex_init(&registrar->signer_mutex, NULL);
	if (err == 0) {
		registrar->config = *config;
		err = basic_new(&registrar->basic);
	}
	if (err == 0)
		err = requester_cache_new(&registrar->requesters);
	if (err == 0)
		err = questions_start(&registrar->questions);
	if (err == 0)
		err = masa_start(&registrar->masa, NULL);
	if (err == 0 && config->signer != NULL)
		err = make_trust(registrar);
	if (err == 0)
		err = maker_cache_init(&registrar->makers, config->store);
	if (err != 0) {
		registrar_free(registrar);
		return err;
	}
	*out = registrar;
	return 0;
}

static int
nothing_run(struct store_job *job, struct store_txn *txn)
{
	(void)job;
	(void)txn;
	return 0;
}

/* The store answers in the order of the jobs: what an approval hands from there
 * to the signer has been handed over then. */
static void
drain(struct registrar *registrar)
{
	const struct timespec moment = {.tv_nsec = 1000000};
	struct store_job job = {.run = nothing_run};
	int err;

	while ((err = store_apply(registrar->config.store, &job)) == -ERR_BUSY)
		nanosleep(&moment, NULL);
	if (err != 0 && err != -ERR_CLOSED)
		log_warn(
		    "the store is not drained", "error=\"%s\"", err_text(err));
}

void
registrar_end_waits(struct registrar *registrar)
{
	if (registrar != NULL)
		questions_stop(registrar->questions);
}

void
registrar_stop(struct registrar *registrar)
{
	if (registrar == NULL)
		return;
	basic_stop(registrar->basic);
	drain(registrar);
	masa_stop(registrar->masa);
	questions_stop(registrar->questions);
}

void
registrar_free(struct registrar *registrar)
{
	if (registrar == NULL)
		return;
	maker_cache_fini(&registrar->makers);
	requester_cache_free(registrar->requesters);
	basic_free(registrar->basic);
	masa_free(registrar->masa);
	questions_free(registrar->questions);
	trust_free(registrar->trust);
	limits_free(registrar->limits);
	limits_free(registrar->token_limits);
	domain_signer_unref(registrar->domain_signer);
	pthread_mutex_destroy(&registrar->signer_mutex);
	free(registrar);
}

const struct registrar_config *
registrar_config(const struct registrar *registrar)
{
	return &registrar->config;
}
