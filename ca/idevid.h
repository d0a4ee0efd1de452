/* IDevIDs (IEEE 802.1AR): what a registrar reads of a device's certificate by
 * its manufacturer, and whether it is that manufacturer's. */
#ifndef CA_IDEVID_H
#define CA_IDEVID_H

#include <stdint.h>

#include "ca/cert.h"

#define IDEVID_SERIAL_MAX 129 /* with NUL */
#define IDEVID_URL_MAX 256    /* with NUL */

struct idevid {
	char subject[512];                     /* RFC 4514 style, for people */
	char serial_number[IDEVID_SERIAL_MAX]; /* subject serialNumber, or "" */
	/* hwSerialNum of the SAN's hardwareModuleName (RFC 4108 5), or "". As
	 * it is if it is printable ASCII, else lower-case hex. */
	char hw_serial[IDEVID_SERIAL_MAX];
	char masa_url[IDEVID_URL_MAX]; /* RFC 8995 2.3.2; "" if absent */
	char mud_url[IDEVID_URL_MAX];  /* RFC 8520 11; "" if absent */
	/* The authority key identifier's extnValue with its tag; made of the
	 * SHA-1 of the public key when there is none. [RFC8366bis] */
	struct blob issuer;
	uint8_t sha256[32]; /* of the DER */
	int64_t not_after;
};

/* Strict: one DER certificate; a serial number or URL that is not printable
 * ASCII, has a NUL, or is there twice is -ERR_INVALID. A MUD URL that is not
 * https is left out. */
int idevid_parse(
    struct idevid *out, struct bytes der, struct reason *why) NODISCARD;
void idevid_fini(struct idevid *idevid);

/* Path validation (RFC 5280) of the device's certificate to one of anchors,
 * which need not be self-signed; chain is what the device sent along. Any
 * extended key usage is good. -ERR_REFUSED. */
int idevid_verify(struct bytes der, const struct cert_list *chain,
    const struct cert_list *anchors, int64_t now, struct reason *why) NODISCARD;

#endif
