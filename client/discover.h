/* Finding EST servers: what was given, unicast DNS-SD, mDNS
 * (draft-reddy-add-iot-byod-bootstrap 7). All of it is an attacker's to choose;
 * only the PAKE tells. */
#ifndef CLIENT_DISCOVER_H
#define CLIENT_DISCOVER_H

#include "base/domain.h"
#include "mdns/browse.h"

#define CANDIDATES_MAX 64
#define EST_SERVICE "_est._tcp" /* draft-reddy-add-iot-byod-bootstrap 7 */
#define EST_PORT_DEFAULT 443
#define DISCOVER_UNICAST_MS 2000
#define DISCOVER_MDNS_MS 4000
#define DISCOVER_SETTLE_MS 800

struct candidate {
	char text[96];             /* for messages: printable */
	char name[DOMAIN_MAX + 1]; /* the server name that it claims, a hint;
				      "" if none */
	struct sockaddr_storage addresses[MDNS_ADDRESSES_MAX];
	size_t n_addresses;
};

/* Whether an instance says that it offers what is looked for. */
typedef bool (*candidate_wanted_fn)(
    const void *arg, const struct mdns_instance *instance);

struct candidates {
	struct candidate items[CANDIDATES_MAX];
	size_t n;
	const char *service;        /* NULL: EST_SERVICE */
	candidate_wanted_fn wanted; /* NULL: those that offer the PAKE */
	const void *wanted_arg;
	bool without_pake; /* take those too that do not offer the PAKE */
};

/* Adds an instance that is wanted: whose TXT says pake=spake2plus (any,
 * without_pake) unless there is another rule; but not if
 * the list is full or has one with the same first address. True if it was
 * added. */
bool candidates_add_instance(
    struct candidates *list, const struct mdns_instance *instance);

/* Adds "host", "host:port" or "[v6]:port" as the user gave it; a host that is a
 * domain name other than "localhost" is also the name it claims. */
int candidates_add_server(
    struct candidates *list, const char *server, struct reason *why) NODISCARD;

/* Those that claim the wanted name first; the order is otherwise kept. */
void candidates_order(struct candidates *list, const char *wanted);

/* Unicast DNS-SD in the search domains of the system's resolver. */
int discover_unicast(struct candidates *list) NODISCARD;
/* mDNS. interfaces as for mdns_browse(). Ends early when nothing new comes, or
 * waits for the whole time when thorough: a server that has just announced
 * itself does not repeat it at once, and other answers may come before. */
int discover_mdns(struct candidates *list, const struct mdns_config *interfaces,
    bool thorough) NODISCARD;

#endif
