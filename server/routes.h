/* The one table of what is served where. */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/request.h"

enum access {
	ACCESS_ANYONE,
	ACCESS_HANDLER, /* the handler finds out who asks */
	ACCESS_DNS,     /* eecerts.access: anyone, or authenticated peers */
	/* The administrators' API: what scope a bearer token needs. */
	ACCESS_READ,
	ACCESS_OPERATE,
	ACCESS_ADMIN,
};

struct route {
	const char *method; /* GET answers HEAD too */
	const char *path;   /* a {} segment is a parameter */
	enum access access;
	size_t max_body;
	void (*handle)(struct request *request);
};

enum { ROUTE_METHOD_NOT_ALLOWED = 1 };

/* What a kind of listener serves. */
const struct route *route_table(enum listener_kind listener, size_t *n);

/* The path is as it came, percent-encoded; the parameters are decoded. 0 with
 * the route and the parameters; -ERR_NOT_FOUND, or
 * ROUTE_METHOD_NOT_ALLOWED when the path is there for other methods. */
int route_find(const struct route **route,
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX],
    enum listener_kind listener, const char *method, const char *path);
/* "GET, HEAD, POST": the methods that a path has. */
void route_allowed(
    char *out, size_t size, enum listener_kind listener, const char *path);

/* Returns false when the peer may not, after replying; or when that has to be
 * found out first: the route is then handled, or replied to, later. */
bool route_authorize(struct request *request);

#endif
