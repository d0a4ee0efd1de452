/* IoT devices: everything that was seen, issued and said about each. */
#ifndef DB_DEVICE_H
#define DB_DEVICE_H

#include <stdint.h>

#include "base/buf.h"
#include "db/store.h"

struct device {
	int64_t id;
	int64_t manufacturer_id;
	const char *manufacturer; /* its name; read only */
	const char *serial_number;
	struct bytes idevid; /* DER; see device_seen() */
	uint8_t idevid_sha256[32];
	const char *masa_url, *mud_url; /* of the IDevID; "" if absent */
	const char *state;   /* "seen", "vouchered", "enrolled", "refused" */
	const char *verdict; /* why it is refused */
	int64_t identity_id; /* 0: none yet */
	int64_t first_seen, last_seen;
};

#define DEVICE_EVENTS_MAX 40

struct device_event {
	int64_t at;
	const char *kind; /* "voucher", "voucher-status", "enroll-status",
			   * "audit-log", "certificate", "refused" */
	bool good;
	const char *detail;
};

/* Notes that it was here: added at the first time, then only last_seen changes,
 * and its IDevID as long as its state is "seen": what was vouched for is that
 * IDevID and no other one that has the same serial number. *id is written. Of
 * device: manufacturer_id to mud_url. */
int device_seen(struct store_txn *txn, int64_t *id, const struct device *device,
    int64_t now) NODISCARD;
int device_set_state(struct store_txn *txn, int64_t id, const char *state,
    const char *verdict, int64_t now, const char *actor) NODISCARD;
/* For the one that got a voucher. Of device: idevid to mud_url, none NULL. */
int device_set_idevid(
    struct store_txn *txn, int64_t id, const struct device *device) NODISCARD;
int device_set_identity(
    struct store_txn *txn, int64_t id, int64_t identity_id) NODISCARD;
/* At most DEVICE_EVENTS_MAX of each kind; the oldest go. */
int device_add_event(struct store_txn *txn, int64_t id,
    const struct device_event *event) NODISCARD;

typedef int (*device_fn)(void *arg, const struct device *device);
typedef int (*device_event_fn)(void *arg, const struct device_event *event);

/* With ids above after, at most limit, in the order of their appearance. */
int device_list(struct store_reader *reader, int64_t after, int64_t limit,
    device_fn each, void *arg) NODISCARD;
/* Call each once or return -ERR_NOT_FOUND. */
int device_get(struct store_reader *reader, int64_t id, device_fn each,
    void *arg) NODISCARD;
int device_find(struct store_reader *reader, int64_t manufacturer_id,
    const char *serial_number, device_fn each, void *arg) NODISCARD;
int device_of_identity(struct store_reader *reader, int64_t identity_id,
    device_fn each, void *arg) NODISCARD;
/* Oldest first. */
int device_events(struct store_reader *reader, int64_t id, device_event_fn each,
    void *arg) NODISCARD;

#endif
