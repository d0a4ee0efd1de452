/* Vouchers and audit logs out of what was judged. [RFC8995 5.6] [RFC8995 5.8]
 */
#ifndef MASA_ISSUE_H
#define MASA_ISSUE_H

#include "masa/fault.h"
#include "masa/judge.h"
#include "voucher/audit_log.h"

struct masa_issue {
	const struct voucher_signer *signer;
	enum voucher_format format;
	int64_t now;
	int64_t nonceless_s; /* how long one without a nonce is good */
	enum masa_fault fault;
	struct bytes stranger; /* what FAULT_WRONG_PIN pins */
};

int masa_issue(struct blob *out, const struct masa_case *c,
    const struct masa_issue *params) NODISCARD;

/* What is remembered of a voucher, with what it borrows. */
struct masa_record {
	struct masa_voucher voucher;
	uint8_t domain_id[DOMAIN_ID_MAX];
	char nonce[VOUCHER_NONCE_MAX + 1];
};

/* A nonce that is no printable text is remembered as its base64. */
int masa_record_of(
    struct masa_record *out, const struct masa_case *c, int64_t now) NODISCARD;

#define MASA_LOG_EVENTS_MAX 100

/* The device's audit log as JSON; of more than MASA_LOG_EVENTS_MAX events the
 * oldest are only counted. */
int masa_audit_log(
    struct blob *out, struct store_reader *reader, int64_t device_id) NODISCARD;

#endif
