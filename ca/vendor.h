/* A manufacturer's certificates, for labs: its CAs, its devices' IDevIDs (IEEE
 * 802.1AR, RFC 8995 2.3), and what its voucher service shows and signs with.
 * All keys are P-256; each out is DER. */
#ifndef CA_VENDOR_H
#define CA_VENDOR_H

#include <stdbool.h>
#include <stdint.h>

#include "ca/key.h"

/* [RFC5280 4.1.2.5] 99991231235959Z: no well-defined end. */
#define VENDOR_NEVER ((int64_t)253402300799)

/* Who signs: a CA of vendor_ca_make(). */
struct vendor_issuer {
	struct bytes cert;
	const struct key *key;
};

struct vendor_subject {
	const char *organization; /* both in UTF-8, 1 to 64 characters */
	const char *common_name;
};

/* A self-signed CA without an end. */
int vendor_ca_make(struct blob *out, const struct key *key,
    const struct vendor_subject *subject, struct reason *why) NODISCARD;

enum vendor_role {
	VENDOR_TLS_SERVER = 1,
	VENDOR_VOUCHER_SIGNER,
	VENDOR_CUSTOMER, /* a registrar that the manufacturer knows: TLS client
			  */
};

struct vendor_service {
	enum vendor_role role;
	struct vendor_subject subject;
	const struct names *names; /* of a TLS server */
	int64_t not_after;
};

int vendor_service_make(struct blob *out, const struct key *key,
    const struct vendor_issuer *issuer, const struct vendor_service *service,
    struct reason *why) NODISCARD;

struct vendor_device {
	struct vendor_subject subject;
	const char *serial_number; /* printable ASCII */
	const char *masa_url;      /* RFC 8995 2.3.2 */
	const char *mud_url;       /* RFC 8520 11; NULL: none */
	/* The serial number is in a hardwareModuleName (RFC 4108 5) instead of
	 * the subject. */
	bool hardware_module;
};

int vendor_idevid_make(struct blob *out, const struct key *key,
    const struct vendor_issuer *issuer, const struct vendor_device *device,
    struct reason *why) NODISCARD;

#endif
