#include "registrar/masa_url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

#define SCHEME "https://"
#define SCHEME_LEN (sizeof(SCHEME) - 1)
#define WELL_KNOWN "/.well-known/brski"
#define HTTPS_PORT 443

static int
malformed(struct reason *why, const char *what)
{
	return reason_set(
	    why, -ERR_INVALID, "RFC 8995 2.3.2: the MASA URL %s", what);
}

/* A domain name or an address, as it is compared. */
static int
normalize_host(char *host)
{
	char name[DOMAIN_MAX + 1];
	struct ip_addr ip;

	if (ip_parse(&ip, host) == 0) {
		ip_format(host, &ip);
		return 0;
	}
	if (domain_normalize(name, host) != 0)
		return -ERR_INVALID;
	strcpy(host, name);
	return 0;
}

static int
build_base(struct masa_url *out, const char *path)
{
	bool is_v6 = strchr(out->host, ':') != NULL;
	size_t len = strlen(path);

	while (len > 0 && path[len - 1] == '/')
		len--;
	return str_format(out->base, sizeof(out->base), "%s%s%s%s:%u%.*s",
	    SCHEME, is_v6 ? "[" : "", out->host, is_v6 ? "]" : "", out->port,
	    len != 0 ? (int)len : (int)strlen(WELL_KNOWN),
	    len != 0 ? path : WELL_KNOWN);
}

int
masa_url_parse(struct masa_url *out, const char *text, struct reason *why)
{
	char authority[MASA_URL_MAX];
	struct masa_url url;
	const char *rest = text;
	size_t len;

	if (!str_is_printable(text) || strpbrk(text, " \"<>\\^`{|}") != NULL)
		return malformed(why, "has characters that no URL has");
	if (strncasecmp(text, SCHEME, SCHEME_LEN) == 0)
		rest = text + SCHEME_LEN;
	else if (strstr(text, "//") != NULL)
		return malformed(why, "is not https");
	if (strpbrk(rest, "@?#") != NULL)
		return malformed(why, "has user information, a query or a "
				      "fragment");
	if (strstr(rest, "..") != NULL || strchr(rest, '%') != NULL)
		return malformed(why, "has a path that is not plain");
	len = strcspn(rest, "/");
	if (str_format(authority, sizeof(authority), "%.*s", (int)len, rest) !=
		0 ||
	    host_port_split(url.host, sizeof(url.host), &url.port, authority,
		HTTPS_PORT) != 0 ||
	    normalize_host(url.host) != 0 || url.port == 0)
		return malformed(why, "has no host that can be asked");
	if (build_base(&url, rest + len) != 0)
		return malformed(why, "is too long");
	*out = url;
	return 0;
}

/* --- hosts --- */

static bool
pattern_matches(const char *host, const char *pattern, size_t len)
{
	size_t label;

	if (len < 2 || strncmp(pattern, "*.", 2) != 0)
		return strlen(host) == len &&
		       strncasecmp(host, pattern, len) == 0;
	label = strcspn(host, ".");
	return label > 0 && strlen(host + label) == len - 1 &&
	       strncasecmp(host + label, pattern + 1, len - 1) == 0;
}

bool
masa_host_allowed(const char *host, const char *patterns)
{
	while (*patterns != '\0') {
		size_t len = strcspn(patterns, "\n");

		if (len != 0 && pattern_matches(host, patterns, len))
			return true;
		patterns += len;
		patterns += *patterns == '\n';
	}
	return false;
}

/* --- addresses --- */

/* IANA's special-purpose address registries (RFC 6890), multicast, and the
 * prefixes that carry IPv4 addresses. */
static const char *const special[] = {"0.0.0.0/8", "10.0.0.0/8",
    "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "::/8",
    "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32",
    "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10",
    "ff00::/8"};

bool
masa_address_is_public(const struct sockaddr *address)
{
	struct ip_addr ip;

	if (ip_from_sockaddr(&ip, address) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(special); i++) {
		struct ip_prefix prefix;

		if (ip_prefix_parse(&prefix, special[i]) != 0 ||
		    ip_prefix_contains(&prefix, &ip))
			return false;
	}
	return true;
}
