/* One encrypted DNS service of a network: a name, a label, where it listens,
 * and a certificate that it may present. */
#ifndef CLIENT_RESOLVER_H
#define CLIENT_RESOLVER_H

#include <jansson.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/domain.h"
#include "ca/names.h"

#define RESOLVERS_MAX 32
#define RESOLVER_ADDRESSES_MAX 8
#define RESOLVER_JSON_ADDRESSES_MAX 64 /* the first of them are kept */
#define RESOLVER_ALPN_MAX 4
#define ALPN_TEXT_MAX 16
#define DOHPATH_MAX 256
#define RESOLVER_STATE_MAX 16

/* SRV-ID labels: RFC 7858 6 for DoT; "doh" as draft-reddy-add-iot-byod-
 * bootstrap 11.2 asks for. */
#define LABEL_DOT "domain-s"
#define LABEL_DOH "doh"
#define DOHPATH_DEFAULT "/dns-query{?dns}"

struct resolver {
	char adn[DOMAIN_MAX + 1];
	char label[SRV_LABEL_MAX];
	struct ip_addr addresses[RESOLVER_ADDRESSES_MAX]; /* none: look them up
							     by the ADN */
	size_t n_addresses;
	uint16_t port; /* 0: not known yet */
	char alpn[RESOLVER_ALPN_MAX][ALPN_TEXT_MAX];
	size_t n_alpn;
	char dohpath[DOHPATH_MAX];      /* "" for DoT */
	char state[RESOLVER_STATE_MAX]; /* the server's word: "current",
					   "next", or "" */
	uint8_t sha256[32];
	struct blob cert; /* DER, owned */
};

struct resolver_set {
	struct resolver items[RESOLVERS_MAX];
	size_t n;
};

void resolver_set_fini(struct resolver_set *set);

/* LABEL_DOT or LABEL_DOH. */
bool dns_label_is_known(const char *label);
bool resolver_is(
    const struct resolver *resolver, const char *adn, const char *label);
/* Port, ALPN and path that its label stands for. */
void resolver_set_defaults(struct resolver *resolver);
/* Adds an address that is not there yet; more than fit are dropped. */
void resolver_add_address(
    struct resolver *resolver, const struct ip_addr *address);

/* Reads everything but the certificate and its hash: adn, label, addresses,
 * port, alpn, dohpath, state. Members it does not know are ignored, absent
 * ones take the label's default. */
int resolver_from_json(
    struct resolver *out, const json_t *object, struct reason *why) NODISCARD;
/* A new object with the same members, NULL when out of memory. */
json_t *resolver_to_json(const struct resolver *resolver);

/* The one form of URI template that is expanded (RFC 8484 4.1): an absolute
 * path that ends in "{?dns}" and has no other expression, query or fragment. */
bool dohpath_is_valid(const char *dohpath);
/* dns is base64url text. */
int dohpath_expand(
    struct buf *out, const char *dohpath, const char *dns) NODISCARD;

#endif
