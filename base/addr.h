/* IP addresses, prefixes and socket addresses in text and binary. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

struct ip_addr {
	uint8_t bytes[16];
	uint8_t len; /* 4 or 16 */
};

struct ip_prefix {
	struct ip_addr addr; /* host bits are zero */
	uint8_t bits;
};

#define IP_TEXT_MAX 46       /* with NUL */
#define ENDPOINT_TEXT_MAX 64 /* "[address%scope]:port" with NUL */

int ip_parse(struct ip_addr *out, const char *text) NODISCARD;
void ip_format(char out[IP_TEXT_MAX], const struct ip_addr *ip);
bool ip_equal(const struct ip_addr *a, const struct ip_addr *b);

/* "10.0.0.0/8" or "fc00::/7"; an address alone is a prefix of its full length;
 * host bits that are not zero are refused. */
int ip_prefix_parse(struct ip_prefix *out, const char *text) NODISCARD;
bool ip_prefix_contains(
    const struct ip_prefix *prefix, const struct ip_addr *ip);

/* The address of a socket address; an IPv4-mapped IPv6 address becomes IPv4.
 * -ERR_INVALID for other families. */
int ip_from_sockaddr(struct ip_addr *out, const struct sockaddr *sa) NODISCARD;

/* "192.0.2.1:8443", "[2001:db8::1]:8443", "[fe80::1%eth0]:53" with a network
 * interface that is there; the port alone, the address alone, or a port with an
 * empty host is not accepted. out_len is in and out as in getsockname(2). */
int endpoint_parse(struct sockaddr_storage *out, socklen_t *out_len,
    const char *text) NODISCARD;
void endpoint_format(char out[ENDPOINT_TEXT_MAX], const struct sockaddr *sa);

/* Splits "host:port", "[v6]:port" or "host" (then default_port is used). */
int host_port_split(char *host, size_t host_size, uint16_t *port,
    const char *text, uint16_t default_port) NODISCARD;

#endif
