#include "tests/unit/cmocka.h"

#include "tests/unit/voucher/support.h"
#include "voucher/utf8.h"

struct octets {
	const char *hex;
	bool valid;
};

/* [RFC3629 3] [RFC3629 4] The borders of every range. */
static const struct octets cases[] = {
    {"", true},
    {"00", true},
    {"7f", true},
    {"80", false},
    {"bf", false},
    {"c080", false},
    {"c1bf", false},
    {"c280", true},
    {"dfbf", true},
    {"c2", false},
    {"c241", false},
    {"c2c0", false},
    {"e09fbf", false},
    {"e0a080", true},
    {"e28c", false},
    {"e28ca3", true},
    {"ed9fbf", true},
    {"eda080", false},
    {"edbfbf", false},
    {"eebfbf", true},
    {"f08fbfbf", false},
    {"f0908080", true},
    {"f09080", false},
    {"f48fbfbf", true},
    {"f4908080", false},
    {"f5808080", false},
    {"fe", false},
    {"ff", false},
    {"41c2a942", true},
    {"41c2a9c2", false},
};

static void
test_borders(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct blob octets = {0};

		blob_of_hex(&octets, cases[i].hex);
		if (utf8_is_valid(blob_bytes(&octets)) != cases[i].valid)
			fail_msg("%s: not %d", cases[i].hex, cases[i].valid);
		blob_fini(&octets);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_borders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
