/* Manufacturers of IoT devices, as the administrator knows them: whose IDevIDs
 * are taken, where their MASA is, and what is thought of them. */
#ifndef DB_MANUFACTURER_H
#define DB_MANUFACTURER_H

#include <stdint.h>

#include "base/buf.h"
#include "db/store.h"

/* Texts are never NULL when read; NULL counts as "" when written. Lists are one
 * item a line. */
struct manufacturer {
	int64_t id;
	const char *name;
	const char *policy;           /* "allow", "ask", "refuse", "list" */
	const char *serials;          /* patterns with *, for "list" */
	const char *serial_source;    /* "subject", "hardware-module" */
	const char *serial_pattern;   /* "": the whole; else with one {} */
	const char *anchors;          /* PEM: of its IDevIDs */
	const char *masa_url;         /* "": as the IDevID says */
	const char *masa_hosts;       /* patterns that an IDevID may name */
	bool masa_private;            /* loopback and private addresses too */
	const char *masa_tls_anchors; /* PEM; "": the system's */
	const char *voucher_anchors;  /* PEM; "": whoever signed */
	/* How this registrar shows who it is: "user:password", or PEM of a
	 * client certificate and its key. Secret; sealed in the file. Only
	 * manufacturer_load() reads it; elsewhere it is "". */
	const char *masa_credential;
	bool has_credential;       /* read only */
	const char *cose_type;     /* the media type of COSE towards the MASA */
	bool base64_bodies;        /* bodies to and from the MASA are base64 */
	bool plain_root;           /* see struct voucher_sign_params */
	const char *known_domains; /* base64 of domainIDs, beside our own */
	const char *nonceless;     /* in audit logs: "refuse", "own", "allow" */
	const char *enrollment;    /* "allow", "ask" */
	const char *allow_names;   /* patterns for its devices' certificates */
	int64_t created_at, changed_at;
};

/* Both write an audit row; the caller has judged the values. -ERR_EXISTS if the
 * name is taken. */
int manufacturer_add(struct store_txn *txn, const struct manufacturer *m,
    const char *actor) NODISCARD;
/* By its name; all values but id and created_at are replaced. -ERR_NOT_FOUND.
 */
int manufacturer_change(struct store_txn *txn, const struct manufacturer *m,
    const char *actor) NODISCARD;
/* -ERR_NOT_FOUND; -ERR_EXISTS while it has devices. */
int manufacturer_remove(struct store_txn *txn, const char *name, int64_t now,
    const char *actor) NODISCARD;

typedef int (*manufacturer_fn)(void *arg, const struct manufacturer *m);

/* By name. */
int manufacturer_list(
    struct store_reader *reader, manufacturer_fn each, void *arg) NODISCARD;
/* The same with their credentials, which are good for the call alone. */
int manufacturer_load(
    struct store_txn *txn, manufacturer_fn each, void *arg) NODISCARD;

/* Its texts without the credential, one by one: where the i-th one is. */
#define MANUFACTURER_TEXTS 15
const char **manufacturer_text(struct manufacturer *m, size_t i);

#endif
