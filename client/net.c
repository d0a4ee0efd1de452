#include "client/net.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

void
net_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int
net_wait(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		struct pollfd p = {.fd = fd, .events = events};
		int64_t left = deadline_ms - clock_monotonic_ms();
		int n = poll(&p, 1, left > 0 ? (int)left : 0);

		if (n > 0)
			return 0;
		if (n == 0)
			return -ERR_TIMEOUT;
		if (errno != EINTR)
			return -ERR_IO;
	}
}

static socklen_t
sockaddr_len(const struct sockaddr_storage *address)
{
	return address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
					     : sizeof(struct sockaddr_in6);
}

static int
connect_wait(int fd, const struct sockaddr_storage *address, int timeout_ms,
    struct reason *why)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
	const struct sockaddr *sa = (const void *)address;
	socklen_t len = sizeof(int);
	int error = 0, err;

	if (connect(fd, sa, sockaddr_len(address)) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return reason_set(why, -ERR_UNREACHABLE, "%s", strerror(errno));
	err = net_wait(fd, POLLOUT, deadline_ms);
	if (err != 0)
		return reason_set(why, err, "connecting: %s", err_text(err));
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0)
		return reason_set(why, -ERR_UNREACHABLE, "%s", strerror(error));
	return 0;
}

int
net_connect(int *out, const struct sockaddr_storage *address, int timeout_ms,
    struct reason *why)
{
	int fd CLEANUP(net_closep) = socket(
	    address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1, err;

	if (fd < 0)
		return reason_set(
		    why, -ERR_UNREACHABLE, "socket: %s", strerror(errno));
	err = connect_wait(fd, address, timeout_ms, why);
	if (err != 0)
		return err;
	/* Without it only slower. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	*out = fd;
	fd = -1;
	return 0;
}

void
net_sockaddr(
    struct sockaddr_storage *out, const struct ip_addr *ip, uint16_t port)
{
	memset(out, 0, sizeof(*out));
	if (ip->len == 4) {
		struct sockaddr_in *in = (void *)out;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, ip->bytes, 4);
	} else {
		struct sockaddr_in6 *in6 = (void *)out;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, ip->bytes, 16);
	}
}

int
net_lookup(struct ip_addr out[NET_LOOKUP_MAX], size_t *n, const char *host,
    struct reason *why)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list = NULL;
	int error = getaddrinfo(host, NULL, &hints, &list);

	if (error != 0)
		return reason_set(why, -ERR_NOT_FOUND, "looking up %.150s: %s",
		    host, gai_strerror(error));
	*n = 0;
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
		if (*n < NET_LOOKUP_MAX &&
		    ip_from_sockaddr(&out[*n], a->ai_addr) == 0)
			(*n)++;
	freeaddrinfo(list);
	if (*n == 0)
		return reason_set(
		    why, -ERR_NOT_FOUND, "looking up %.150s: no address", host);
	return 0;
}
