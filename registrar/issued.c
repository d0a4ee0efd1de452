#include "registrar/issued.h"

#include <string.h>

#include "base/clock.h"

int
issued_put(struct store_txn *txn, int64_t *id, char serial[SERIAL_HEX_MAX],
    struct bytes der, const struct certificate *row, const char *actor,
    struct reason *why)
{
	struct cert_outline outline;
	struct certificate full = *row;
	int err = cert_outline_parse(&outline, der, why);

	if (err != 0)
		return err;
	full.serial = outline.serial;
	full.subject = outline.subject;
	full.issued_at = clock_now();
	full.not_before = outline.not_before;
	full.not_after = outline.not_after;
	full.der = der;
	memcpy(serial, outline.serial, SERIAL_HEX_MAX);
	return certificate_put(txn, id, &full, actor);
}
