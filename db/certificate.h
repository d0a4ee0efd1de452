/* Every certificate that the CA handed out, and those of other CAs that were
 * imported. */
#ifndef DB_CERTIFICATE_H
#define DB_CERTIFICATE_H

#include <stdint.h>

#include "base/buf.h"
#include "db/store.h"

/* The profile of one that another CA issued: that CA revokes it, not ours. */
#define CERTIFICATE_IMPORTED "imported"

struct certificate {
	int64_t id; /* given by the store */
	const char *serial;
	const char *subject;
	const char *profile;
	const char *identity; /* whom it was issued to */
	int64_t identity_id;  /* the identity that it belongs to; 0: none */
	const char *source;   /* when put: the peer's address, or NULL */
	int64_t issued_at, not_before, not_after;
	const char *state; /* "valid", "revoked" */
	struct bytes der;
};

/* Adds it as valid, with its audit row (event certificate.issue, by actor).
 * -ERR_EXISTS if the serial is there already. *id may be NULL. */
int certificate_put(struct store_txn *txn, int64_t *id,
    const struct certificate *certificate, const char *actor) NODISCARD;

/* The same for one with the profile CERTIFICATE_IMPORTED (event
 * certificate.import). */
int certificate_import(struct store_txn *txn, int64_t *id,
    const struct certificate *certificate, const char *actor) NODISCARD;

typedef int (*certificate_fn)(void *arg, const struct certificate *certificate);

/* Newest first: ids below before (0: from the newest), at most limit. */
int certificate_list(struct store_reader *reader, int64_t before, int64_t limit,
    certificate_fn each, void *arg) NODISCARD;
/* Calls each once, or returns -ERR_NOT_FOUND. */
int certificate_get(struct store_reader *reader, const char *serial,
    certificate_fn each, void *arg) NODISCARD;
int certificate_count(struct store_reader *reader, int64_t *out) NODISCARD;

#endif
