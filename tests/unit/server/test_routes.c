#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/admin.h"
#include "server/app.h"
#include "server/est.h"
#include "server/routes.h"

#define EST "/.well-known/est"
#define API "/api/v1"

struct match {
	const struct route *route;
	char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX];
};

static int
find(struct match *m, enum listener_kind listener, const char *method,
    const char *path)
{
	size_t n;
	const struct route *routes = route_table(listener, &n);

	memset(m, 0, sizeof(*m));
	return route_find(&m->route, m->params, routes, n, method, path);
}

static void
test_public_paths(void **state)
{
	static const struct {
		const char *path, *param;
		void (*handle)(struct request *request);
		enum access access;
	} good[] = {
	    {EST "/cacerts", "", est_cacerts, ACCESS_ANYONE},
	    {EST "/eecerts", "", est_eecerts, ACCESS_DNS},
	    {EST "/eecerts/doh", "doh", est_eecerts_label, ACCESS_DNS},
	    {EST "/domain-s/eecerts", "domain-s", est_eecerts_label,
		ACCESS_DNS},
	    {EST "/x/cacerts", "x", est_cacerts_label, ACCESS_ANYONE},
	    {"/resolvers.json", "", est_resolvers, ACCESS_DNS},
	};
	struct match m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(
		    0, find(&m, LISTENER_TLS, "GET", good[i].path));
		assert_ptr_equal(good[i].handle, m.route->handle);
		assert_string_equal(good[i].param, m.params[0]);
		assert_int_equal(good[i].access, m.route->access);
		assert_int_equal(
		    0, find(&m, LISTENER_TLS, "HEAD", good[i].path));
		/* Each listener has its own paths. */
		assert_int_equal(-ERR_NOT_FOUND,
		    find(&m, LISTENER_ADMIN, "GET", good[i].path));
	}
}

static void
test_admin_paths(void **state)
{
	static const struct {
		const char *method, *path, *param;
		void (*handle)(struct request *request);
		enum access access;
	} good[] = {{"GET", API "/status", "", admin_status, ACCESS_READ},
	    {"GET", API "/identities", "", admin_identity_list, ACCESS_READ},
	    {"POST", API "/identities", "", admin_identity_add, ACCESS_OPERATE},
	    {"DELETE", API "/identities/ABC", "ABC", admin_identity_remove,
		ACCESS_OPERATE},
	    {"POST", API "/identities/a b/unlock", "a b", admin_identity_unlock,
		ACCESS_OPERATE},
	    {"POST", API "/dns-servers/dns.example/promote", "dns.example",
		admin_dns_promote, ACCESS_OPERATE},
	    {"POST", API "/dns-servers/dns.example/retire", "dns.example",
		admin_dns_retire, ACCESS_OPERATE},
	    {"GET", API "/certificates/0a", "0a", admin_cert_show, ACCESS_READ},
	    {"GET", API "/audit", "", admin_audit, ACCESS_READ},
	    {"GET", API "/tokens", "", admin_token_list, ACCESS_ADMIN},
	    {"POST", API "/tokens", "", admin_token_add, ACCESS_ADMIN},
	    {"DELETE", API "/tokens/ops", "ops", admin_token_remove,
		ACCESS_ADMIN}};
	struct match m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_int_equal(
		    0, find(&m, LISTENER_ADMIN, good[i].method, good[i].path));
		assert_ptr_equal(good[i].handle, m.route->handle);
		assert_string_equal(good[i].param, m.params[0]);
		assert_int_equal(good[i].access, m.route->access);
		assert_int_equal(0,
		    find(&m, LISTENER_ADMIN_TLS, good[i].method, good[i].path));
		/* Nothing of it is served to the network. */
		assert_int_equal(-ERR_NOT_FOUND,
		    find(&m, LISTENER_TLS, good[i].method, good[i].path));
	}
}

/* Each route of the API names the scope that it needs, whoever adds it: nothing
 * that changes something is open to readers, and what is about tokens only to
 * administrators. None of the public ones is reached by a scope. */
static void
test_scopes(void **state)
{
	static const enum listener_kind admin[] = {
	    LISTENER_ADMIN, LISTENER_ADMIN_TLS};
	const struct route *routes;
	size_t n;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(admin); k++) {
		routes = route_table(admin[k], &n);
		assert_true(n >= 18);
		for (size_t i = 0; i < n; i++) {
			assert_true(routes[i].access == ACCESS_READ ||
				    routes[i].access == ACCESS_OPERATE ||
				    routes[i].access == ACCESS_ADMIN);
			if (strcmp(routes[i].method, "GET") != 0)
				assert_int_not_equal(
				    ACCESS_READ, routes[i].access);
			if (strncmp(routes[i].path, API "/tokens", 14) == 0)
				assert_int_equal(
				    ACCESS_ADMIN, routes[i].access);
		}
	}
	routes = route_table(LISTENER_TLS, &n);
	for (size_t i = 0; i < n; i++) {
		assert_true(routes[i].access < ACCESS_READ);
		assert_null(strstr(routes[i].path, API));
	}
}

static void
test_unknown_paths(void **state)
{
	static const char *const bad[] = {"", "/", "*", EST, EST "/",
	    EST "/cacert", EST "/cacerts/", EST "/cacertsx", EST "/cacerts/x/y",
	    EST "/CACERTS", EST "//cacerts", "/" EST "/cacerts",
	    EST "/eecerts/", EST "/eecerts/a/b", EST "//eecerts",
	    EST "/a/b/eecerts", "/.well-known/EST/cacerts",
	    "/.well-known/est/../est/cacerts", "/resolvers.json/",
	    "resolvers.json", "/.well-known/est/cacerts?x"};
	struct match m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (find(&m, LISTENER_TLS, "GET", bad[i]) != -ERR_NOT_FOUND)
			fail_msg("found: %s", bad[i]);
	assert_int_equal(-ERR_NOT_FOUND,
	    find(&m, LISTENER_ADMIN, "DELETE", API "/identities/"));
	assert_int_equal(-ERR_NOT_FOUND,
	    find(&m, LISTENER_ADMIN, "POST", API "/identities//unlock"));
	assert_int_equal(-ERR_NOT_FOUND,
	    find(&m, LISTENER_ADMIN, "POST", API "/identities/a/b/unlock"));
}

/* [RFC3986 2.1] */
static void
test_encoded_paths(void **state)
{
	static const char *const bad[] = {
	    "%00", "x%00", "%", "x%", "%2", "%2g", "%g2", "%%41", "", "a/b"};
	char path[128];
	struct match m;

	(void)state;
	assert_int_equal(0,
	    find(&m, LISTENER_ADMIN, "DELETE", API "/identities/a%2Fb%2f%25"));
	assert_string_equal("a/b/%", m.params[0]);
	assert_int_equal(
	    0, find(&m, LISTENER_TLS, "GET", "/%2ewell-known/est/c%61certs"));
	assert_int_equal(-ERR_NOT_FOUND,
	    find(&m, LISTENER_TLS, "GET", "/.well-known%2Fest/cacerts"));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		snprintf(path, sizeof(path), EST "/eecerts/%s", bad[i]);
		if (find(&m, LISTENER_TLS, "GET", path) != -ERR_NOT_FOUND)
			fail_msg("found: %s", path);
	}
}

/* A parameter up to its limit, and no longer. */
static void
test_long_parameter(void **state)
{
	char path[REQUEST_PARAM_MAX + 64];
	struct match m;
	size_t start;

	(void)state;
	strcpy(path, EST "/eecerts/");
	start = strlen(path);
	memset(path + start, 'a', REQUEST_PARAM_MAX);
	path[start + REQUEST_PARAM_MAX - 1] = '\0';
	assert_int_equal(0, find(&m, LISTENER_TLS, "GET", path));
	assert_int_equal(REQUEST_PARAM_MAX - 1, strlen(m.params[0]));
	path[start + REQUEST_PARAM_MAX - 1] = 'a';
	path[start + REQUEST_PARAM_MAX] = '\0';
	assert_int_equal(-ERR_NOT_FOUND, find(&m, LISTENER_TLS, "GET", path));
}

static void
test_wrong_method(void **state)
{
	static const char *const bad[] = {
	    "POST", "PUT", "DELETE", "OPTIONS", "get", "GETX", "", "TRACE"};
	struct match m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(ROUTE_METHOD_NOT_ALLOWED,
		    find(&m, LISTENER_TLS, bad[i], EST "/cacerts"));
		/* 404 goes before 405. */
		assert_int_equal(-ERR_NOT_FOUND,
		    find(&m, LISTENER_TLS, bad[i], EST "/nothing"));
	}
	assert_int_equal(ROUTE_METHOD_NOT_ALLOWED,
	    find(&m, LISTENER_ADMIN, "GET", API "/identities/a"));
	assert_int_equal(ROUTE_METHOD_NOT_ALLOWED,
	    find(&m, LISTENER_ADMIN, "HEAD", API "/identities/a/unlock"));
}

static void
assert_allowed(
    enum listener_kind listener, const char *path, const char *expected)
{
	char allowed[64];
	size_t n;
	const struct route *routes = route_table(listener, &n);

	route_allowed(allowed, sizeof(allowed), routes, n, path);
	assert_string_equal(expected, allowed);
}

static void
test_allowed(void **state)
{
	char small[4];
	size_t n;
	const struct route *routes = route_table(LISTENER_TLS, &n);

	(void)state;
	assert_allowed(LISTENER_TLS, EST "/cacerts", "GET, HEAD");
	assert_allowed(LISTENER_ADMIN, API "/identities", "GET, HEAD, POST");
	assert_allowed(LISTENER_ADMIN, API "/identities/x", "DELETE");
	assert_allowed(LISTENER_ADMIN, API "/identities/x/unlock", "POST");
	assert_allowed(LISTENER_TLS, "/nothing", "");
	assert_allowed(LISTENER_TLS, API "/identities", "");
	/* Two routes have it, the methods come once. */
	assert_allowed(LISTENER_TLS, EST "/eecerts/cacerts", "GET, HEAD");
	route_allowed(small, sizeof(small), routes, n, EST "/cacerts");
	assert_string_equal("", small);
}

/* --- who may; refusals answer through the HTTP engine and are not tried
 * here --- */

static void
test_authorized(void **state)
{
	static struct app app;
	struct peer peer = {.kind = PEER_ANONYMOUS};
	struct match m;
	struct conn conn = {.kind = LISTENER_ADMIN};
	struct request request = {.app = &app, .conn = &conn, .peer = &peer};

	(void)state;
	assert_int_equal(0, find(&m, LISTENER_TLS, "GET", EST "/eecerts"));
	request.route = m.route;
	atomic_store(&app.eecerts_authenticated, false);
	assert_true(route_authorize(&request));
	atomic_store(&app.eecerts_authenticated, true);
	peer.kind = PEER_PAKE;
	assert_true(route_authorize(&request));
	assert_int_equal(0, find(&m, LISTENER_TLS, "GET", EST "/cacerts"));
	request.route = m.route;
	peer.kind = PEER_ANONYMOUS;
	assert_true(route_authorize(&request));
	assert_int_equal(0, find(&m, LISTENER_ADMIN, "GET", API "/status"));
	request.route = m.route;
	peer.kind = PEER_LOCAL;
	peer.uid = 0;
	assert_true(route_authorize(&request));
	peer.uid = geteuid();
	assert_true(route_authorize(&request));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_public_paths),
	    cmocka_unit_test(test_admin_paths),
	    cmocka_unit_test(test_scopes),
	    cmocka_unit_test(test_unknown_paths),
	    cmocka_unit_test(test_encoded_paths),
	    cmocka_unit_test(test_long_parameter),
	    cmocka_unit_test(test_wrong_method),
	    cmocka_unit_test(test_allowed),
	    cmocka_unit_test(test_authorized),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
