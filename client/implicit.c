#include "client/implicit.h"

#include <string.h>

static bool
has_hash(const struct cert_list *certs, const uint8_t wanted[32])
{
	uint8_t sha256[32];

	for (size_t i = 0; i < certs->n; i++) {
		cert_sha256(sha256, blob_bytes(&certs->items[i]));
		if (memcmp(sha256, wanted, sizeof(sha256)) == 0)
			return true;
	}
	return false;
}

int
implicit_accept(struct trust **out, const struct cert_list *cacerts,
    const void *arg, struct reason *why)
{
	const struct implicit_params *params = arg;
	struct cert_list all = {0};
	int err = 0;

	if (params->root_sha256 != NULL &&
	    !has_hash(cacerts, params->root_sha256))
		return reason_set(why, -ERR_REFUSED,
		    "root hash: the server's root certificate is not the one "
		    "that the code names");
	for (size_t i = 1; err == 0 && i < params->chain->n; i++)
		err = cert_list_add(&all, blob_bytes(&params->chain->items[i]));
	for (size_t i = 0; err == 0 && i < cacerts->n; i++)
		err = cert_list_add(&all, blob_bytes(&cacerts->items[i]));
	if (err != 0)
		reason_set(why, err, "the server sends too many certificates");
	else
		err = trust_from_system(out, &all, why);
	cert_list_fini(&all);
	return err;
}
