/* The one table of what estuaryd serves where. */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

#include "server/route.h"

/* What a kind of listener serves. */
const struct route *route_table(enum listener_kind listener, size_t *n);

/* Returns false when the peer may not, after replying; or when that has to be
 * found out first: the route is then handled, or replied to, later. */
bool route_authorize(struct request *request);
/* Replies for the engine: as a problem where the API is, else in words. */
void route_refuse(
    struct request *request, unsigned int status, const char *reason);

#endif
