/*
 * What a client sends to a whole appliance: over TLS to the public routes, or
 * to the administrators' socket, where only what changes nothing is let
 * through. All that comes back has to be answers, and it has to end.
 *
 * The first byte: 1 administrators; 2 leaves without reading; 4 two writes, the
 * first of as many bytes as the second byte says.
 */
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "base/addr.h"
#include "ca/signer_process.h"
#include "registrar/pledge.h"
#include "registrar/requester.h"
#include "server/app.h"
#include "server/conn.h"
#include "server/listen.h"
#include "server/own_cert.h"
#include "server/routes.h"
#include "tests/fuzz/fuzz.h"

#define ADMIN_SOCKET "fuzz.sock"
#define WAIT_S 15
#define GOOD_EVERY 1000

enum mode { MODE_ADMIN = 1, MODE_LEAVE = 2, MODE_SPLIT = 4 };

static struct app app = {.state = {.lock_fd = -1}};
static struct engine *engine; /* beside the appliance's own */
static char dir[] = "/tmp/estuary-fuzz.XXXXXX";
static SSL_CTX *client;

/* --- the appliance --- */

static bool
authorize(struct request *request)
{
	if (request->conn->kind == LISTENER_ADMIN &&
	    strcmp(request->route->method, "GET") != 0) {
		route_refuse(request, 403, "changes are not fuzzed");
		return false;
	}
	return route_authorize(request);
}

static const struct engine_program program = {.routes = route_table,
    .authorize = authorize,
    .refuse = route_refuse,
    .client_cert_free = client_cert_free,
    .pledge_free = pledge_free};

static void
start_engine(void)
{
	char path[sizeof(dir) + sizeof(ADMIN_SOCKET)];
	struct engine_config config = {.program = &program,
	    .app = &app,
	    .store = app.store,
	    .n_workers = 1,
	    .n_listen = 1,
	    .idle_timeout_s = 3600,
	    .handshake_timeout_s = 3600,
	    .max_connections = 1000,
	    .max_per_source = 1000};
	struct engine_tls tls = {.public = NULL};
	struct reason why = {""};
	socklen_t len;

	snprintf(path, sizeof(path), "%s/%s", dir, ADMIN_SOCKET);
	FUZZ_CHECK(endpoint_parse(&config.listen[0], &len, "127.0.0.1:0") == 0);
	FUZZ_CHECK(listen_unix(&config.admin_fd, path, &why) == 0);
	FUZZ_CHECK(own_cert_prepare(&app, &tls, &why) == 0);
	FUZZ_CHECK(engine_start(&engine, &config, &tls, &why) == 0);
	own_cert_tls_fini(&tls);
}

static int
remove_one(const char *path, const struct stat *s, int type, struct FTW *ftw)
{
	(void)s;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
stop(void)
{
	engine_stop(engine);
	app_stop(&app);
	engine_free(engine);
	SSL_CTX_free(client);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const settings[] = {"server.listen=127.0.0.1:0",
	    "server.workers=1", "server.name=est.example.net",
	    "ca.domain=example.net", "mdns.enabled=no", "log.level=error",
	    "brski.enabled=yes", "pake.source_burst=1",
	    "pake.source_per_minute=1"};
	static const struct app_source source = {.state_dir = dir,
	    .assignments = settings,
	    .n_assignments = ARRAY_LEN(settings)};
	struct reason why = {""};

	if (signer_is_called(*argc, *argv))
		_exit(signer_main(*argv));
	signal(SIGPIPE, SIG_IGN);
	FUZZ_CHECK(mkdtemp(dir) != NULL);
	FUZZ_CHECK(app_configure(&app, &source, &why) == 0);
	if (app_start(&app, &why) != 0) {
		fprintf(stderr, "%s\n", why.text);
		exit(1);
	}
	start_engine();
	client = SSL_CTX_new(TLS_client_method());
	FUZZ_CHECK(client != NULL);
	atexit(stop);
	return 0;
}

/* --- a client --- */

struct visitor {
	int fd;
	SSL *tls; /* NULL to the administrators' socket */
};

static void
visitor_open(struct visitor *p, bool admin)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	const struct sockaddr *to = engine_address(engine, 0);
	const struct timeval wait = {.tv_sec = WAIT_S};
	socklen_t len = sizeof(struct sockaddr_in);

	if (admin) {
		snprintf(un.sun_path, sizeof(un.sun_path), "%s/%s", dir,
		    ADMIN_SOCKET);
		to = (const struct sockaddr *)&un;
		len = sizeof(un);
	}
	*p = (struct visitor){.fd = socket(to->sa_family, SOCK_STREAM, 0)};
	FUZZ_CHECK(p->fd >= 0);
	FUZZ_CHECK(setsockopt(p->fd, SOL_SOCKET, SO_RCVTIMEO, &wait,
		       sizeof(wait)) == 0);
	FUZZ_CHECK(connect(p->fd, to, len) == 0);
	if (admin)
		return;
	p->tls = SSL_new(client);
	FUZZ_CHECK(p->tls != NULL && SSL_set_fd(p->tls, p->fd) == 1);
	FUZZ_CHECK(SSL_connect(p->tls) == 1);
}

/* The server may have ended it by now. */
static void
visitor_send(struct visitor *p, struct bytes in)
{
	if (in.len == 0)
		return;
	if (p->tls != NULL)
		(void)SSL_write(p->tls, in.data, (int)in.len);
	else
		(void)!send(p->fd, in.data, in.len, MSG_NOSIGNAL);
}

static void
visitor_says_no_more(struct visitor *p)
{
	if (p->tls != NULL)
		(void)SSL_shutdown(p->tls);
	(void)shutdown(p->fd, SHUT_WR);
}

/* False at the end. */
static bool
visitor_read(struct visitor *p, struct buf *out)
{
	char data[4096];
	ssize_t n;

	errno = 0;
	if (p->tls != NULL)
		n = SSL_read(p->tls, data, sizeof(data));
	else
		n = recv(p->fd, data, sizeof(data), 0);
	FUZZ_CHECK(n > 0 || errno != EAGAIN); /* nobody waits for ever */
	if (n <= 0)
		return false;
	FUZZ_CHECK(buf_add(out, data, (size_t)n) == 0);
	return true;
}

static void
visitor_close(struct visitor *p)
{
	SSL_free(p->tls);
	close(p->fd);
}

/* --- answers --- */

/* The head's length, with the body's in *body. */
static size_t
check_head(size_t *body, const char *text)
{
	const char *end = strstr(text, "\r\n\r\n");
	const char *length;
	long status;

	FUZZ_CHECK(end != NULL);
	FUZZ_CHECK(strncmp(text, "HTTP/1.", 7) == 0 && text[8] == ' ');
	status = strtol(text + 9, NULL, 10);
	FUZZ_CHECK(status >= 100 && status <= 599);
	for (const char *p = text; p < end; p++)
		FUZZ_CHECK((*p >= 0x20 && *p < 0x7f) || *p == '\r' ||
			   *p == '\n' || *p == '\t');
	length = strcasestr(text, "\r\nContent-Length: ");
	FUZZ_CHECK(status < 200 || status == 204 || status == 304 ||
		   (length != NULL && length < end));
	*body =
	    length != NULL && length < end ? strtoul(length + 18, NULL, 10) : 0;
	return (size_t)(end + 4 - text);
}

/* Whole ones, one after the other; those to HEAD have no body. Returns how
 * many. */
static size_t
check_answers(const struct buf *answers)
{
	const char *text = buf_text(answers);
	size_t left = answers->len, n = 0;

	FUZZ_CHECK(strlen(text) == left); /* all that is served is text */
	for (; left != 0; n++) {
		size_t body, head = check_head(&body, text);

		text += head;
		left -= head;
		if (left == 0 || strncmp(text, "HTTP/1.", 7) == 0)
			continue;
		FUZZ_CHECK(body <= left);
		text += body;
		left -= body;
	}
	return n;
}

static size_t
converse(struct bytes in, uint8_t mode, size_t first)
{
	struct visitor p;
	struct buf answers = {0};
	size_t n = 0;

	visitor_open(&p, (mode & MODE_ADMIN) != 0);
	if (first > in.len)
		first = in.len;
	visitor_send(&p, (struct bytes){in.data, first});
	visitor_send(&p, (struct bytes){in.data + first, in.len - first});
	if ((mode & MODE_LEAVE) == 0) {
		visitor_says_no_more(&p);
		while (visitor_read(&p, &answers))
			;
		n = check_answers(&answers);
	}
	visitor_close(&p);
	buf_fini(&answers);
	return n;
}

static void
check_serves(void)
{
	static const char good[] = "GET /.well-known/est/cacerts HTTP/1.1\r\n"
				   "Host: est.example.net\r\n\r\n";

	FUZZ_CHECK(
	    converse((struct bytes){(const uint8_t *)good, sizeof(good) - 1}, 0,
		0) == 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned int n_runs;
	struct bytes in = {data, size};
	uint8_t mode = fuzz_take_byte(&in);
	size_t first = (mode & MODE_SPLIT) != 0 ? fuzz_take_byte(&in) : 0;

	(void)converse(in, mode, first);
	if (n_runs++ % GOOD_EVERY == 0)
		check_serves();
	return 0;
}
