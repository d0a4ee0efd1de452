#include "registrar/audit_policy.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"

/* A line that is no base64 is no domain's. */
static bool
is_listed(const char *lines, struct bytes id)
{
	while (*lines != '\0') {
		size_t len = strcspn(lines, "\n");
		struct blob known = {0};
		bool same = len != 0 &&
			    base64_decode(&known, lines, len) == 0 &&
			    bytes_equal(blob_bytes(&known), id);

		blob_fini(&known);
		if (same)
			return true;
		lines += len;
		lines += *lines == '\n';
	}
	return false;
}

static int
judge_event(const struct audit_log_event *event,
    const struct audit_policy *policy, struct reason *why)
{
	struct bytes id = {event->domain_id, event->domain_id_len};
	bool ours = domain_signer_has_id(policy->domain, id.data, id.len);
	char hex[2 * DOMAIN_ID_MAX + 1], date[RFC3339_LEN];

	hex_encode(hex, id);
	rfc3339_format(date, event->date);
	if (!ours && !is_listed(policy->known_domains, id))
		return reason_set(why, -ERR_REFUSED,
		    "RFC 8995 5.8.3: by its audit log the device was given to "
		    "an unknown domain, %.80s, on %s",
		    hex, date);
	if (event->nonce[0] != '\0' ||
	    strcmp(policy->nonceless, "allow") == 0 ||
	    (ours && strcmp(policy->nonceless, "own") == 0))
		return 0;
	return reason_set(why, -ERR_REFUSED,
	    "RFC 8995 5.8.3: by its audit log there is a voucher without a "
	    "nonce for the device, of the domain %.80s, since %s",
	    hex, date);
}

int
audit_policy_judge(const struct audit_log *log,
    const struct audit_policy *policy, struct reason *why)
{
	for (size_t i = 0; i < log->n_events; i++) {
		int err = judge_event(&log->events[i], policy, why);

		if (err != 0)
			return err;
	}
	return 0;
}
