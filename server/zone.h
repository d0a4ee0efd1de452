/* The unicast DNS records that an administrator puts into a zone, so that
 * endpoints find the appliance and the DNS servers without mDNS: DNS-SD
 * (RFC 6763), SRV, and SVCB (RFC 9461, RFC 9462), in master-file form. Nothing
 * in them lowers security: they say where to look, never whom to believe. */
#ifndef SERVER_ZONE_H
#define SERVER_ZONE_H

#include "base/addr.h"
#include "base/buf.h"
#include "base/domain.h"
#include "ca/names.h"
#include "mdns/announce.h"
#include "registrar/dns_issue.h"
#include "server/engine.h"

/* One service of one DNS server, of those that are published. */
struct zone_dns_server {
	char adn[DOMAIN_MAX + 1];
	char
	    label[SRV_LABEL_MAX]; /* "domain-s" or "doh"; others are left out */
	char dohpath[DOHPATH_MAX];
	uint16_t port;
	bool current;
	struct ip_addr addresses[DNS_ADDRESSES_MAX];
	size_t n_addresses;
};

struct zone {
	char domain[DOMAIN_MAX + 1]; /* the zone, normalized */
	const char *server_name;
	const struct mdns_service *services; /* as announced: EST first */
	size_t n_services;
	/* of the appliance, as far as they are known; it may listen on all */
	struct ip_addr addresses[ENGINE_LISTENERS_MAX];
	size_t n_addresses;
	struct zone_dns_server *servers;
	size_t n_servers;
};

/* Appends the text to out. Owners are written out in full and every record has
 * its own TTL, so that the text fits anywhere in a zone's file; what does not
 * belong into this zone is a comment. Of one ADN's label, the current server
 * goes before the next one. zone->servers are put in order. -ERR_REFUSED for a
 * domain that unicast DNS does not serve, -ERR_INVALID for one that is too long
 * for the names below it. [RFC6763 4.1] [RFC9461 3] */
int zone_compose(
    struct buf *out, const struct zone *zone, struct reason *why) NODISCARD;

/* A text as one label of a domain name in a master file (RFC 1035 5.1). */
void zone_add_label(struct buf *out, const char *text);
/* A text as a quoted character-string. */
void zone_add_string(struct buf *out, const char *text);

#endif
