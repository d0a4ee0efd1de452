#include "tests/unit/cmocka.h"

#include <jansson.h>
#include <string.h>

#include "base/str.h"
#include "client/export.h"
#include "tests/unit/client/support.h"

/* openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64 */
#define PIN_DNS "ojVvFwrQD5GWEoFUdSyDuro9yhW2OyXobNOY75DU6qg="
#define PIN_NEXT "zLa2e05xX9c43Kh5JGPEd/V/UzJEWoWxEWOZyaBntH4="

static const char *const formats[] = {
    "systemd-resolved", "unbound", "stubby", "firefox", "chromium"};

static struct network_state network;

static int
set_up(void **state)
{
	(void)state;
	make_state(&network);
	for (size_t i = 0; i < network.resolvers.n; i++) {
		struct resolver *r = &network.resolvers.items[i];

		r->n_addresses = 2;
		assert_int_equal(0, ip_parse(&r->addresses[0], "192.0.2.1"));
		assert_int_equal(0, ip_parse(&r->addresses[1], "2001:db8::1"));
	}
	strcpy(network.resolvers.items[2].state, "next");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	network_state_fini(&network);
	return 0;
}

static void
make(struct export_result *out, const char *format, const char *dir)
{
	struct reason why = {""};

	memset(out, 0, sizeof(*out));
	assert_int_equal(0, export_make(out, format, &network, dir, &why));
}

/* What is no comment. */
static char *
settings(const char *text)
{
	char *out = calloc(1, strlen(text) + 1), *end = out;

	assert_non_null(out);
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		if (text[0] != '#' && len > 0) {
			memcpy(end, text, len + 1);
			end += len + 1;
		}
		text += len + 1;
	}
	return out;
}

static void
assert_settings(const char *format, const char *wanted)
{
	struct export_result result;
	char *text;

	make(&result, format, "/srv/out");
	text = settings(buf_text(&result.config.content));
	assert_string_equal(wanted, text);
	free(text);
	export_result_fini(&result);
}

static void
test_unbound(void **state)
{
	(void)state;
	assert_settings("unbound",
	    "server:\n"
	    "    tls-cert-bundle: \"/srv/out/estuary-home.crt\"\n"
	    "    local-zone: \"example.net.\" transparent\n"
	    "forward-zone:\n"
	    "    name: \".\"\n"
	    "    forward-tls-upstream: yes\n"
	    "    forward-first: no\n"
	    "    forward-addr: 192.0.2.1@853#dns.example.net\n"
	    "    forward-addr: 2001:db8::1@853#dns.example.net\n");
}

static void
test_systemd_resolved(void **state)
{
	(void)state;
	assert_settings("systemd-resolved",
	    "[Resolve]\n"
	    "DNS=\n"
	    "FallbackDNS=\n"
	    "DNSOverTLS=yes\n"
	    "Domains=~.\n"
	    "DNS=192.0.2.1:853#dns.example.net\n"
	    "DNS=[2001:db8::1]:853#dns.example.net\n");
}

/* The pins of both certificates of the service, current and next. */
static void
test_stubby(void **state)
{
	static const char *const pins[] = {PIN_DNS, PIN_NEXT};
	struct export_result result;
	const char *text;

	(void)state;
	make(&result, "stubby", NULL);
	text = buf_text(&result.config.content);
	for (size_t i = 0; i < ARRAY_LEN(pins); i++)
		assert_non_null(strstr(text, pins[i]));
	assert_non_null(strstr(text, "\n  - address_data: 2001:db8::1\n"
				     "    tls_port: 853\n"
				     "    tls_auth_name: \"dns.example.net\"\n"
				     "    tls_pubkey_pinset:\n"));
	assert_non_null(strstr(
	    text, "\ntls_authentication: GETDNS_AUTHENTICATION_REQUIRED\n"));
	export_result_fini(&result);
}

static json_t *
policy(struct export_result *result, const char *format)
{
	json_t *root;

	make(result, format, "/srv/out");
	root = json_loads(
	    buf_text(&result->config.content), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	/* No comments there: the user is told elsewhere. */
	assert_string_equal("README", result->readme.name);
	assert_non_null(strstr(buf_text(&result->readme.content), "NOT check"));
	return root;
}

static void
test_firefox(void **state)
{
	struct export_result result;
	json_t *root = policy(&result, "firefox");
	const char *install, *url, *ip;
	int fallback, locked;

	(void)state;
	assert_string_equal("policies.json", result.config.name);
	assert_int_equal(0,
	    json_unpack(root, "{s:{s:{s:[s]}, s:{s:s, s:b, s:b}, s:{s:{s:s}}}}",
		"policies", "Certificates", "Install", &install, "DNSOverHTTPS",
		"ProviderURL", &url, "Fallback", &fallback, "Locked", &locked,
		"Preferences", "network.trr.bootstrapAddr", "Value", &ip));
	assert_string_equal("/srv/out/estuary-home.crt", install);
	assert_string_equal("https://dns.example.net:443/dns-query", url);
	assert_string_equal("192.0.2.1", ip);
	assert_false(fallback);
	assert_true(locked);
	json_decref(root);
	export_result_fini(&result);
}

static void
test_chromium(void **state)
{
	struct export_result result;
	json_t *root = policy(&result, "chromium"), *inner;
	const char *mode, *templates, *ca, *template, *ip;

	(void)state;
	assert_string_equal("estuary-home.json", result.config.name);
	assert_string_equal("", result.root.name);
	assert_int_equal(
	    0, json_unpack(root, "{s:s, s:s, s:[s]}", "DnsOverHttpsMode", &mode,
		   "DnsOverHttpsTemplates", &templates, "CACertificates", &ca));
	assert_string_equal("secure", mode);
	assert_int_equal(0, strncmp(ca, "MII", 3));
	inner = json_loads(templates, 0, NULL);
	assert_int_equal(
	    0, json_unpack(inner, "{s:[{s:s, s:[{s:[s, *]}]}]}", "servers",
		   "template", &template, "endpoints", "ips", &ip));
	assert_string_equal(
	    "https://dns.example.net:443/dns-query{?dns}", template);
	assert_string_equal("192.0.2.1", ip);
	json_decref(inner);
	json_decref(root);
	export_result_fini(&result);
}

/* Without a directory the configuration has the root within its comments. */
static void
test_standalone(void **state)
{
	struct export_result result;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const char *text;

		make(&result, formats[i], NULL);
		text = buf_text(&result.config.content);
		assert_int_equal('#', text[0]);
		assert_non_null(strstr(text, "NOT check"));
		assert_non_null(
		    strstr(text, "\n#| -----BEGIN CERTIFICATE-----\n"));
		assert_non_null(strstr(text, "/etc/estuary/estuary-home.crt"));
		assert_string_equal("", result.readme.name);
		export_result_fini(&result);
	}
	make(&result, "firefox", NULL);
	assert_non_null(strstr(
	    buf_text(&result.readme.content), "\n-----BEGIN CERTIFICATE"));
	export_result_fini(&result);
}

static void
assert_refused(const char *dir)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct export_result result = {0};
		struct reason why = {""};

		assert_int_equal(-ERR_REFUSED,
		    export_make(&result, formats[i], &network, dir, &why));
		assert_true(why.text[0] != '\0');
		assert_null(result.config.content.data);
	}
}

/* Values that would end a line, a quoted text or a word in one of the formats.
 */
static void
test_hostile_values_refused(void **state)
{
	static const char *const names[] = {
	    "dns.example.net\nforward-first: yes", "a b", "a\"b", "a#b", "a@b",
	    "", "a'b", "a\\b", "a/b", "a%b", "*.a.b"};
	static const char *const paths[] = {"/q{?dns}\n", "/q\"{?dns}",
	    "q{?dns}", "/q?x={?dns}", "/q", "/q {?dns}", "/{x}{?dns}",
	    "/q\\{?dns}"};
	struct resolver *r = &network.resolvers.items[1];
	struct resolver saved = *r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		strcpy(r->adn, names[i]);
		assert_refused(NULL);
	}
	*r = saved;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		strcpy(r->dohpath, paths[i]);
		assert_refused(NULL);
	}
	*r = saved;
	r->port = 0;
	assert_refused(NULL);
	*r = saved;
	r->addresses[0].len = 15;
	assert_refused(NULL);
	*r = saved;
	strcpy(r->label, "x\ny");
	assert_refused(NULL);
	*r = saved;
	strcpy(network.name, "home\n");
	assert_refused(NULL);
	strcpy(network.name, "../home");
	assert_refused(NULL);
	strcpy(network.name, "home");
	strcpy(network.server_name, "est\nx");
	assert_refused(NULL);
}

static void
test_hostile_directory_refused(void **state)
{
	static const char *const dirs[] = {"/a\nb", "/a\"b", "/a\\b",
	    "relative", "/a'b", "/$(a)", "/`a`", "/%h", "/a#b", "/\xc3\xa4"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		assert_refused(dirs[i]);
}

/* Lines that are neither comments nor what the format's writer wrote. */
static void
test_comments_hold_every_line(void **state)
{
	struct export_result result;
	char *text;

	(void)state;
	make(&result, "unbound", NULL);
	text = settings(buf_text(&result.config.content));
	assert_int_equal(0, strncmp(text, "server:\n", 8));
	free(text);
	export_result_fini(&result);
}

static void
test_no_server_refused(void **state)
{
	struct export_result result = {0};
	struct reason why = {""};

	(void)state;
	for (size_t i = 0; i < network.resolvers.n; i++)
		network.resolvers.items[i].n_addresses = 0;
	assert_int_equal(-ERR_REFUSED,
	    export_make(&result, "unbound", &network, NULL, &why));
	assert_non_null(strstr(why.text, "IP address"));
	assert_int_equal(
	    0, export_make(&result, "chromium", &network, NULL, &why));
	export_result_fini(&result);
	for (size_t i = 0; i < network.resolvers.n; i++) {
		struct resolver *r = &network.resolvers.items[i];

		strcpy(r->label, LABEL_DOH);
		strcpy(r->dohpath, DOHPATH_DEFAULT);
	}
	assert_int_equal(
	    -ERR_REFUSED, export_make(&result, "stubby", &network, NULL, &why));
	assert_non_null(strstr(why.text, "DoT"));
}

#define export_test(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    export_test(test_unbound),
	    export_test(test_systemd_resolved),
	    export_test(test_stubby),
	    export_test(test_firefox),
	    export_test(test_chromium),
	    export_test(test_standalone),
	    export_test(test_hostile_values_refused),
	    export_test(test_hostile_directory_refused),
	    export_test(test_comments_hold_every_line),
	    export_test(test_no_server_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
