/* "METHOD PATH" on both listeners. */
#include <string.h>

#include "server/routes.h"
#include "tests/fuzz/fuzz.h"

/* The path is the pattern with the parameters in it. */
static void
check_params(const struct route *route,
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX], const char *path)
{
	struct buf built CLEANUP(buf_fini) = {0};
	size_t n = 0;

	for (const char *p = route->path; *p != '\0'; p++) {
		if (strncmp(p, "{}", 2) != 0) {
			buf_add(&built, p, 1);
			continue;
		}
		FUZZ_CHECK(params[n][0] != '\0');
		FUZZ_CHECK(strchr(params[n], '/') == NULL);
		buf_adds(&built, params[n++]);
		p++;
	}
	FUZZ_CHECK(strcmp(buf_text(&built), path) == 0);
}

static void
check_listener(
    enum listener_kind listener, const char *method, const char *path)
{
	char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX];
	char allowed[64];
	size_t n;
	const struct route *routes = route_table(listener, &n), *route = NULL;
	int err = route_find(&route, params, routes, n, method, path);

	route_allowed(allowed, sizeof(allowed), routes, n, path);
	FUZZ_CHECK(err == 0 || err == -ERR_NOT_FOUND ||
		   err == ROUTE_METHOD_NOT_ALLOWED);
	FUZZ_CHECK((err == -ERR_NOT_FOUND) == (allowed[0] == '\0'));
	if (err != 0)
		return;
	FUZZ_CHECK(strstr(allowed, method) != NULL);
	FUZZ_CHECK(
	    (route->access >= ACCESS_READ) == (listener != LISTENER_TLS));
	check_params(route, params, path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = {data, size};
	AUTOFREE char *method = fuzz_take_text(&in, ' ');
	AUTOFREE char *path = fuzz_text(in);

	check_listener(LISTENER_TLS, method, path);
	check_listener(LISTENER_ADMIN, method, path);
	check_listener(LISTENER_ADMIN_TLS, method, path);
	return 0;
}
