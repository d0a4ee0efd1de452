/* Voucher requests of devices, so that the same request finds the same answer,
 * also after a restart; and vouchers without a nonce that were fetched ahead.
 * [RFC8995 5.6] */
#ifndef DB_VOUCHER_REQUEST_H
#define DB_VOUCHER_REQUEST_H

#include <stdint.h>

#include "base/buf.h"
#include "db/store.h"

#define VOUCHER_REQUEST_KEEP_S ((int64_t)4 * 86400)
#define VOUCHER_REQUESTS_EACH 8 /* of one device */

struct voucher_request {
	int64_t id;
	int64_t device_id;
	uint8_t request_sha256[32]; /* of the device's own request */
	/* "waiting" for a person, "asking" the MASA, "answered", "failed" */
	const char *state;
	int64_t outcome;      /* the registrar's, when failed */
	const char *reason;   /* for the device, when failed */
	struct bytes voucher; /* as it is given to the device */
	const char *media_type;
	int64_t created_at, changed_at;
};

typedef int (*voucher_request_fn)(
    void *arg, const struct voucher_request *request);

/* Calls each once or returns -ERR_NOT_FOUND; also for one that is older than
 * VOUCHER_REQUEST_KEEP_S. */
int voucher_request_find(struct store_reader *reader, int64_t device_id,
    const uint8_t sha256[32], int64_t now, voucher_request_fn each,
    void *arg) NODISCARD;
/* Adds it or replaces what the same device's same request had; those that are
 * too old go, and the device's oldest beyond VOUCHER_REQUESTS_EACH. */
int voucher_request_put(struct store_txn *txn,
    const struct voucher_request *request, int64_t now) NODISCARD;

struct stock_voucher {
	int64_t manufacturer_id;
	const char *serial_number;
	const char *media_type;
	struct bytes voucher;
	int64_t expires_on; /* 0: never */
	int64_t fetched_at;
};

typedef int (*stock_voucher_fn)(void *arg, const struct stock_voucher *v);

/* One for each serial number and media type: a newer one takes its place. */
int stock_voucher_put(struct store_txn *txn, const struct stock_voucher *v,
    const char *actor) NODISCARD;
/* The one that is not expired; -ERR_NOT_FOUND. */
int stock_voucher_find(struct store_reader *reader, int64_t manufacturer_id,
    const char *serial_number, const char *media_type, int64_t now,
    stock_voucher_fn each, void *arg) NODISCARD;

#endif
