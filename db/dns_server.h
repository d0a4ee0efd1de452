/* The network's DNS servers: which certificate serves which SRV service label,
 * and where. */
#ifndef DB_DNS_SERVER_H
#define DB_DNS_SERVER_H

#include <stdint.h>

#include "base/buf.h"
#include "db/store.h"

struct dns_server {
	int64_t id;
	const char *label; /* "domain-s", "doh" */
	const char *adn;
	uint16_t port;
	const char *dohpath;   /* "" unless label is "doh" */
	const char *addresses; /* comma-separated, may be "" */
	const char *state;     /* "next", "current", "retired" */
	/* of its certificate */
	int64_t certificate_id;
	const char *serial;
	const char *profile;
	const char *certificate_state;
	int64_t not_before, not_after;
	struct bytes der;
};

/* Adds one for a certificate that is in the store: as current if the label has
 * no current one for that ADN, else as next, in place of an older next. Only
 * label, adn, port, dohpath, addresses and certificate_id are used. *state
 * becomes a constant. */
int dns_server_add(struct store_txn *txn, const char **state,
    const struct dns_server *server, int64_t now, const char *actor) NODISCARD;

/* For every label of the ADN (or only label, if not NULL) that has a next one:
 * current becomes retired, next becomes current. -ERR_NOT_FOUND without one. */
int dns_server_promote(struct store_txn *txn, const char *adn,
    const char *label, int64_t now, const char *actor) NODISCARD;
/* Retires whatever the ADN has, or what of it fits label and serial, which may
 * be NULL. -ERR_NOT_FOUND without any. */
int dns_server_retire(struct store_txn *txn, const char *adn, const char *label,
    const char *serial, int64_t now, const char *actor) NODISCARD;

typedef int (*dns_server_fn)(void *arg, const struct dns_server *server);

/* All of them, retired ones too. */
int dns_server_list(
    struct store_reader *reader, dns_server_fn each, void *arg) NODISCARD;
/* What endpoints may learn: current and next, not expired at now, not revoked;
 * of one label, or of all if it is NULL. Current ones come first. */
int dns_server_published(struct store_reader *reader, const char *label,
    int64_t now, dns_server_fn each, void *arg) NODISCARD;

#endif
