/* What a manufacturer's voucher service remembers, in a file of its own:
 * devices, who owns them, and every voucher. */
#ifndef DB_MASA_H
#define DB_MASA_H

#include <stdint.h>

#include "base/buf.h"
#include "db/store.h"

/* "EstM" */
#define MASA_APPLICATION_ID 0x4573744d

/* store_open() of that file; an appliance's is refused. */
int masa_store_open(struct store **out, const char *path, enum store_mode mode,
    struct reason *why) NODISCARD;

struct masa_device {
	int64_t id;
	struct blob idevid; /* DER */
	struct blob owner;  /* the certificate of the domain that it was sold
			     * to, DER; none: empty */
};

/* -ERR_EXISTS */
int masa_device_add(struct store_txn *txn, const char *serial_number,
    struct bytes idevid) NODISCARD;
/* Also in place of an earlier owner. -ERR_NOT_FOUND. */
int masa_device_own(struct store_txn *txn, const char *serial_number,
    struct bytes owner) NODISCARD;
/* -ERR_NOT_FOUND. The caller calls masa_device_fini(). */
int masa_device_get(struct masa_device *out, struct store_reader *reader,
    const char *serial_number) NODISCARD;
void masa_device_fini(struct masa_device *device);

/* One that was issued; texts and bytes are borrowed. */
struct masa_voucher {
	int64_t device_id;
	int64_t issued_at;
	struct bytes domain_id;
	const char *nonce; /* "" for a nonceless one */
	const char *assertion;
};

int masa_voucher_add(
    struct store_txn *txn, const struct masa_voucher *voucher) NODISCARD;

typedef int (*masa_voucher_fn)(void *arg, const struct masa_voucher *voucher);

/* A device's, newest first, at most limit. Stops at and returns the first
 * non-zero result. */
int masa_voucher_list(struct store_reader *reader, int64_t device_id,
    int64_t limit, masa_voucher_fn each, void *arg) NODISCARD;
int masa_voucher_count(
    int64_t *out, struct store_reader *reader, int64_t device_id) NODISCARD;

#endif
