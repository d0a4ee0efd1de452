/* What an audit log may say. */
#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/base64.h"
#include "registrar/audit_policy.h"
#include "tests/unit/registrar/world.h"

/* [RFC8995 5.8.3] */
static void
test_audit_policy(void **state)
{
	static const uint8_t foreign[] = "somebody else's id";
	const struct world *w = *state;
	struct audit_log_event events[2] = {{.nonce = "n"}, {.nonce = "n"}};
	const struct audit_log log = {.events = events, .n_events = 2};
	struct audit_policy policy = {
	    .domain = w->domain, .known_domains = "", .nonceless = "own"};
	struct reason why = {""};
	struct buf known = {0};

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
		    domain_id_of(events[i].domain_id, &events[i].domain_id_len,
			blob_bytes(&w->root.der)),
		    0);
	assert_int_equal(audit_policy_judge(&log, &policy, &why), 0);
	events[1].nonce[0] = '\0';
	assert_int_equal(audit_policy_judge(&log, &policy, &why), 0);
	policy.nonceless = "refuse";
	assert_int_equal(audit_policy_judge(&log, &policy, &why), -ERR_REFUSED);
	memcpy(events[1].domain_id, foreign, sizeof(foreign));
	events[1].domain_id_len = sizeof(foreign);
	events[1].nonce[0] = 'n';
	assert_int_equal(audit_policy_judge(&log, &policy, &why), -ERR_REFUSED);
	assert_non_null(strstr(why.text, "unknown domain"));
	assert_int_equal(buf_adds(&known, "AAAA\n"), 0);
	assert_int_equal(
	    base64_encode(&known, (struct bytes){foreign, sizeof(foreign)}, 0),
	    0);
	policy.known_domains = buf_text(&known);
	assert_int_equal(audit_policy_judge(&log, &policy, &why), 0);
	events[1].nonce[0] = '\0';
	policy.nonceless = "own";
	assert_int_equal(audit_policy_judge(&log, &policy, &why), -ERR_REFUSED);
	policy.nonceless = "allow";
	assert_int_equal(audit_policy_judge(&log, &policy, &why), 0);
	buf_fini(&known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_audit_policy)};

	return cmocka_run_group_tests(tests, world_setup, world_teardown);
}
