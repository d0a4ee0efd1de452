/*
 * A request as handlers see it, and the answers that they give. A handler
 * either replies at once, or hands work to another room and calls
 * request_wait(): the request is then suspended, and pending->answer is called
 * on the same worker after pending_complete() was called from any thread.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "base/buf.h"
#include "registrar/token.h"
#include "server/conn.h"

struct MHD_Response;
struct app;
struct request;
struct route;

#define REQUEST_PARAMS_MAX 2
#define REQUEST_PARAM_MAX 256

struct pending {
	void (*answer)(struct request *request, struct pending *pending);
	/* Frees the struct that holds this, with whatever it owns. */
	void (*free)(struct pending *pending);

	/* request.c's */
	struct worker *worker;
	struct request *request; /* NULL once it is gone */
	bool completed;
	unsigned int refs;
	struct post post;
};

#define REPLY_HEADERS_MAX 4

struct reply_header {
	char name[32];
	char value[128];
};

struct request {
	struct app *app;
	struct conn *conn;
	const struct peer *peer;
	const struct route *route;
	struct store_reader *reader; /* the worker's */
	char id[9];                  /* for the log */
	const char *method, *path;
	char params[REQUEST_PARAMS_MAX][REQUEST_PARAM_MAX];
	struct buf body;
	/* Who administers over TLS; "" before that is known. */
	char token[TOKEN_NAME_MAX + 1];

	/* httpd.c's */
	struct MHD_Connection *mhd;
	struct pending *pending;
	size_t max_body;
	bool too_large, answered;
	size_t discarded;
	struct reply_header headers[REPLY_HEADERS_MAX];
	size_t n_headers;
};

/* One of the reply functions must be called once for each request; they cannot
 * fail towards the caller. Statuses are known in server/ alone. */
void reply_bytes(struct request *request, unsigned int status,
    const char *content_type, struct bytes body);
/* Its two halves: for an answer that is sent more than once. What is made is
 * the caller's to destroy, NULL without memory. */
struct MHD_Response *reply_make(struct request *request, unsigned int status,
    const char *content_type, struct bytes body) NODISCARD;
void reply_queue(struct request *request, unsigned int status,
    struct MHD_Response *response);
/* text/plain: the reason and LF. */
void reply_text(struct request *request, unsigned int status, const char *fmt,
    ...) PRINTF_LIKE(3, 4);
/* A header for the reply that follows; name and value are copied. */
void reply_header(struct request *request, const char *name, const char *value);
/* The status for an error: the one table that maps them. */
unsigned int status_of(int err);

/* NULL if absent. */
const char *request_header(const struct request *request, const char *name);
const char *request_query(const struct request *request, const char *name);

/* Before the work is handed to another room: ties pending to the request. When
 * handing it over fails, pending->free() it and reply. */
void request_prepare(struct request *request, struct pending *pending);
/* After it was handed over: suspends the request until pending is complete.
 * That may have happened by now; it takes effect on this very thread later. An
 * answer may wait for further work, and its own pending is gone after this. */
void request_wait(struct request *request, struct pending *pending);
/* Any thread, once. */
void pending_complete(struct pending *pending);

#endif
