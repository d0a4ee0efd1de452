#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/config.h"
#include "base/domain.h"
#include "server/app.h"
#include "server/settings.h"

#define LABEL_60 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
/* 250 characters. */
#define LONG_DOMAIN LABEL_60 "." LABEL_60 "." LABEL_60 "." LABEL_60 ".aaaaaa"

static struct config *
config_with(const char *name, const char *domain)
{
	struct config *config;
	char text[600];

	assert_int_equal(0, config_new(&config, settings_schema));
	if (name != NULL) {
		strcpy(text, "server.name=");
		strcat(text, name);
		assert_int_equal(0, config_set(config, text, NULL));
	}
	if (domain != NULL) {
		strcpy(text, "ca.domain=");
		strcat(text, domain);
		assert_int_equal(0, config_set(config, text, NULL));
	}
	return config;
}

static void
test_names(void **state)
{
	static const struct {
		const char *name, *domain;       /* given */
		const char *is_name, *is_domain; /* derived */
	} cases[] = {{NULL, NULL, "est.home.arpa", "home.arpa"},
	    {"", "", "est.home.arpa", "home.arpa"},
	    {NULL, "example.net", "est.example.net", "example.net"},
	    {NULL, "Example.NET.", "est.example.net", "example.net"},
	    {NULL, "lan", "est.lan", "lan"},
	    {"est.example.net", NULL, "est.example.net", "example.net"},
	    {"EST.a.Example.net", NULL, "est.a.example.net", "a.example.net"},
	    {"est.example.net.", NULL, "est.example.net", "example.net"},
	    /* A top-level domain is nobody's CA domain by default. */
	    {"example.net", NULL, "example.net", "example.net"},
	    {"router", NULL, "router", "router"},
	    {"est.example.net", "example.net", "est.example.net",
		"example.net"},
	    {"a.b.example.net", "Example.net", "a.b.example.net",
		"example.net"},
	    {"est.example.net", "net", "est.example.net", "net"},
	    {"est.example.net", "example.org", "est.example.net",
		"example.org"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct config *config =
		    config_with(cases[i].name, cases[i].domain);
		char out[DOMAIN_MAX + 1];

		assert_int_equal(0, settings_server_name(out, config));
		assert_string_equal(cases[i].is_name, out);
		assert_int_equal(0, settings_ca_domain(out, config));
		assert_string_equal(cases[i].is_domain, out);
		config_free(config);
	}
}

/* A domain that is so long that "est." does not fit in front of it. */
static void
test_long_domain_refused(void **state)
{
	struct config *config = config_with(NULL, LONG_DOMAIN);
	char out[DOMAIN_MAX + 1];

	(void)state;
	assert_true(settings_server_name(out, config) < 0);
	config_free(config);
	config = config_with("a." LABEL_60 "." LABEL_60, NULL);
	assert_int_equal(0, settings_server_name(out, config));
	config_free(config);
}

/* Every default passes its own check. */
static void
test_defaults_are_valid(void **state)
{
	(void)state;
	for (const struct config_key *key = settings_schema; key->name != NULL;
	     key++) {
		struct config *config = config_with(NULL, NULL);
		struct reason why = {""};
		char text[600];

		strcpy(text, key->name);
		strcat(text, "=");
		strcat(text, key->value);
		if (config_set(config, text, &why) != 0)
			fail_msg("%s", why.text);
		assert_non_null(key->help);
		config_free(config);
	}
}

/* What outside checks rely on. */
static void
test_promised_keys(void **state)
{
	static const struct {
		const char *key, *value;
	} promised[] = {{"server.listen", "[::]:8443"}, {"server.name", ""},
	    {"ca.domain", ""},
	    {"ca.addresses",
		"10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, "
		"fc00::/7, ::1/128"},
	    {"mdns.enabled", "yes"}, {"mdns.interfaces", ""},
	    {"mdns.backend", "auto"}, {"eecerts.access", "anonymous"},
	    {"pake.enabled", "yes"}, {"pake.extension", "0x8a3b"},
	    {"pake.scheme", "0x7d96"}, {"pake.guesses_password", "10"},
	    {"pake.guesses_code", "1000"}};
	struct config *config = config_with(NULL, NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(promised); i++)
		assert_string_equal(
		    promised[i].value, config_text(config, promised[i].key));
	config_free(config);
}

static int
configure(
    struct app *app, const char *name, const char *domain, struct reason *why)
{
	const char *const assignments[] = {name, domain};
	const struct app_source source = {
	    "/nonexistent/state", NULL, assignments, 2};

	memset(app, 0, sizeof(*app));
	return app_configure(app, &source, why);
}

static void
test_name_outside_the_domain_refused(void **state)
{
	static const char *const bad[] = {"server.name=est.example.org",
	    "server.name=notexample.net", "server.name=net"};
	static struct app app;
	struct reason why = {""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(-ERR_INVALID,
		    configure(&app, bad[i], "ca.domain=example.net", &why));
		assert_non_null(strstr(why.text, "server.name"));
		config_free(app.config);
	}
	assert_int_equal(0, configure(&app, "server.name=EST.example.net",
				"ca.domain=Example.net", &why));
	assert_string_equal("est.example.net", app.server_name);
	assert_string_equal("example.net", app.ca_domain);
	config_free(app.config);
}

static void
test_cert_files(void **state)
{
	static const char *const bad[][2] = {{"server.cert=/a", "server.key="},
	    {"server.cert=", "server.key=/a"},
	    {"server.cert=a", "server.key=/a"},
	    {"server.cert=/a", "server.key=a"}};
	const char *const outside[] = {"server.name=est.example.org",
	    "ca.domain=example.net", "server.cert=/a", "server.key=/b"};
	const struct app_source source = {
	    "/nonexistent/state", NULL, outside, ARRAY_LEN(outside)};
	static struct app app;
	struct reason why = {""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(
		    -ERR_INVALID, configure(&app, bad[i][0], bad[i][1], &why));
		assert_non_null(strstr(why.text, "server.cert"));
		config_free(app.config);
	}
	/* Another CA's certificate may have any name. */
	memset(&app, 0, sizeof(app));
	assert_int_equal(0, app_configure(&app, &source, &why));
	assert_string_equal("est.example.org", app.server_name);
	assert_string_equal("example.net", app.ca_domain);
	/* --check reads the files. */
	assert_int_equal(-ERR_NOT_FOUND, app_check(&app, &why));
	config_free(app.config);
}

static void
test_missing_config_file_refused(void **state)
{
	const struct app_source with_file = {
	    "/nonexistent/state", "/nonexistent/file", NULL, 0};
	const struct app_source without = {"/nonexistent/state", NULL, NULL, 0};
	static struct app app;
	struct reason why = {""};

	(void)state;
	memset(&app, 0, sizeof(app));
	assert_true(app_configure(&app, &with_file, &why) < 0);
	assert_non_null(strstr(why.text, "/nonexistent/file"));
	config_free(app.config);
	/* The state directory's own may be missing. */
	memset(&app, 0, sizeof(app));
	assert_int_equal(0, app_configure(&app, &without, &why));
	config_free(app.config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_long_domain_refused),
	    cmocka_unit_test(test_defaults_are_valid),
	    cmocka_unit_test(test_promised_keys),
	    cmocka_unit_test(test_name_outside_the_domain_refused),
	    cmocka_unit_test(test_cert_files),
	    cmocka_unit_test(test_missing_config_file_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
