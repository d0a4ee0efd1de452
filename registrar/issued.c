#include "registrar/issued.h"

#include <string.h>

#include "base/clock.h"

int
issued_put(struct store_txn *txn, int64_t *id, char serial[SERIAL_HEX_MAX],
    struct bytes der, const struct certificate *row, const char *actor,
    struct reason *why)
{
	AUTOFREE struct cert_info *info = calloc(1, sizeof(*info));
	struct certificate full = *row;
	int err;

	if (info == NULL)
		return -ERR_NOMEM;
	err = cert_parse(info, der, why);
	if (err != 0)
		return err;
	full.serial = info->serial;
	full.subject = info->subject;
	full.issued_at = clock_now();
	full.not_before = info->not_before;
	full.not_after = info->not_after;
	full.der = der;
	memcpy(serial, info->serial, SERIAL_HEX_MAX);
	return certificate_put(txn, id, &full, actor);
}
