#include "base/addr.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

int
ip_parse(struct ip_addr *out, const char *text)
{
	struct ip_addr ip = {0};

	if (inet_pton(AF_INET, text, ip.bytes) == 1)
		ip.len = 4;
	else if (inet_pton(AF_INET6, text, ip.bytes) == 1)
		ip.len = 16;
	else
		return -ERR_INVALID;
	*out = ip;
	return 0;
}

void
ip_format(char out[IP_TEXT_MAX], const struct ip_addr *ip)
{
	out[0] = '\0';
	inet_ntop(
	    ip->len == 4 ? AF_INET : AF_INET6, ip->bytes, out, IP_TEXT_MAX);
}

bool
ip_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

static bool
prefix_match(const uint8_t *a, const uint8_t *b, uint8_t bits)
{
	size_t whole = bits / 8;
	uint8_t mask = (uint8_t)(0xff00 >> bits % 8);

	if (memcmp(a, b, whole) != 0)
		return false;
	return bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask) == 0;
}

int
ip_prefix_parse(struct ip_prefix *out, const char *text)
{
	struct ip_prefix p = {0};
	const char *slash = strchr(text, '/');
	char address[IP_TEXT_MAX];
	int64_t bits;
	int err;

	err = str_format(address, sizeof(address), "%.*s",
	    (int)(slash != NULL ? slash - text : (ptrdiff_t)strlen(text)),
	    text);
	if (err == 0)
		err = ip_parse(&p.addr, address);
	if (err != 0)
		return -ERR_INVALID;
	bits = p.addr.len * 8;
	if (slash != NULL && parse_number(&bits, slash + 1, bits) != 0)
		return -ERR_INVALID;
	p.bits = (uint8_t)bits;
	for (unsigned int i = p.bits; i < p.addr.len * 8u; i++)
		if ((p.addr.bytes[i / 8] & (0x80 >> i % 8)) != 0)
			return -ERR_INVALID;
	*out = p;
	return 0;
}

bool
ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *ip)
{
	return prefix->addr.len == ip->len &&
	       prefix_match(prefix->addr.bytes, ip->bytes, prefix->bits);
}

int
ip_from_sockaddr(struct ip_addr *out, const struct sockaddr *sa)
{
	struct ip_addr ip = {0};

	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)sa;

		ip.len = 4;
		memcpy(ip.bytes, &in->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)sa;
		bool mapped = IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr);

		ip.len = mapped ? 4 : 16;
		memcpy(ip.bytes, in6->sin6_addr.s6_addr + (mapped ? 12 : 0),
		    ip.len);
	} else {
		return -ERR_INVALID;
	}
	*out = ip;
	return 0;
}

int
host_port_split(char *host, size_t host_size, uint16_t *port, const char *text,
    uint16_t default_port)
{
	const char *start = text, *end, *colon;
	int64_t number = default_port;

	if (text[0] == '[') {
		start = text + 1;
		end = strchr(start, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':'))
			return -ERR_INVALID;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else {
		colon = strchr(text, ':');
		if (colon != NULL && strchr(colon + 1, ':') != NULL)
			colon = NULL; /* an IPv6 address alone */
		end = colon != NULL ? colon : text + strlen(text);
	}
	if (colon != NULL && parse_number(&number, colon + 1, 65535) != 0)
		return -ERR_INVALID;
	if (end == start)
		return -ERR_INVALID;
	if (str_format(host, host_size, "%.*s", (int)(end - start), start) != 0)
		return -ERR_TOO_LARGE;
	*port = (uint16_t)number;
	return 0;
}

/* "[...]:port", or one colon only. */
static bool
has_port(const char *text)
{
	const char *colon = strrchr(text, ':');

	if (colon == NULL)
		return false;
	return text[0] == '[' ? colon[-1] == ']' : strchr(text, ':') == colon;
}

int
endpoint_parse(
    struct sockaddr_storage *out, socklen_t *out_len, const char *text)
{
	struct sockaddr_storage ss = {0};
	char host[64];
	uint16_t port;
	struct ip_addr ip;
	unsigned int scope_id = 0;
	char *scope;

	if (!has_port(text) ||
	    host_port_split(host, sizeof(host), &port, text, 0) != 0)
		return -ERR_INVALID;
	scope = strchr(host, '%');
	if (scope != NULL)
		*scope++ = '\0';
	if (ip_parse(&ip, host) != 0)
		return -ERR_INVALID;
	if (scope != NULL) {
		scope_id = if_nametoindex(scope);
		if (ip.len == 4 || scope_id == 0)
			return -ERR_INVALID;
	}
	if (ip.len == 4) {
		struct sockaddr_in *in = (void *)&ss;

		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, ip.bytes, 4);
		*out_len = sizeof(*in);
	} else {
		struct sockaddr_in6 *in6 = (void *)&ss;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, ip.bytes, 16);
		in6->sin6_scope_id = scope_id;
		*out_len = sizeof(*in6);
	}
	*out = ss;
	return 0;
}

/* "%eth0" for a link-local address that says where, "" for others. */
static void
scope_format(char out[IF_NAMESIZE + 1], const struct sockaddr *sa)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;

	out[0] = '\0';
	if (sa->sa_family == AF_INET6 && in6->sin6_scope_id != 0 &&
	    if_indextoname(in6->sin6_scope_id, out + 1) != NULL)
		out[0] = '%';
}

void
endpoint_format(char out[ENDPOINT_TEXT_MAX], const struct sockaddr *sa)
{
	struct ip_addr ip;
	char text[IP_TEXT_MAX], scope[IF_NAMESIZE + 1];
	unsigned int port;

	if (ip_from_sockaddr(&ip, sa) != 0) {
		snprintf(out, ENDPOINT_TEXT_MAX, "local");
		return;
	}
	port =
	    sa->sa_family == AF_INET
		? ntohs(
		      ((const struct sockaddr_in *)(const void *)sa)->sin_port)
		: ntohs(((const struct sockaddr_in6 *)(const void *)sa)
			    ->sin6_port);
	ip_format(text, &ip);
	scope_format(scope, sa);
	if (ip.len == 4)
		snprintf(out, ENDPOINT_TEXT_MAX, "%s:%u", text, port);
	else
		snprintf(
		    out, ENDPOINT_TEXT_MAX, "[%.39s%s]:%u", text, scope, port);
}
