#include "base/str.h"
#include "tests/fuzz/fuzz.h"
#include "voucher/audit_log.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_log log, again;
	struct reason why = {""};
	struct blob json = {0};
	int err = audit_log_parse(&log, (struct bytes){data, size}, &why);

	fuzz_check_refusal(err, &why);
	if (err != 0)
		return 0;
	FUZZ_CHECK(log.n_events <= AUDIT_LOG_EVENTS_MAX);
	for (size_t i = 0; i < log.n_events; i++) {
		const struct audit_log_event *event = &log.events[i];

		FUZZ_CHECK(event->domain_id_len >= 1 &&
			   event->domain_id_len <= DOMAIN_ID_MAX);
		FUZZ_CHECK(str_is_printable(event->nonce));
		FUZZ_CHECK(event->assertion >= VOUCHER_VERIFIED);
		FUZZ_CHECK(event->truncated >= 0);
	}
	FUZZ_CHECK(audit_log_encode(&json, &log) == 0);
	if (json.len <= AUDIT_LOG_MAX_BYTES) {
		FUZZ_CHECK(
		    audit_log_parse(&again, blob_bytes(&json), NULL) == 0);
		FUZZ_CHECK(again.n_events == log.n_events);
		audit_log_fini(&again);
	}
	audit_log_fini(&log);
	blob_fini(&json);
	return 0;
}
