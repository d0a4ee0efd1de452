/* Voucher requests: the pledge's (PVR) is judged, and the registrar's own (RVR)
 * is made of it. [RFC8995 5.2, 5.5] */
#ifndef REGISTRAR_VOUCHER_REQUEST_H
#define REGISTRAR_VOUCHER_REQUEST_H

#include "ca/cert.h"
#include "registrar/domain_signer.h"
#include "voucher/artifact.h"

/* What a pledge's request is judged by; all borrowed. */
struct pvr_terms {
	enum voucher_format format;
	struct bytes device;         /* the TLS client's certificate */
	const char *serial_number;   /* of it, by its maker's rule */
	struct bytes registrar_cert; /* ours, as this connection showed it */
	bool plain_root;             /* see struct voucher_open_params */
};

/* What is needed of it afterwards. */
struct pvr {
	struct voucher_nonce nonce;
	int64_t created_on; /* 0: it did not say */
};

/* Outcome of pvr_judge(): */
enum { PVR_NOT_PROXIMATE = 1 /* made for another TLS connection's end */ };

/* -ERR_INVALID or -ERR_TOO_LARGE for one that is malformed, -ERR_REFUSED for a
 * signature or a serial number that is not the TLS client's. */
int pvr_judge(struct pvr *out, struct bytes artifact,
    const struct pvr_terms *terms, struct reason *why) NODISCARD;

/* For a request that is seen for the first time: -ERR_REFUSED when it says that
 * it was made more than age_s ago, or skew_s ahead. */
int pvr_check_age(const struct pvr *pvr, int64_t now, int64_t age_s,
    int64_t skew_s, struct reason *why) NODISCARD;

/* What our request is made of; all borrowed. */
struct rvr_parts {
	enum voucher_format format;
	const char *serial_number;
	struct bytes idevid_issuer;
	const struct voucher_nonce *nonce; /* NULL: a nonceless one */
	struct bytes pvr;                  /* empty: a nonceless one */
	struct bytes device;               /* of COSE's x5bag: the IDevID ... */
	const struct cert_list *device_chain; /* ... and its chain */
	bool plain_root;
	int64_t now;
};

int rvr_build(struct blob *out, const struct rvr_parts *parts,
    const struct domain_signer *signer, struct reason *why) NODISCARD;

#endif
