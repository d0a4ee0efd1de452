#include "tests/unit/cmocka.h"

#include <string.h>

#include "client/options.h"

#define ARGS_MAX 12

/* Parses the words of line. */
static int
parse(struct options *out, const char *line)
{
	static char copy[256];
	char *argv[ARGS_MAX + 1] = {NULL}, *next = copy, *word;
	struct reason why = {""};
	int argc = 0, err;

	strcpy(copy, line);
	while ((word = strsep(&next, " ")) != NULL && argc < ARGS_MAX)
		argv[argc++] = word;
	err = options_parse(out, argc, argv, &why);
	assert_int_equal(err != 0, why.text[0] != '\0');
	return err;
}

static void
test_join(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(0,
	    parse(&o, "estuary-join --state /s join --server h:1 --interface "
		      "eth0 --interface eth1 --pake-extension 0xff01"));
	assert_int_equal(COMMAND_JOIN, o.command);
	assert_string_equal("/s", o.state_dir);
	assert_string_equal("h:1", o.server);
	assert_int_equal(2, o.interfaces.n_interfaces);
	assert_string_equal("eth1", o.interfaces.interfaces[1]);
	assert_int_equal(0xff01, o.pake_extension);
	assert_int_equal(0x7d96, o.pake_scheme);
	assert_false(o.allow_unconstrained);
	assert_int_equal(0, parse(&o, "estuary-join check --json --name a.b"));
	assert_true(o.json);
	assert_string_equal("a.b", o.qname);
	assert_int_equal(0, parse(&o, "estuary-join --help"));
	assert_int_equal(COMMAND_HELP, o.command);
}

static void
test_refresh_and_export(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(
	    0, parse(&o, "estuary-join refresh --network n --server h:1 "
			 "--interface eth0"));
	assert_int_equal(COMMAND_REFRESH, o.command);
	assert_false(o.force);
	assert_int_equal(0, parse(&o, "estuary-join refresh --force"));
	assert_true(o.force);
	assert_int_equal(
	    0, parse(&o, "estuary-join export systemd-resolved --out d"));
	assert_int_equal(COMMAND_EXPORT, o.command);
	assert_string_equal("systemd-resolved", o.format);
	assert_string_equal("d", o.out_dir);
}

/* [RFC7030 3.6.2] Without a code the name must be the user's own. */
static void
test_trust(void **state)
{
	/* clang takes strings that stand together in a list for a comma that is
	 * missing. */
	static const char unconstrained[] =
	    "estuary-join join --trust implicit --server-name n.example "
	    "--allow-unconstrained";
	const char *const bad[] = {"estuary-join join --trust implicit",
	    "estuary-join join --trust implicit --server h:1",
	    "estuary-join join --trust implicit --code-file f --enroll",
	    unconstrained, "estuary-join refresh --trust implicit"};
	struct options o;

	(void)state;
	assert_int_equal(0, parse(&o, "estuary-join join"));
	assert_int_equal(NETWORK_EXPLICIT, o.trust);
	assert_true(options_use_code(&o));
	assert_false(o.enroll);
	assert_int_equal(
	    0, parse(&o, "estuary-join join --trust explicit --enroll"));
	assert_true(o.enroll);
	assert_int_equal(0, parse(&o, "estuary-join join --trust implicit "
				      "--server-name n.example --force"));
	assert_int_equal(NETWORK_IMPLICIT, o.trust);
	assert_false(options_use_code(&o));
	assert_int_equal(
	    0, parse(&o, "estuary-join join --trust implicit --code-file f"));
	assert_true(options_use_code(&o));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-ERR_INVALID, parse(&o, bad[i]));
}

static void
test_usage_refused(void **state)
{
	static const char *const bad[] = {"estuary-join",
	    "estuary-join refresh --json", "estuary-join refresh x",
	    "estuary-join export", "estuary-join export bind",
	    "estuary-join export unbound stubby",
	    "estuary-join export unbound --server h:1",
	    "estuary-join export unbound --out", "estuary-join join extra",
	    "estuary-join join --trust both", "estuary-join join --json",
	    "estuary-join join --server", "estuary-join status --name x",
	    "estuary-join join --network a/b",
	    "estuary-join join --server-name -x",
	    "estuary-join join --pake-scheme 0x1",
	    "estuary-join join --pake-scheme 65536",
	    "estuary-join join --interface 0123456789abcdef"};
	struct options o;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-ERR_INVALID, parse(&o, bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_join),
	    cmocka_unit_test(test_refresh_and_export),
	    cmocka_unit_test(test_trust),
	    cmocka_unit_test(test_usage_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
