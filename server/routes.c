#include "server/routes.h"

#include <microhttpd.h>
#include <string.h>

#include "base/str.h"
#include "server/admin.h"
#include "server/app.h"
#include "server/bearer.h"
#include "server/est.h"
#include "server/est_enroll.h"
#include "server/principal.h"

#define JSON_BODY_MAX 65536
#define EST_BODY_MAX 65536

#define EST "/.well-known/est"
#define API "/api/v1"

static const struct route public_routes[] = {
    {"GET", EST "/cacerts", ACCESS_ANYONE, 0, est_cacerts},
    {"GET", EST "/eecerts", ACCESS_DNS, 0, est_eecerts},
    {"GET", EST "/eecerts/{}", ACCESS_DNS, 0, est_eecerts_label},
    {"GET", EST "/{}/eecerts", ACCESS_DNS, 0, est_eecerts_label},
    {"GET", EST "/{}/cacerts", ACCESS_ANYONE, 0, est_cacerts_label},
    {"POST", EST "/simpleenroll", ACCESS_HANDLER, EST_BODY_MAX,
	est_simpleenroll},
    {"POST", EST "/{}/simpleenroll", ACCESS_HANDLER, EST_BODY_MAX,
	est_simpleenroll_label},
    {"POST", EST "/simplereenroll", ACCESS_HANDLER, EST_BODY_MAX,
	est_simplereenroll},
    {"POST", EST "/{}/simplereenroll", ACCESS_HANDLER, EST_BODY_MAX,
	est_simplereenroll_label},
    {"GET", EST "/csrattrs", ACCESS_HANDLER, 0, est_csrattrs},
    {"GET", EST "/{}/csrattrs", ACCESS_HANDLER, 0, est_csrattrs_label},
    {"GET", "/resolvers.json", ACCESS_DNS, 0, est_resolvers},
};

static const struct route admin_routes[] = {
    {"GET", API "/status", ACCESS_READ, 0, admin_status},
    {"GET", API "/ca", ACCESS_READ, 0, admin_ca},
    {"GET", API "/identities", ACCESS_READ, 0, admin_identity_list},
    {"POST", API "/identities", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_identity_add},
    {"DELETE", API "/identities/{}", ACCESS_OPERATE, 0, admin_identity_remove},
    {"POST", API "/identities/{}/unlock", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_identity_unlock},
    {"POST", API "/identities/{}/disable", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_identity_disable},
    {"POST", API "/identities/{}/enable", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_identity_enable},
    {"GET", API "/dns-servers", ACCESS_READ, 0, admin_dns_list},
    {"POST", API "/dns-servers", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_dns_issue},
    {"POST", API "/dns-servers/import", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_dns_import},
    {"POST", API "/dns-servers/{}/promote", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_dns_promote},
    {"POST", API "/dns-servers/{}/retire", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_dns_retire},
    {"GET", API "/discovery/zone", ACCESS_READ, 0, admin_discovery_zone},
    {"GET", API "/certificates", ACCESS_READ, 0, admin_cert_list},
    {"GET", API "/certificates/{}", ACCESS_READ, 0, admin_cert_show},
    {"GET", API "/audit", ACCESS_READ, 0, admin_audit},
    {"GET", API "/audit/verify", ACCESS_READ, 0, admin_audit_verify},
    {"GET", API "/tokens", ACCESS_ADMIN, 0, admin_token_list},
    {"POST", API "/tokens", ACCESS_ADMIN, JSON_BODY_MAX, admin_token_add},
    {"DELETE", API "/tokens/{}", ACCESS_ADMIN, 0, admin_token_remove},
    {"GET", API "/manufacturers", ACCESS_READ, 0, admin_manufacturer_list},
    {"POST", API "/manufacturers", ACCESS_ADMIN, JSON_BODY_MAX,
	admin_manufacturer_add},
    {"GET", API "/manufacturers/{}", ACCESS_READ, 0, admin_manufacturer_show},
    {"PATCH", API "/manufacturers/{}", ACCESS_ADMIN, JSON_BODY_MAX,
	admin_manufacturer_set},
    {"DELETE", API "/manufacturers/{}", ACCESS_ADMIN, 0,
	admin_manufacturer_remove},
    {"GET", API "/devices", ACCESS_READ, 0, admin_device_list},
    {"GET", API "/devices/{}", ACCESS_READ, 0, admin_device_show},
    {"POST", API "/devices/{}/refuse", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_device_refuse},
    {"POST", API "/devices/{}/accept", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_device_accept},
    {"GET", API "/requests", ACCESS_READ, 0, admin_request_list},
    {"POST", API "/requests/{}/approve", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_request_approve},
    {"POST", API "/requests/{}/deny", ACCESS_OPERATE, JSON_BODY_MAX,
	admin_request_deny},
};

/* One segment of a path, decoded (RFC 3986 2.1): false for a NUL, a stray %, or
 * one that is too long. */
static bool
segment_decode(char out[REQUEST_PARAM_MAX], const char *segment, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char hex[3] = {0};
		uint8_t c = (uint8_t)segment[i];

		if (c == '%') {
			if (len - i < sizeof(hex))
				return false;
			memcpy(hex, segment + i + 1, 2);
			if (hex_decode(&c, 1, hex) != 0 || c == 0)
				return false;
			i += 2;
		}
		if (n == REQUEST_PARAM_MAX - 1)
			return false;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return true;
}

/* Compares segment by segment; {} takes one that is not empty. Segments are
 * told apart before they are decoded, so that a parameter may hold a slash. */
static bool
path_matches(const char *pattern, const char *path,
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX])
{
	size_t n_params = 0;

	for (;;) {
		size_t pattern_len = strcspn(pattern, "/");
		size_t len = strcspn(path, "/");
		bool is_param = strncmp(pattern, "{}", 2) == 0;
		char segment[REQUEST_PARAM_MAX];

		if (!segment_decode(segment, path, len))
			return false;
		if (!is_param &&
		    (strlen(segment) != pattern_len ||
			memcmp(segment, pattern, pattern_len) != 0))
			return false;
		if (is_param && (len == 0 || n_params == REQUEST_PARAMS_MAX))
			return false;
		if (is_param)
			memcpy(params[n_params++], segment, sizeof(segment));
		pattern += pattern_len;
		path += len;
		if (*pattern == '\0' || *path == '\0')
			return *pattern == *path;
		pattern++;
		path++;
	}
}

static bool
method_matches(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(route->method, "GET") == 0 &&
		   strcmp(method, "HEAD") == 0);
}

const struct route *
route_table(enum listener_kind listener, size_t *n)
{
	if (listener != LISTENER_TLS) {
		*n = ARRAY_LEN(admin_routes);
		return admin_routes;
	}
	*n = ARRAY_LEN(public_routes);
	return public_routes;
}

int
route_find(const struct route **route,
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX],
    enum listener_kind listener, const char *method, const char *path)
{
	size_t n;
	const struct route *routes = route_table(listener, &n);
	int result = -ERR_NOT_FOUND;

	for (size_t i = 0; i < n; i++) {
		if (!path_matches(routes[i].path, path, params))
			continue;
		if (method_matches(&routes[i], method)) {
			*route = &routes[i];
			return 0;
		}
		result = ROUTE_METHOD_NOT_ALLOWED;
	}
	return result;
}

void
route_allowed(
    char *out, size_t size, enum listener_kind listener, const char *path)
{
	char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX];
	size_t n;
	const struct route *routes = route_table(listener, &n);
	struct buf list = {0};

	for (size_t i = 0; i < n; i++)
		if (path_matches(routes[i].path, path, params) &&
		    strstr(buf_text(&list), routes[i].method) == NULL)
			buf_printf(&list, "%s%s", list.len != 0 ? ", " : "",
			    strcmp(routes[i].method, "GET") == 0
				? "GET, HEAD"
				: routes[i].method);
	if (str_format(out, size, "%s", buf_text(&list)) != 0)
		out[0] = '\0';
	buf_fini(&list);
}

static void
handle_known(struct request *request, const struct requester *who)
{
	(void)who;
	request->route->handle(request);
}

static bool
authorize_dns(struct request *request)
{
	if (!atomic_load(&request->app->eecerts_authenticated) ||
	    request->peer->kind == PEER_PAKE)
		return true;
	principal_find(request, PRINCIPAL_REQUIRED, handle_known);
	return false;
}

bool
route_authorize(struct request *request)
{
	/* Whoever proved to know a code that somebody else has used up is not
	 * told anything as if it were nobody: it has to know. */
	if (request->peer->kind == PEER_CODE_USED) {
		reply_text(request, MHD_HTTP_FORBIDDEN,
		    "this onboarding code was used up by another endpoint at "
		    "the same moment; ask for a new one");
		return false;
	}
	switch (request->route->access) {
	case ACCESS_ANYONE:
	case ACCESS_HANDLER:
		return true;
	case ACCESS_DNS:
		return authorize_dns(request);
	case ACCESS_READ:
	case ACCESS_OPERATE:
	case ACCESS_ADMIN:
		return admin_authorize(request);
	}
	return false;
}
