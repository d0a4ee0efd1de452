/* One transfer to a MASA, as libcurl is told about it. */
#ifndef REGISTRAR_MASA_CURL_H
#define REGISTRAR_MASA_CURL_H

#include <curl/curl.h>

#include "registrar/masa.h"

/* Makes call->curl ready to be added; location is NULL, or what to GET in place
 * of the POST. -ERR_NOMEM, -ERR_INVALID with call->why. */
int masa_curl_prepare(struct masa_call *call, const char *location) NODISCARD;
void masa_curl_fini(struct masa_call *call);

/* What came of it: sets result, status, type and why. */
void masa_curl_finish(struct masa_call *call, CURLcode code);
/* Seconds of a Retry-After, 0 if there was none. */
int64_t masa_curl_retry_after(const struct masa_call *call);
/* The URL of a Location, which must have the call's scheme, host and port; the
 * caller frees it by curl_free(). -ERR_REFUSED with call->why. */
int masa_curl_location(char **out, struct masa_call *call) NODISCARD;

#endif
