#include "server/route.h"

#include <string.h>

#include "base/str.h"

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

int
route_find(const struct route **route,
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX],
    const struct route *routes, size_t n, const char *method, const char *path)
{
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
route_allowed(char *out, size_t size, const struct route *routes, size_t n,
    const char *path)
{
	char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX];
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
