/* A certificate that the signer made, on its way into the store. */
#ifndef REGISTRAR_ISSUED_H
#define REGISTRAR_ISSUED_H

#include "ca/cert.h"
#include "db/certificate.h"

/* Of row only profile, identity, identity_id and source are used. serial
 * becomes the certificate's. */
int issued_put(struct store_txn *txn, int64_t *id, char serial[SERIAL_HEX_MAX],
    struct bytes der, const struct certificate *row, const char *actor,
    struct reason *why) NODISCARD;

#endif
