/* A MASA's audit log of a device (RFC 8995 5.8). */
#ifndef VOUCHER_AUDIT_LOG_H
#define VOUCHER_AUDIT_LOG_H

#include "voucher/voucher.h"

#define AUDIT_LOG_MAX_BYTES ((size_t)65536)
#define AUDIT_LOG_EVENTS_MAX 256
#define DOMAIN_ID_MAX 64 /* octets */

struct audit_log_event {
	int64_t date; /* Unix seconds */
	uint8_t domain_id[DOMAIN_ID_MAX];
	size_t domain_id_len;
	char nonce[VOUCHER_NONCE_MAX + 1]; /* "" for a nonceless voucher */
	enum voucher_assertion assertion;
	int64_t truncated;
};

struct audit_log {
	int64_t version;
	struct audit_log_event *events; /* newest first, as it comes */
	size_t n_events;
	int64_t nonced_duplicates, nonceless_duplicates, arbitrary;
};

/* Strict JSON; numbers may be strings of digits, as in the RFC's own example,
 * and a nonce null or absent. A log longer than AUDIT_LOG_EVENTS_MAX is
 * -ERR_TOO_LARGE: nobody could judge it. */
int audit_log_parse(
    struct audit_log *out, struct bytes json, struct reason *why) NODISCARD;
int audit_log_encode(struct blob *out, const struct audit_log *log) NODISCARD;
void audit_log_fini(struct audit_log *log);

/* The domainID of a pinned certificate: its subject key identifier, else the
 * SHA-256 of its SubjectPublicKeyInfo. [RFC8995 5.8.2] */
int domain_id_of(
    uint8_t out[DOMAIN_ID_MAX], size_t *len, struct bytes cert_der) NODISCARD;

#endif
