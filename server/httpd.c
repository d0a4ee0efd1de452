#include "server/httpd.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "server/conn.h"
#include "server/request.h"
#include "server/route.h"

/* MHD maps a pool for each connection above 32 KiB. */
#define CONNECTION_MEMORY_BYTES ((size_t)16384)
/* MHD lets go of a connection that was killed in its next run: so many more
 * than there may be. */
#define CONNECTIONS_SPARE 512
/* What a client may send over its cap before it is cut off. */
#define DISCARD_MAX_BYTES ((size_t)1024 * 1024)

/* Everything about a daemon happens on its worker's thread. Not told so, newer
 * MHDs would take an added connection in their next run only, and would have
 * nobody to tell when they do not take it. */
#if MHD_VERSION >= 0x00097707
#define SINGLE_THREADED MHD_USE_NO_THREAD_SAFETY
#else
#define SINGLE_THREADED 0
#endif

static struct conn *
conn_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info =
	    MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info != NULL ? info->socket_context : NULL;
}

/* --- requests --- */

static struct request *
request_new(struct conn *conn, struct MHD_Connection *mhd, const char *method,
    const char *path)
{
	struct request *request = calloc(1, sizeof(*request));
	uint32_t id = conn->worker->next_request++;

	if (request == NULL)
		return NULL;
	snprintf(request->id, sizeof(request->id), "%08x", id);
	request->app = engine_config(conn->worker->engine)->app;
	request->conn = conn;
	request->peer = &conn->peer;
	request->reader = conn->worker->reader;
	request->mhd = mhd;
	/* MHD keeps them as long as the request. */
	request->method = method;
	request->path = path;
	conn->in_request = true;
	return request;
}

static void
pending_unref(struct pending *pending)
{
	if (--pending->refs == 0)
		pending->free(pending);
}

static void
request_free(struct request *request)
{
	if (request->pending != NULL) {
		request->pending->request = NULL;
		pending_unref(request->pending);
	}
	buf_wipe(&request->body);
	free(request);
}

static void
resume(struct request *request)
{
	struct conn *conn = request->conn;

	if (!conn->suspended)
		return;
	conn->suspended = false;
	conn->waiting = NULL;
	conn->worker->n_waiting--;
	MHD_resume_connection(request->mhd);
	conn->worker->run_again = true;
	conn_touch(conn);
}

static void
pending_posted(struct post *post)
{
	struct pending *pending = CONTAINER_OF(post, struct pending, post);

	pending->completed = true;
	if (pending->request != NULL)
		resume(pending->request);
	pending_unref(pending);
}

void
pending_complete(struct pending *pending)
{
	worker_post(pending->worker, &pending->post);
}

void
request_prepare(struct request *request, struct pending *pending)
{
	pending->worker = request->conn->worker;
	pending->request = request;
	pending->refs = 2; /* the request's, and the work's */
	pending->completed = false;
	pending->post.run = pending_posted;
}

void
request_wait(struct request *request, struct pending *pending)
{
	struct conn *conn = request->conn;

	/* What it waited for before has been answered. */
	if (request->pending != NULL) {
		request->pending->request = NULL;
		pending_unref(request->pending);
	}
	request->pending = pending;
	conn->suspended = true;
	conn->waiting = request;
	conn->worker->n_waiting++;
	MHD_suspend_connection(request->mhd);
}

void
httpd_cancel(struct request *request)
{
	resume(request);
}

void
httpd_cancel_all(struct worker *worker)
{
	for (struct conn *conn = worker->all; conn != NULL; conn = conn->next)
		if (conn->waiting != NULL)
			resume(conn->waiting);
}

const char *
request_header(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, name);
}

const char *
request_query(const struct request *request, const char *name)
{
	return MHD_lookup_connection_value(
	    request->mhd, MHD_GET_ARGUMENT_KIND, name);
}

/* --- replies --- */

unsigned int
status_of(int err)
{
	switch (-err) {
	case ERR_INVALID:
		return MHD_HTTP_BAD_REQUEST;
	case ERR_NOT_FOUND:
		return MHD_HTTP_NOT_FOUND;
	case ERR_EXISTS:
		return MHD_HTTP_CONFLICT;
	case ERR_REFUSED:
	case ERR_PERMISSION:
		return MHD_HTTP_FORBIDDEN;
	case ERR_TOO_LARGE:
		return MHD_HTTP_CONTENT_TOO_LARGE;
	case ERR_BUSY:
	case ERR_CLOSED:
	case ERR_TIMEOUT:
		return MHD_HTTP_SERVICE_UNAVAILABLE;
	default:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
}

static void
add_headers(struct MHD_Response *response, const struct request *request,
    unsigned int status, const char *content_type)
{
	if (content_type != NULL)
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
		MHD_add_response_header(
		    response, MHD_HTTP_HEADER_RETRY_AFTER, "5");
	MHD_add_response_header(
	    response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	for (size_t i = 0; i < request->n_headers; i++)
		MHD_add_response_header(response, request->headers[i].name,
		    request->headers[i].value);
}

void
reply_header(struct request *request, const char *name, const char *value)
{
	struct reply_header *header;

	if (request->n_headers == REPLY_HEADERS_MAX)
		abort(); /* raise the constant: a programming error */
	header = &request->headers[request->n_headers++];
	snprintf(header->name, sizeof(header->name), "%s", name);
	snprintf(header->value, sizeof(header->value), "%s", value);
}

struct MHD_Response *
reply_make(struct request *request, unsigned int status,
    const char *content_type, struct bytes body)
{
	/* MHD copies; the API merely lacks const. */
	union {
		const uint8_t *in;
		void *out;
	} data = {.in = body.data};
	struct MHD_Response *response = MHD_create_response_from_buffer(
	    body.len, data.out, MHD_RESPMEM_MUST_COPY);

	if (response != NULL)
		add_headers(response, request, status, content_type);
	return response;
}

void
reply_queue(
    struct request *request, unsigned int status, struct MHD_Response *response)
{
	request->answered = true;
	if (response == NULL)
		return; /* MHD closes a connection that got no answer */
	if (MHD_queue_response(request->mhd, status, response) != MHD_YES)
		log_warn("response not queued", "request=%s status=%u",
		    request->id, status);
	log_debug("request", "request=%s peer=%s method=%s status=%u",
	    request->id, request->peer->text, request->method, status);
}

void
reply_bytes(struct request *request, unsigned int status,
    const char *content_type, struct bytes body)
{
	struct MHD_Response *response =
	    reply_make(request, status, content_type, body);

	reply_queue(request, status, response);
	if (response != NULL)
		MHD_destroy_response(response);
}

void
reply_text(struct request *request, unsigned int status, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	len = strlen(text);
	text[len++] = '\n';
	reply_bytes(request, status, "text/plain; charset=utf-8",
	    (struct bytes){(const uint8_t *)text, len});
}

/* --- dispatch --- */

static const struct engine_program *
program_of(const struct request *request)
{
	return engine_config(request->conn->worker->engine)->program;
}

static void
refuse(struct request *request, unsigned int status, const char *reason)
{
	program_of(request)->refuse(request, status, reason);
}

static void
refuse_body(struct request *request)
{
	refuse(request, MHD_HTTP_CONTENT_TOO_LARGE,
	    "the body is larger than this path takes");
}

/* Finds the route; replies and returns false when there is none. */
static bool
find_route(struct request *request)
{
	size_t n;
	const struct route *routes =
	    program_of(request)->routes(request->conn->kind, &n);
	char allowed[64];
	int err = route_find(&request->route, request->params, routes, n,
	    request->method, request->path);

	if (err == 0)
		return true;
	if (err == ROUTE_METHOD_NOT_ALLOWED) {
		route_allowed(
		    allowed, sizeof(allowed), routes, n, request->path);
		reply_header(request, MHD_HTTP_HEADER_ALLOW, allowed);
		refuse(request, MHD_HTTP_METHOD_NOT_ALLOWED,
		    "this path does not have that method");
	} else {
		refuse(request, MHD_HTTP_NOT_FOUND, "no such path");
	}
	return false;
}

/* The first call of a request: only what must be refused before its body. */
static enum MHD_Result
begin(struct request *request)
{
	const char *length =
	    request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	size_t n_routes;
	const struct route *routes =
	    program_of(request)->routes(request->conn->kind, &n_routes);
	int64_t n = 0;

	if (route_find(&request->route, request->params, routes, n_routes,
		request->method, request->path) == 0)
		request->max_body = request->route->max_body;
	else
		request->route = NULL; /* said when the body is through */
	if (length != NULL && parse_number(&n, length, INT64_MAX) != 0)
		n = INT64_MAX;
	if (request->route != NULL && (size_t)n > request->max_body)
		refuse_body(request);
	else if ((size_t)n > request->max_body + DISCARD_MAX_BYTES)
		(void)find_route(request);
	return MHD_YES;
}

static enum MHD_Result
take_body(struct request *request, const char *data, size_t *len)
{
	size_t n = *len;

	*len = 0;
	if (!request->too_large && n <= request->max_body - request->body.len &&
	    buf_add(&request->body, data, n) == 0)
		return MHD_YES;
	request->too_large = true;
	request->discarded += n;
	return request->discarded <= DISCARD_MAX_BYTES ? MHD_YES : MHD_NO;
}

/* The request is complete: routed, authorized, handled. */
static void
dispatch(struct request *request)
{
	if (request->route == NULL && !find_route(request))
		return;
	if (request->too_large)
		refuse_body(request);
	else if (program_of(request)->authorize(request))
		request->route->handle(request);
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **context)
{
	struct request *request = *context;
	struct conn *conn = conn_of(mhd);

	(void)cls;
	(void)version;
	if (conn == NULL || conn->dead)
		return MHD_NO; /* nobody is there to be answered */
	conn_touch(conn);
	if (request == NULL) {
		request = request_new(conn, mhd, method, url);
		*context = request;
		return request != NULL ? begin(request) : MHD_NO;
	}
	if (*upload_len != 0)
		return take_body(request, upload, upload_len);
	if (request->answered)
		return MHD_YES;
	conn_request_arrived(conn);
	if (request->pending == NULL)
		dispatch(request);
	else if (request->pending->completed)
		request->pending->answer(request, request->pending);
	else
		refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE,
		    "the server is stopping");
	return request->answered || conn->suspended ? MHD_YES : MHD_NO;
}

static void
on_completed(void *cls, struct MHD_Connection *mhd, void **context,
    enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;
	struct conn *conn = conn_of(mhd);

	(void)cls;
	(void)code;
	if (conn != NULL)
		conn_request_ended(conn);
	if (request != NULL)
		request_free(request);
	*context = NULL;
}

static void
on_connection(void *cls, struct MHD_Connection *mhd, void **context,
    enum MHD_ConnectionNotificationCode code)
{
	struct worker *worker = cls;
	struct conn *conn = *context;

	(void)mhd;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		conn = worker->adding;
		conn->refs++;
		conn->in_mhd = true;
		*context = conn;
		return;
	}
	conn_http_ended(conn);
	conn_unref(conn);
}

/* MHD decodes the path, and each key and value of the query, through this. The
 * path stays as it is, for route.c, and so does what hides a NUL. */
static size_t
unescape(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls;
	(void)mhd;
	if (text[0] == '/' || strstr(text, "%00") != NULL)
		return strlen(text);
	return MHD_http_unescape(text);
}

/* --- the daemon --- */

int
httpd_start(struct worker *worker)
{
	const struct engine_config *config = engine_config(worker->engine);

	random_bytes(&worker->next_request, sizeof(worker->next_request));
	worker->daemon = MHD_start_daemon(
	    MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_TURBO |
		MHD_ALLOW_SUSPEND_RESUME | SINGLE_THREADED,
	    0, NULL, NULL, on_request, NULL, MHD_OPTION_NOTIFY_COMPLETED,
	    on_completed, NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection,
	    worker, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned int)config->idle_timeout_s, MHD_OPTION_CONNECTION_LIMIT,
	    (unsigned int)config->max_connections +
		ENGINE_ADMIN_CONNECTIONS_MAX + CONNECTIONS_SPARE,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY_BYTES,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_UNESCAPE_CALLBACK,
	    unescape, NULL, MHD_OPTION_END);
	return worker->daemon != NULL ? 0 : -ERR_NOMEM;
}

void
httpd_stop(struct worker *worker)
{
	MHD_stop_daemon(worker->daemon);
	worker->daemon = NULL;
}

int
httpd_add(struct conn *conn, int fd)
{
	struct sockaddr_un unnamed = {.sun_family = AF_UNIX};
	struct worker *worker = conn->worker;
	enum MHD_Result added;

	worker->adding = conn;
	/* MHD closes fd itself when it does not take it. */
	added = MHD_add_connection(worker->daemon, fd,
	    (const struct sockaddr *)&unnamed, sizeof(unnamed));
	worker->adding = NULL;
	return added == MHD_YES ? 0 : -ERR_BUSY;
}

void
httpd_run(struct worker *worker)
{
	MHD_run(worker->daemon);
}

int64_t
httpd_timeout_ms(struct worker *worker)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(worker->daemon, &ms) != MHD_YES)
		return -1;
	return ms < INT32_MAX ? (int64_t)ms : INT32_MAX;
}
