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
struct http_body {
	const char *type;   /* its media type */
	const char *accept; /* the reply's, or NULL */
	struct bytes content;
};

/* POSTs body; errors as above. */
int http_post(struct http_reply *out, CURL *curl, const char *url,
    const struct http_body *body, size_t max_bytes,
    struct reason *why) NODISCARD;
void http_reply_fini(struct http_reply *reply);

#define HTTP_SAID_MAX 201 /* with NUL */

/* The first line of a reply in text/plain, cut off; "" for other types.
 * Whatever the server likes: for messages made by reason_set(), which makes it
 * printable. */
void http_reply_said(char out[HTTP_SAID_MAX], const struct http_reply *reply);

#endif
