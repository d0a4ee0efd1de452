#include "registrar/registrar.h"

#include <stdlib.h>

#include "registrar/internal.h"

int
registrar_new(struct registrar **out, const struct registrar_config *config)
{
	const struct limits_config limits = {
	    .source_burst = config->source_burst,
	    .source_per_minute = config->source_per_minute,
	    .total_burst = config->total_burst,
	    .total_per_minute = config->total_per_minute};
	struct registrar *registrar = calloc(1, sizeof(*registrar));
	int err = registrar != NULL ? limits_new(&registrar->limits, &limits)
				    : -ERR_NOMEM;

	if (err != 0) {
		registrar_free(registrar);
		return err;
	}
	registrar->config = *config;
	*out = registrar;
	return 0;
}

void
registrar_free(struct registrar *registrar)
{
	if (registrar == NULL)
		return;
	limits_free(registrar->limits);
	free(registrar);
}

const struct registrar_config *
registrar_config(const struct registrar *registrar)
{
	return &registrar->config;
}
