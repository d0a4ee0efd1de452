/*
 * Vouchers and voucher requests (RFC 8366, RFC 8995 3): what is in them,
 * whatever they are encoded as. Pledge, registrar and MASA share this.
 */
#ifndef VOUCHER_VOUCHER_H
#define VOUCHER_VOUCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/domain.h"

#define VOUCHER_MAX_BYTES ((size_t)65536) /* an artifact, as it is sent */
#define VOUCHER_SERIAL_MAX 129            /* with NUL */
#define VOUCHER_NONCE_MAX 128
#define VOUCHER_URL_MAX 256 /* with NUL */

enum voucher_kind {
	VOUCHER_REQUEST = 1, /* ietf-voucher-request:voucher */
	VOUCHER_VOUCHER,     /* ietf-voucher:voucher */
};

enum voucher_assertion {
	VOUCHER_ASSERTION_NONE = -1, /* absent */
	VOUCHER_VERIFIED = 0,
	VOUCHER_LOGGED = 1,
	VOUCHER_PROXIMITY = 2,
	VOUCHER_AGENT_PROXIMITY = 3,
};

/* Whatever the pledge chose, to be given back as it came: the text of a JSON
 * string, or a CBOR byte string. */
struct voucher_nonce {
	uint8_t data[VOUCHER_NONCE_MAX];
	size_t len; /* 0: absent */
	bool is_text;
};

/* Absent: 0 for times, "" for texts, len 0 for blobs. */
struct voucher {
	enum voucher_kind kind;
	enum voucher_assertion assertion;
	int64_t created_on, expires_on, last_renewal_date; /* Unix seconds */
	struct voucher_nonce nonce;
	char serial_number[VOUCHER_SERIAL_MAX]; /* printable ASCII */
	/* The extnValue of the IDevID's authority key identifier, with the
	 * OCTET STRING's tag. */
	struct blob idevid_issuer;
	struct blob pinned_domain_cert; /* DER */
	struct blob pinned_domain_pubk; /* DER SubjectPublicKeyInfo */
	struct blob pinned_domain_pubk_sha256;
	int domain_cert_revocation_checks; /* -1: absent */

	/* Of requests alone. */
	struct blob prior_signed_voucher_request; /* the whole artifact */
	struct blob proximity_registrar_cert;     /* DER */
	struct blob proximity_registrar_pubk;     /* DER */
	struct blob proximity_registrar_pubk_sha256;
};

/* Everything absent. */
void voucher_init(struct voucher *v, enum voucher_kind kind);
void voucher_fini(struct voucher *v);

/* "proximity"; "" for VOUCHER_ASSERTION_NONE. */
const char *voucher_assertion_text(enum voucher_assertion assertion);
int voucher_assertion_parse(
    enum voucher_assertion *out, const char *text) NODISCARD;

/* Equal as far as the nonce's form allows to say: a text is also compared with
 * bytes by what it is the base64 of (YANG's binary, RFC 7951 6.6). Absent
 * equals absent alone. */
bool voucher_nonce_equal(
    const struct voucher_nonce *a, const struct voucher_nonce *b);

/* The rules that hold for every artifact of that kind, wherever it comes from:
 * a serial number; for a voucher an assertion and exactly one way of pinning.
 * -ERR_INVALID. [RFC8366 5.3] [RFC8995 3] */
int voucher_check(const struct voucher *v, struct reason *why) NODISCARD;

#endif
