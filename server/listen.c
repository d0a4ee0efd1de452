#include "server/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/str.h"

#define BACKLOG 1024
/* A connection on which nothing is said is not worth an accept. */
#define DEFER_ACCEPT_S 5

static bool
is_wildcard6(const struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;

	return address->ss_family == AF_INET6 &&
	       IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

static void
use_wildcard4(struct sockaddr_storage *address)
{
	const struct sockaddr_in6 *in6 = (const void *)address;
	struct sockaddr_in in = {
	    .sin_family = AF_INET, .sin_port = in6->sin6_port};

	memset(address, 0, sizeof(*address));
	memcpy(address, &in, sizeof(in));
}

static int
tcp_socket(struct sockaddr_storage *address)
{
	int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = socket(address->ss_family, type, 0);

	if (fd < 0 && errno == EAFNOSUPPORT && is_wildcard6(address)) {
		use_wildcard4(address);
		fd = socket(AF_INET, type, 0);
	}
	return fd;
}

static void
tcp_options(int fd, const struct sockaddr_storage *address)
{
	int on = 1, off = 0, defer = DEFER_ACCEPT_S;

	/* None of them is worth refusing the start for. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof(defer));
	if (address->ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY,
		    is_wildcard6(address) ? &off : &on, sizeof(on));
}

/* Sharing begins before the bind, or after it: then only with whoever comes
 * later. */
static bool
bind_and_listen(int fd, struct sockaddr_storage *address, bool first)
{
	socklen_t len = sizeof(*address);
	int on = 1;

	if (!first &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
		return false;
	if (bind(fd, (const struct sockaddr *)address, len) != 0)
		return false;
	if (first &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0)
		return false;
	return listen(fd, BACKLOG) == 0 &&
	       getsockname(fd, (struct sockaddr *)address, &len) == 0;
}

int
listen_tcp(
    int *out, struct sockaddr_storage *address, bool first, struct reason *why)
{
	char text[ENDPOINT_TEXT_MAX];
	int fd = tcp_socket(address);

	endpoint_format(text, (const struct sockaddr *)address);
	if (fd >= 0) {
		tcp_options(fd, address);
		if (bind_and_listen(fd, address, first)) {
			*out = fd;
			return 0;
		}
	}
	reason_set(
	    why, -ERR_IO, "cannot listen on %s: %s", text, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -ERR_IO;
}

static int
unix_address(struct sockaddr_un *un, const char *path, struct reason *why)
{
	*un = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (str_format(un->sun_path, sizeof(un->sun_path), "%s", path) == 0)
		return 0;
	return reason_set(why, -ERR_TOO_LARGE,
	    "%s: the path is longer than a Unix socket's may be (%zu bytes); "
	    "use a shorter state directory",
	    path, sizeof(un->sun_path) - 1);
}

static bool
somebody_answers(const struct sockaddr_un *un)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answered = fd >= 0 && connect(fd, (const struct sockaddr *)un,
				       sizeof(*un)) == 0;

	if (fd >= 0)
		close(fd);
	return answered;
}

int
listen_unix(int *out, const char *path, struct reason *why)
{
	struct sockaddr_un un;
	mode_t mask;
	int fd, bound, err = unix_address(&un, path, why);

	if (err != 0)
		return err;
	if (somebody_answers(&un))
		return reason_set(why, -ERR_EXISTS,
		    "%s: another estuaryd serves this state directory", path);
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return reason_set(
		    why, -ERR_IO, "%s: %s", path, strerror(errno));
	mask = umask(0177);
	bound = bind(fd, (const struct sockaddr *)&un, sizeof(un));
	umask(mask);
	if (bound != 0 || listen(fd, BACKLOG) != 0) {
		reason_set(why, -ERR_IO, "%s: %s", path, strerror(errno));
		close(fd);
		return -ERR_IO;
	}
	*out = fd;
	return 0;
}
