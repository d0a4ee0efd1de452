/* The little that this program asks of libcurl: one bounded request at a time.
 */
#ifndef CLIENT_HTTP_H
#define CLIENT_HTTP_H

#include <curl/curl.h>

#include "base/buf.h"

struct http_reply {
	long status;
	char type[64]; /* media type in lower case, without parameters */
	int64_t retry_after_s; /* 0: the server did not say */
	struct buf body;
};

/* A handle that follows no redirect, uses no proxy, no environment and no
 * cookies, and speaks only the given scheme. NULL when out of memory. */
CURL *http_handle(const char *scheme, int timeout_ms);

/* GETs url. -ERR_TOO_LARGE past max_bytes; -ERR_TIMEOUT, -ERR_UNREACHABLE;
 * -ERR_REFUSED when the TLS handshake itself failed. */
int http_get(struct http_reply *out, CURL *curl, const char *url,
    size_t max_bytes, struct reason *why) NODISCARD;
/* POSTs body, text of that type; errors as above. */
int http_post(struct http_reply *out, CURL *curl, const char *url,
    const char *type, const struct buf *body, size_t max_bytes,
    struct reason *why) NODISCARD;
void http_reply_fini(struct http_reply *reply);

#endif
