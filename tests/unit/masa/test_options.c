#include "tests/unit/cmocka.h"

#include <string.h>

#include "masa/options.h"

#define WORDS_MAX 20

/* The words after the program's name. */
static int
parse(struct masa_options *out, const char *line, struct reason *why)
{
	char text[512];
	char program[] = "estuary-masa";
	char *argv[WORDS_MAX + 2] = {program}, *rest = NULL;
	int argc = 1;

	assert_true(strlen(line) < sizeof(text));
	strcpy(text, line);
	for (char *word = strtok_r(text, " ", &rest);
	     word != NULL && argc <= WORDS_MAX;
	     word = strtok_r(NULL, " ", &rest))
		argv[argc++] = word;
	return masa_options_parse(out, argc, argv, why);
}

static void
test_make(void **state)
{
	struct masa_options o;
	struct reason why = {""};

	(void)state;
	if (parse(&o,
		"--state s make --name Acme --devices 20 --out o"
		" --masa-url [::1]:9443 --masa-name masa.example",
		&why) != 0)
		fail_msg("%s", why.text);
	assert_int_equal(MASA_MAKE, o.command);
	assert_int_equal(20, o.n_devices);
	assert_false(o.hardware_module);
	assert_int_equal(2, o.names.n);
	assert_true(names_has(&o.names, NAME_IP, "::1"));
	assert_true(names_has(&o.names, NAME_DNS, "masa.example"));
}

static void
test_serve(void **state)
{
	struct masa_options o;
	struct reason why = {""};

	(void)state;
	assert_int_equal(
	    0, parse(&o, "--state s serve --listen 127.0.0.1:0", &why));
	assert_false(o.owned_only);
	assert_int_equal(1200, o.nonceless_s);
	assert_int_equal(FAULT_NONE, o.fault);
	assert_int_equal(
	    0, parse(&o,
		   "serve --state s --listen 127.0.0.1:0 --policy owned"
		   " --nonceless 1h --fault expired --audit-fault stall"
		   " --delay 30",
		   &why));
	assert_true(o.owned_only);
	assert_int_equal(3600, o.nonceless_s);
	assert_int_equal(FAULT_EXPIRED, o.fault);
	assert_int_equal(FAULT_STALL, o.audit_fault);
	assert_int_equal(30, o.delay_s);
}

static void
test_refused(void **state)
{
	static const char *const bad[] = {
	    "",
	    "serve",
	    "--state s",
	    "--state s dance",
	    "--state s serve",
	    "--state s serve --listen",
	    "--state s serve extra --listen 127.0.0.1:0",
	    "--state s serve --listen 127.0.0.1:0 --devices 1",
	    "--state s serve --listen 127.0.0.1:0 --policy maybe",
	    "--state s serve --listen 127.0.0.1:0 --fault none",
	    "--state s serve --listen 127.0.0.1:0 --audit-fault expired",
	    "--state s serve --listen 127.0.0.1:0 --delay -1",
	    "--state s serve --listen 127.0.0.1:0 --delay 3601",
	    "--state s serve --listen 127.0.0.1:0 --nonceless 0",
	    "--state s make --name A --out o",
	    "--state s make --name A --devices 0 --out o",
	    "--state s make --name A --devices 10001 --out o",
	    "--state s make --name A --devices 1",
	    "--state s make --devices 1 --out o",
	    "--state s make --name A\"B --devices 1 --out o",
	    "--state s make --name A$B --devices 1 --out o",
	    ("--state s make --name 12345678901234567890123456789012345678901"
	     " --devices 1 --out o"),
	    "--state s make --name A --devices 1 --out o --masa-url https://a",
	    "--state s make --name A --devices 1 --out o --masa-url a:b",
	    "--state s make --name A --devices 1 --out o --masa-url a/b",
	    "--state s make --name A --devices 1 --out o --mud-url http://a",
	    "--state s make --name A --devices 1 --out o --masa-name a_b!",
	    "--state s own A",
	    "--state s own A b c",
	    "--state s customer --name A",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct masa_options o;
		struct reason why = {""};

		if (parse(&o, bad[i], &why) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_true(why.text[0] != '\0');
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_make),
	    cmocka_unit_test(test_serve),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
