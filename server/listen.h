/* Listening sockets. */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

/* A TCP listener with SO_REUSEPORT; an IPv6 wildcard takes IPv4 too, and falls
 * back to the IPv4 wildcard where the kernel has no IPv6. address becomes the
 * bound one. The first on an address refuses to share it with another program
 * that has one there. */
int listen_tcp(int *fd, struct sockaddr_storage *address, bool first,
    struct reason *why) NODISCARD;
/* A Unix listener of mode 0600; a stale socket is replaced, a live one
 * (somebody answers) is refused. */
int listen_unix(int *fd, const char *path, struct reason *why) NODISCARD;

#endif
