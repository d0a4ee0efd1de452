/* Who administers: by the Unix socket's uid, or over TLS by a bearer token
 * (RFC 6750), which alone counts there. */
#ifndef SERVER_BEARER_H
#define SERVER_BEARER_H

#include "server/request.h"

/* For a route of the administrators' API. False after replying: 401 with a
 * challenge, 403, or 429. */
bool admin_authorize(struct request *request);

#endif
