/* TCP connections and address lookups with time-outs. */
#ifndef CLIENT_NET_H
#define CLIENT_NET_H

#include <sys/socket.h>

#include "base/addr.h"

#define NET_LOOKUP_MAX 8

/* A connected, non-blocking, close-on-exec socket. -ERR_UNREACHABLE or
 * -ERR_TIMEOUT with the reason. */
int net_connect(int *out, const struct sockaddr_storage *address,
    int timeout_ms, struct reason *why) NODISCARD;

/* Waits for poll(2) events until deadline_ms of clock_monotonic_ms(). */
int net_wait(int fd, short events, int64_t deadline_ms) NODISCARD;

void net_closep(int *fd);

/* The socket address of ip and port. */
void net_sockaddr(
    struct sockaddr_storage *out, const struct ip_addr *ip, uint16_t port);

/* The addresses of a host name, or of an IP address as text, by the system's
 * resolver. -ERR_NOT_FOUND. */
int net_lookup(struct ip_addr out[NET_LOOKUP_MAX], size_t *n, const char *host,
    struct reason *why) NODISCARD;

#endif
