/* What is served where: a program's table of routes, and how it is read. */
#ifndef SERVER_ROUTE_H
#define SERVER_ROUTE_H

#include "server/request.h"

/* Judged by the program's authorize(), not by the engine. */
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

/* The path is as it came, percent-encoded; the parameters are decoded. 0 with
 * the route and the parameters; -ERR_NOT_FOUND, or
 * ROUTE_METHOD_NOT_ALLOWED when the path is there for other methods. */
int route_find(const struct route **route,
    char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX],
    const struct route *routes, size_t n, const char *method, const char *path);
/* "GET, HEAD, POST": the methods that a path has. */
void route_allowed(char *out, size_t size, const struct route *routes, size_t n,
    const char *path);

#endif
