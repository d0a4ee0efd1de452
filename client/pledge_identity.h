/* What a device leaves its factory with: its IDevID with the key, and whose
 * vouchers it believes. [RFC8995 2.3] */
#ifndef CLIENT_PLEDGE_IDENTITY_H
#define CLIENT_PLEDGE_IDENTITY_H

#include "ca/idevid.h"
#include "voucher/artifact.h"

struct pledge_identity {
	struct cert_list chain; /* the IDevID first */
	struct blob key;        /* PEM, a secret */
	struct idevid idevid;
	const char *serial_number; /* of the subject, or else the module's */
	struct voucher_signer *signer;
};

/* PEM files; chain (NULL: none) has the IDevID's CAs. A key that others may
 * read is refused. */
int pledge_identity_load(struct pledge_identity *out, const char *cert,
    const char *key, const char *chain, struct reason *why) NODISCARD;
void pledge_identity_fini(struct pledge_identity *identity);

/* The certificates of a PEM file. */
int pledge_read_certs(
    struct cert_list *out, const char *path, struct reason *why) NODISCARD;

#endif
