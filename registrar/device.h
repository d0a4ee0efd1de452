/* What a person and the audit log decide about one device. */
#ifndef REGISTRAR_DEVICE_H
#define REGISTRAR_DEVICE_H

#include "db/device.h"

/* Refuses every request of it from now on, with the reason. -ERR_NOT_FOUND. */
int device_refuse(struct store_txn *txn, int64_t id, const char *reason,
    int64_t now, const char *actor) NODISCARD;
/* Takes a refusal back: it is again what it had come to be. -ERR_NOT_FOUND. */
int device_accept(struct store_txn *txn, int64_t id, int64_t now,
    const char *actor) NODISCARD;

/* 0, or -ERR_REFUSED with the verdict when the identity is that of a device
 * which is refused. */
int device_check_identity(struct store_reader *reader, int64_t identity_id,
    struct reason *why) NODISCARD;

/* The same of the device that shows a certificate: an LDevID (cert) or an
 * IDevID (pledge); each may be NULL. */
struct client_cert;
struct pledge;
int device_check_shown(struct store_reader *reader,
    const struct client_cert *cert, const struct pledge *pledge,
    struct reason *why) NODISCARD;

/* Notes a certificate of an identity, if that is a device's: its story gets the
 * event, and it is enrolled. */
int device_note_certificate(struct store_txn *txn, int64_t identity_id,
    const char *serial, int64_t now, const char *actor) NODISCARD;

#endif
