#include "voucher/artifact.h"

int
voucher_certs_add(struct voucher_certs *certs, struct bytes der)
{
	int err;

	if (certs->n == VOUCHER_CERTS_MAX)
		return -ERR_TOO_LARGE;
	err = blob_copy(&certs->items[certs->n], der);
	if (err == 0)
		certs->n++;
	return err;
}

void
voucher_certs_fini(struct voucher_certs *certs)
{
	for (size_t i = 0; i < certs->n; i++)
		blob_fini(&certs->items[i]);
	certs->n = 0;
}
