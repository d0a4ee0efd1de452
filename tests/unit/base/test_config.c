#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/config.h"
#include "base/str.h"

static const struct config_key schema[] = {
    {"server.listen", CONFIG_ENDPOINTS, "[::]:8443", 0, 0, NULL, "Where."},
    {"server.name", CONFIG_DOMAIN, "", 0, 0, NULL, "Who.\nTwo lines."},
    {"server.workers", CONFIG_NUMBER, "0", 0, 64, NULL, "How many."},
    {"server.idle", CONFIG_DURATION, "30s", 1, 3600, NULL, "How long."},
    {"ca.addresses", CONFIG_PREFIXES, "10.0.0.0/8, ::1/128", 0, 0, NULL,
	"Which."},
    {"mdns.enabled", CONFIG_BOOL, "yes", 0, 0, NULL, "Whether."},
    {"mdns.interfaces", CONFIG_NAMES, "", 0, 0, NULL, "On what."},
    {"mdns.instance", CONFIG_STRING, "", 0, 0, NULL, "Called what."},
    {"mdns.backend", CONFIG_CHOICE, "auto", 0, 0, "auto|embedded", "By what."},
    {"pake.extension", CONFIG_NUMBER, "0x8a3b", 0, 0xffff, NULL, "Which."},
    {NULL, CONFIG_STRING, NULL, 0, 0, NULL, NULL},
};

/* The file is in memory. */
static int file;
static char path[64];

static int
setup(void **state)
{
	(void)state;
	file = memfd_create("estuary.conf", MFD_CLOEXEC);
	return file < 0 ||
	       str_format(path, sizeof(path), "/proc/self/fd/%d", file) != 0;
}

static int
teardown(void **state)
{
	(void)state;
	return close(file);
}

static struct config *
new_config(void)
{
	struct config *config;

	assert_int_equal(0, config_new(&config, schema));
	return config;
}

static void
write_bytes(const void *data, size_t len)
{
	assert_int_equal(0, ftruncate(file, 0));
	assert_int_equal(len, pwrite(file, data, len, 0));
}

/* Reads the text as a file into config. */
static int
read_text(struct config *config, const char *text, struct reason *why)
{
	write_bytes(text, strlen(text));
	return config_read(config, path, why);
}

static void
test_defaults(void **state)
{
	struct config *config = new_config();

	(void)state;
	assert_string_equal("[::]:8443", config_text(config, "server.listen"));
	assert_string_equal("", config_text(config, "server.name"));
	assert_int_equal(30, config_number(config, "server.idle"));
	assert_int_equal(0x8a3b, config_number(config, "pake.extension"));
	assert_true(config_bool(config, "mdns.enabled"));
	config_free(config);
	config_free(NULL);
}

static void
test_file(void **state)
{
	struct config *config = new_config();
	struct reason why = {""};

	(void)state;
	assert_int_equal(
	    0, read_text(config,
		   "# comment\n; another\n\n[server]\r\n"
		   "  name =  EST.Example.net \r\n"
		   "workers=0x10\nidle = 2m\n"
		   "[mdns]\nenabled = no\nbackend=embedded\ninstance =\n"
		   "[ca]\naddresses =\n"
		   "[server]\nlisten = 127.0.0.1:1,[::1]:2 ,  0.0.0.0:3",
		   &why));
	assert_string_equal(
	    "EST.Example.net", config_text(config, "server.name"));
	assert_int_equal(16, config_number(config, "server.workers"));
	assert_int_equal(120, config_number(config, "server.idle"));
	assert_false(config_bool(config, "mdns.enabled"));
	assert_string_equal("embedded", config_text(config, "mdns.backend"));
	assert_string_equal("", config_text(config, "ca.addresses"));
	config_free(config);
}

/* Each refused file, and what the reason must say. */
static void
test_bad_file_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} bad[] = {{"[server]\nnmae = x\n", ":2: unknown key 'nmae'"},
	    {"name = x\n", ":1: unknown key 'name'"},
	    {"[ca]\nname = est.example\n", ":2: unknown key 'name'"},
	    {"[server]\nNAME = x\n", ":2: unknown key 'NAME'"},
	    {"[server]\nname = a.b\n\nname = a.b\n",
		":4: server.name is set twice"},
	    {"[server]\nname = a.b\n[server]\nname = a.b\n",
		":4: server.name is set twice"},
	    {"[server]\nworkers = 65\n", ":2: server.workers: '65' is not"},
	    {"[server]\nworkers = -1\n", ":2: server.workers"},
	    {"[server]\nworkers = 1k\n", ":2: server.workers"},
	    {"[server]\nworkers =\n", ":2: server.workers"},
	    {"[server]\n# x\nidle = 0s\n", ":3: server.idle: '0s' is not"},
	    {"[server]\nidle = 2h\n", ":2: server.idle"},
	    {"[server]\nidle = 30 s\n", ":2: server.idle"},
	    {"[server]\nname = -a\n", ":2: server.name: '-a' is not a domain"},
	    {"[server]\nlisten =\n", ":2: server.listen"},
	    {"[server]\nlisten = 8443\n", ":2: server.listen"},
	    {"[server]\nlisten = [::]\n", ":2: server.listen"},
	    {"[server]\nlisten = [::]:1,,[::]:2\n", ":2: server.listen"},
	    {"[ca]\naddresses = 10.0.0.1/8\n", ":2: ca.addresses"},
	    {"[ca]\naddresses = 10.0.0.0/8 ::1/128\n", ":2: ca.addresses"},
	    {"[mdns]\nenabled = true\n", ":2: mdns.enabled: 'true' is not yes"},
	    {"[mdns]\nenabled = YES\n", ":2: mdns.enabled"},
	    {"[mdns]\nenabled =\n", ":2: mdns.enabled"},
	    {"[mdns]\nbackend = auto|embedded\n", ":2: mdns.backend"},
	    {"[mdns]\nbackend = aut\n", ":2: mdns.backend"},
	    {"[mdns]\ninterfaces = a b\n", ":2: mdns.interfaces"},
	    {"[mdns]\ninstance = M\xc3\xbc\n", ":2: mdns.instance"},
	    {"[mdns]\ninstance = a\tb\n", ":2: mdns.instance"},
	    {"[pake]\nextension = 0x10000\n", ":2: pake.extension"},
	    {"[pake]\nextension = 0x\n", ":2: pake.extension"},
	    {"[pake]\nextension = 0xg\n", ":2: pake.extension"},
	    {"[pake]\nextension = 0x-1\n", ":2: pake.extension"},
	    {"[pake]\nextension = 0x+1\n", ":2: pake.extension"},
	    {"[pake]\nextension = 0x 1\n", ":2: pake.extension"},
	    {"[pake]\nextension = 0x0x1\n", ":2: pake.extension"},
	    {"[pake]\nextension = 0xfffffffffffffffff\n", ":2: pake.extension"},
	    {"[server]\ngarbage\n", ":2: neither"},
	    {"[server\nname = a.b\n", ":1: neither"},
	    {"[server] name = a.b\n", ":1: neither"},
	    {"[server]\nidle = 30s ; not a comment\n", ":2: server.idle"},
	    {"[server]\nlisten = [::]:1,\n", ":2: server.listen"},
	    {"[ca]\naddresses = 10.0.0.0/8,\n  fc00::/7\n", ":2: ca.addresses"},
	    {"[ca]\naddresses = 10.0.0.0/8\n  fc00::/7\n", ":3: unknown"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct config *config = new_config();
		struct reason why = {""};

		if (read_text(config, bad[i].text, &why) != -ERR_INVALID)
			fail_msg("accepted: %s", bad[i].text);
		assert_ptr_equal(why.text, strstr(why.text, path));
		if (strstr(why.text, bad[i].says) != why.text + strlen(path))
			fail_msg("%s: says: %s", bad[i].text, why.text);
		config_free(config);
	}
}

/* The first wrong line is the one that is named. */
static void
test_first_error_is_reported(void **state)
{
	struct config *config = new_config();
	struct reason why = {""};

	(void)state;
	assert_int_equal(-ERR_INVALID,
	    read_text(
		config, "[x]\ny = 1\ngarbage\n[server]\nname = -\n", &why));
	assert_non_null(strstr(why.text, ":2: "));
	config_free(config);
}

static void
test_nul_byte_refused(void **state)
{
	static const char text[] = "[mdns]\ninstance = Home\0 and more\n";
	struct config *config = new_config();
	struct reason why = {""};

	(void)state;
	write_bytes(text, sizeof(text) - 1);
	assert_int_equal(-ERR_INVALID, config_read(config, path, &why));
	assert_non_null(strstr(why.text, path));
	config_free(config);
}

static void
test_unreadable_file_refused(void **state)
{
	struct config *config = new_config();
	struct reason why = {""};

	(void)state;
	assert_true(config_read(config, "/nonexistent/file", &why) < 0);
	assert_non_null(strstr(why.text, "/nonexistent/file"));
	why.text[0] = '\0';
	assert_true(config_read(config, "/tmp", &why) < 0); /* a directory */
	assert_non_null(strstr(why.text, "/tmp"));
	config_free(config);
}

static int
join_item(void *arg, const char *item)
{
	return buf_printf(arg, "<%s>", item);
}

static void
test_lists(void **state)
{
	struct config *config = new_config();
	struct buf items = {0};

	(void)state;
	assert_int_equal(0,
	    config_set(config, "mdns.interfaces=eth0 , wlan0,  br-lan", NULL));
	assert_int_equal(
	    0, config_each(config, "mdns.interfaces", join_item, &items));
	assert_string_equal("<eth0><wlan0><br-lan>", buf_text(&items));
	buf_fini(&items);
	assert_int_equal(
	    0, config_each(config, "ca.addresses", join_item, &items));
	assert_string_equal("<10.0.0.0/8><::1/128>", buf_text(&items));
	buf_fini(&items);
	config_free(config);
}

static int
stop_at_second(void *arg, const char *item)
{
	(void)item;
	return ++*(int *)arg == 2 ? 17 : 0;
}

static void
test_each_stops(void **state)
{
	struct config *config = new_config();
	int n = 0;

	(void)state;
	assert_int_equal(0, config_set(config, "mdns.interfaces=a,b,c", NULL));
	assert_int_equal(
	    17, config_each(config, "mdns.interfaces", stop_at_second, &n));
	assert_int_equal(2, n);
	config_free(config);
}

static void
test_empty_list_elements_refused(void **state)
{
	static const char *const bad[] = {"mdns.interfaces=,",
	    "mdns.interfaces=a,,b", "mdns.interfaces=,a", "mdns.interfaces=a,",
	    "mdns.interfaces=a, ", "mdns.interfaces= ", "server.listen=[::]:1,",
	    "ca.addresses=10.0.0.0/8,"};
	struct config *config = new_config();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (config_set(config, bad[i], NULL) != -ERR_INVALID)
			fail_msg("accepted: %s", bad[i]);
	config_free(config);
}

/* 14 prefixes, 265 characters: longer than inih's line. */
#define LONG_LIST                                                              \
	"2001:db8:1000::/48, 2001:db8:2000::/48, 2001:db8:3000::/48, "         \
	"2001:db8:4000::/48, 2001:db8:5000::/48, 2001:db8:6000::/48, "         \
	"2001:db8:7000::/48, 2001:db8:8000::/48, 2001:db8:9000::/48, "         \
	"2001:db8:a000::/48, 2001:db8:b000::/48, 2001:db8:c000::/48, "         \
	"2001:db8:d000::/48, ::1/128"

static int
count_item(void *arg, const char *item)
{
	(void)item;
	++*(int *)arg;
	return 0;
}

static void
test_long_line(void **state)
{
	struct config *config = new_config();
	struct reason why = {""};
	int n = 0;

	(void)state;
	assert_true(strlen(LONG_LIST) > 250);
	if (read_text(config,
		"# " LONG_LIST LONG_LIST "\n[ca]\naddresses = " LONG_LIST
		"\n[server]\nworkers = 3\n",
		&why) != 0)
		fail_msg("%s", why.text);
	assert_string_equal(LONG_LIST, config_text(config, "ca.addresses"));
	assert_int_equal(
	    0, config_each(config, "ca.addresses", count_item, &n));
	assert_int_equal(14, n);
	assert_int_equal(3, config_number(config, "server.workers"));
	config_free(config);
}

/* A long line is one line: the numbers behind it are right. */
static void
test_line_number_after_long_line(void **state)
{
	struct config *config = new_config();
	struct reason why = {""};

	(void)state;
	assert_int_equal(-ERR_INVALID,
	    read_text(config,
		"[ca]\naddresses = " LONG_LIST "\n[server]\nbad = 3\n", &why));
	assert_non_null(strstr(why.text, ":4: unknown key 'bad'"));
	config_free(config);
}

/* Every length around inih's line: taken whole. */
static void
test_values_of_every_length(void **state)
{
	(void)state;
	for (size_t len = 160; len < 220; len++) {
		struct config *config = new_config();
		char value[256], text[300];

		for (size_t i = 0; i < len; i++)
			value[i] = "a b#c;"[i % 6];
		value[0] = value[len - 1] = 'x';
		value[len] = '\0';
		snprintf(text, sizeof(text), "[mdns]\ninstance = %s\n", value);
		assert_int_equal(0, read_text(config, text, NULL));
		assert_string_equal(
		    value, config_text(config, "mdns.instance"));
		config_free(config);
	}
}

static void
test_set(void **state)
{
	struct config *config = new_config();
	struct reason why = {""};

	(void)state;
	assert_int_equal(0, config_set(config, "server.workers=7", &why));
	assert_int_equal(0, config_set(config, "mdns.instance=a=b", &why));
	assert_string_equal("a=b", config_text(config, "mdns.instance"));
	/* Over the file, whichever comes first. */
	assert_int_equal(
	    0, read_text(config, "[server]\nworkers = 3\nidle = 5s\n", &why));
	assert_int_equal(7, config_number(config, "server.workers"));
	assert_int_equal(0, config_set(config, "server.idle=6s", &why));
	assert_int_equal(6, config_number(config, "server.idle"));
	/* A file that is read again is not twice the same file. */
	assert_int_equal(
	    0, read_text(config, "[server]\nworkers = 4\nidle = 5s\n", &why));
	assert_int_equal(7, config_number(config, "server.workers"));
	config_free(config);
}

/* A wrong value in the file stops the start, also if it is overridden. */
static void
test_overridden_wrong_value_refused(void **state)
{
	struct config *config = new_config();

	(void)state;
	assert_int_equal(0, config_set(config, "server.workers=7", NULL));
	assert_int_equal(
	    -ERR_INVALID, read_text(config, "[server]\nworkers = 99\n", NULL));
	config_free(config);
}

static void
test_bad_set_refused(void **state)
{
	static const struct {
		const char *assignment, *says;
	} bad[] = {{"server.workers=2", "set twice"},
	    {"server.workers", "section.key=value"}, {"", "section.key=value"},
	    {"=1", "unknown key"}, {"workers=1", "unknown key"},
	    {"server.worker=1", "unknown key"},
	    {"server.workersx=1", "unknown key"},
	    {"server.idle=1y", "server.idle"},
	    {"mdns.instance=a\nb", "printable"}};
	struct config *config = new_config();

	(void)state;
	assert_int_equal(0, config_set(config, "server.workers=1", NULL));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct reason why = {""};

		assert_int_equal(
		    -ERR_INVALID, config_set(config, bad[i].assignment, &why));
		if (strstr(why.text, bad[i].says) == NULL)
			fail_msg("%s: %s", bad[i].assignment, why.text);
	}
	assert_int_equal(1, config_number(config, "server.workers"));
	config_free(config);
}

static void
assert_same(const struct config *a, const struct config *b)
{
	for (size_t i = 0; schema[i].name != NULL; i++)
		assert_string_equal(config_text(a, schema[i].name),
		    config_text(b, schema[i].name));
}

/* What is printed, read back, is what there was; whatever was set. */
static void
test_print_round_trip(void **state)
{
	static const char *const assignments[] = {"server.name=Est.Example.net",
	    "ca.addresses=" LONG_LIST, "mdns.instance=Home ; net # 1 = \"x\"",
	    "server.listen=127.0.0.1:1, [::1]:2", "pake.extension=0XFF",
	    "mdns.enabled=no", "server.idle=1h", "mdns.instance=;x",
	    "mdns.instance=#x", "mdns.instance=[x]",
	    "mdns.instance=x:", "mdns.instance= x ", "mdns.instance= x",
	    "mdns.instance=x ", "mdns.instance=="};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(assignments); i++) {
		for (int with_help = 0; with_help < 2; with_help++) {
			struct config *a = new_config(), *b = new_config();
			struct buf text = {0};
			struct reason why = {""};

			/* What a file could not hold may be refused. */
			(void)!config_set(a, assignments[i], &why);
			assert_int_equal(0, config_print(&text, a, with_help));
			if (read_text(b, buf_text(&text), &why) != 0)
				fail_msg("%s", why.text);
			assert_same(a, b);
			buf_fini(&text);
			config_free(a);
			config_free(b);
		}
	}
}

/* The file of a first start: every default commented out below its help. */
static void
test_print_with_help(void **state)
{
	struct config *config = new_config(), *other = new_config();
	struct buf text = {0};

	(void)state;
	assert_int_equal(0, config_set(config, "server.workers=5", NULL));
	assert_int_equal(0, config_print(&text, config, true));
	assert_non_null(strstr(buf_text(&text),
	    "[server]\n# Where.\n#listen = [::]:8443\n# Who.\n# Two lines.\n"
	    "#name =\n# How many.\nworkers = 5\n"));
	assert_non_null(strstr(buf_text(&text),
	    "# By what.\n# One of: auto|embedded\n#backend = auto\n"));
	assert_int_equal(0, read_text(other, buf_text(&text), NULL));
	assert_same(config, other);
	buf_fini(&text);
	config_free(config);
	config_free(other);
}

static void
test_copy(void **state)
{
	struct config *a = new_config(), *b = new_config();

	(void)state;
	assert_int_equal(0, config_set(a, "mdns.enabled=no", NULL));
	assert_int_equal(0, config_copy(b, a, "mdns.enabled"));
	config_free(a);
	assert_false(config_bool(b, "mdns.enabled"));
	config_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_file),
	    cmocka_unit_test(test_bad_file_refused),
	    cmocka_unit_test(test_first_error_is_reported),
	    cmocka_unit_test(test_nul_byte_refused),
	    cmocka_unit_test(test_unreadable_file_refused),
	    cmocka_unit_test(test_lists),
	    cmocka_unit_test(test_each_stops),
	    cmocka_unit_test(test_empty_list_elements_refused),
	    cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_line_number_after_long_line),
	    cmocka_unit_test(test_values_of_every_length),
	    cmocka_unit_test(test_set),
	    cmocka_unit_test(test_overridden_wrong_value_refused),
	    cmocka_unit_test(test_bad_set_refused),
	    cmocka_unit_test(test_print_round_trip),
	    cmocka_unit_test(test_print_with_help),
	    cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
