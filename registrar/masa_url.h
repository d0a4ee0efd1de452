/* Where a MASA is asked: the URL in an IDevID is an attacker's input until its
 * manufacturer's entry allows it. [RFC8995 2.3.2] */
#ifndef REGISTRAR_MASA_URL_H
#define REGISTRAR_MASA_URL_H

#include <sys/socket.h>

#include "base/addr.h"
#include "base/domain.h"

#define MASA_URL_MAX 512

struct masa_url {
	char host[DOMAIN_MAX + 1]; /* lower case; an address without brackets */
	uint16_t port;
	/* "https://host:port/.well-known/brski", without a slash behind */
	char base[MASA_URL_MAX];
};

/* An authority ("masa.example:9443"), or an https URL: without userinfo, query
 * and fragment. [RFC8995 2.3.2] A path other than the well-known one is kept.
 * -ERR_INVALID. */
int masa_url_parse(
    struct masa_url *out, const char *text, struct reason *why) NODISCARD;

/* True if the host equals a line of patterns, of which "*." in front stands for
 * one label; an address only by itself. */
bool masa_host_allowed(const char *host, const char *patterns);

/* False for addresses that nobody on the internet has: loopback, private,
 * unique-local, link-local, multicast, unspecified, documentation, and IPv4
 * behind IPv6. */
bool masa_address_is_public(const struct sockaddr *address);

#endif
