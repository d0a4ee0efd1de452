/* Devices that enroll with their IDevIDs: what their requests may say about
 * themselves, and what the LDevID will. */
#ifndef REGISTRAR_ENROLL_DEVICE_H
#define REGISTRAR_ENROLL_DEVICE_H

#include "registrar/enroll.h"
#include "registrar/pledge.h"

/* A device that shows its IDevID. -ERR_PERMISSION when it is no known
 * manufacturer's, which counts like no certificate; -ERR_REFUSED when it has no
 * voucher of this registrar yet, or is refused. [RFC8995 5.9] */
int requester_from_pledge(struct requester *out, struct store_reader *reader,
    const struct pledge *pledge, struct reason *why) NODISCARD;

/* Judges the subject: empty; that of the IDevID, unmodified; or a serialNumber
 * that is the device's with a common name that is the serial number, the
 * identity, or the IDevID's. The names are the identity's to be allowed. Fills
 * the signer's subject: the serialNumber always, the common name unless it
 * could be read as somebody's domain name. [RFC8995 5.9.3] */
int enroll_device_check(struct enroll *enroll, const struct csr *csr,
    struct store_reader *reader) NODISCARD;

#endif
