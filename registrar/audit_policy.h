/* What a MASA's audit log says about a device, judged: who had it before, and
 * whether somebody holds a voucher for it that never expires with its nonce.
 * [RFC8995 5.8.3] */
#ifndef REGISTRAR_AUDIT_POLICY_H
#define REGISTRAR_AUDIT_POLICY_H

#include "registrar/domain_signer.h"
#include "voucher/audit_log.h"

struct audit_policy {
	const struct domain_signer *domain; /* whose domainIDs are ours */
	const char *known_domains; /* base64, one a line, beside ours */
	const char *nonceless; /* "refuse" all, our "own" only, "allow" known */
};

/* -ERR_REFUSED with the event that breaks the policy. */
int audit_policy_judge(const struct audit_log *log,
    const struct audit_policy *policy, struct reason *why) NODISCARD;

#endif
