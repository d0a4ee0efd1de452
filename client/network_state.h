/*
 * What an endpoint knows of the networks it has joined: one JSON file each,
 * STATE/networks/NAME.json (0600). The trust anchor in it is this network's
 * alone. The file holds a secret when there is a client certificate: its key.
 */
#ifndef CLIENT_NETWORK_STATE_H
#define CLIENT_NETWORK_STATE_H

#include "ca/trust.h"
#include "client/enrolled.h"
#include "client/resolver.h"

#define NETWORK_NAME_MAX 64
#define NETWORKS_MAX 64
#define NETWORK_STATE_MAX_BYTES ((size_t)4 * 1024 * 1024)

/* Whose anchors the network's certificates are held against. [RFC7030 3.6] */
enum network_trust {
	NETWORK_EXPLICIT, /* the network's own, and no other */
	NETWORK_IMPLICIT, /* the system's store */
};

struct network_state {
	char name[NETWORK_NAME_MAX + 1];
	int64_t opted_in; /* when the user agreed to use this network's DNS */
	int64_t joined_at;
	/* The EST server's DNS-ID: what later connections are held against. */
	char server_name[DOMAIN_MAX + 1];
	enum network_trust trust;
	/* The explicit trust anchor (RFC 7030 4.1.3): the root first. None when
	 * trust is implicit. */
	struct cert_list anchor;
	uint8_t root_sha256[32];
	/* With implicit trust: CA certificates that complete paths to the
	 * system's anchors, and are none themselves. */
	struct cert_list intermediates;
	struct enrolled enrolled; /* the endpoint's own certificate */
	struct resolver_set resolvers;
};

struct network_names {
	char items[NETWORKS_MAX][NETWORK_NAME_MAX + 1];
	size_t n;
};

/* "explicit" or "implicit". */
const char *network_trust_text(enum network_trust trust);

void network_state_fini(struct network_state *state);

/* [A-Za-z0-9._-]{1,64} */
bool network_name_is_valid(const char *name);

/* $XDG_STATE_HOME/estuary or ~/.local/state/estuary. -ERR_NOT_FOUND without
 * a home. */
int state_dir_default(char *out, size_t size) NODISCARD;

/* JSON text of a state. */
int network_state_encode(
    struct buf *out, const struct network_state *state) NODISCARD;
/* Strict: -ERR_CORRUPT with the reason. The root's hash, and that every
 * certificate parses and is the one its resolver names, are checked; validity
 * is not. */
int network_state_parse(
    struct network_state *out, struct bytes json, struct reason *why) NODISCARD;

/* Whether network_state_save() will have a place to write to: the directory, or
 * the nearest one above it that is there. Makes nothing. */
int network_state_check_dir(
    const char *state_dir, struct reason *why) NODISCARD;

/* What the network's certificates are held against. */
int network_state_trust(struct trust **out, const struct network_state *state,
    struct reason *why) NODISCARD;

/* Makes the directories (0700) when they are missing. */
int network_state_save(const char *state_dir, const struct network_state *state,
    struct reason *why) NODISCARD;
/* Refuses a file that others may write or read, or that names another
 * network. -ERR_NOT_FOUND. */
int network_state_load(struct network_state *out, const char *state_dir,
    const char *name, struct reason *why) NODISCARD;
int network_state_remove(
    const char *state_dir, const char *name, struct reason *why) NODISCARD;
/* In alphabetical order; none when the directory is missing. */
int network_state_list(struct network_names *out, const char *state_dir,
    struct reason *why) NODISCARD;

#endif
