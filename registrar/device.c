#include "registrar/device.h"

#include <string.h>

#include "db/certificate.h"
#include "registrar/pledge.h"
#include "registrar/requester.h"

int
device_refuse(struct store_txn *txn, int64_t id, const char *reason,
    int64_t now, const char *actor)
{
	const char *verdict =
	    reason[0] != '\0' ? reason : "refused by the administrator";
	const struct device_event event = {
	    .at = now, .kind = "refused", .detail = verdict};
	int err = device_set_state(txn, id, "refused", verdict, now, actor);

	return err == 0 ? device_add_event(txn, id, &event) : err;
}

static int
look_for_certificate(void *arg, const struct device_event *event)
{
	if (event->good && strcmp(event->kind, "certificate") == 0)
		*(bool *)arg = true;
	return 0;
}

static int
take_identity(void *arg, const struct device *device)
{
	*(int64_t *)arg = device->identity_id;
	return 0;
}

int
device_accept(struct store_txn *txn, int64_t id, int64_t now, const char *actor)
{
	struct store_reader *reader = store_txn_reader(txn);
	int64_t identity_id = 0;
	bool enrolled = false;
	const char *state = "seen";
	int err = device_get(reader, id, take_identity, &identity_id);

	if (err == 0)
		err =
		    device_events(reader, id, look_for_certificate, &enrolled);
	if (err != 0)
		return err;
	if (identity_id != 0)
		state = enrolled ? "enrolled" : "vouchered";
	return device_set_state(txn, id, state, "", now, actor);
}

static int
check_state(void *arg, const struct device *device)
{
	if (strcmp(device->state, "refused") != 0)
		return 0;
	return reason_set(arg, -ERR_REFUSED, "the device is refused: %.200s",
	    device->verdict);
}

int
device_check_identity(
    struct store_reader *reader, int64_t identity_id, struct reason *why)
{
	int err = device_of_identity(reader, identity_id, check_state, why);

	return err == -ERR_NOT_FOUND ? 0 : err;
}

static int
take_owner(void *arg, const struct certificate *certificate)
{
	*(int64_t *)arg = certificate->identity_id;
	return 0;
}

int
device_check_shown(struct store_reader *reader, const struct client_cert *cert,
    const struct pledge *pledge, struct reason *why)
{
	int64_t identity_id = 0;
	int err = -ERR_NOT_FOUND;

	if (cert != NULL && cert->result == 0)
		err = certificate_get(
		    reader, cert->info.serial, take_owner, &identity_id);
	if (err == 0 && identity_id != 0)
		return device_check_identity(reader, identity_id, why);
	if (err == -ERR_NOT_FOUND && pledge != NULL && pledge->maker != NULL &&
	    pledge->result == 0)
		err = device_find(reader, pledge->maker->row.id,
		    pledge->serial_number, check_state, why);
	return err == -ERR_NOT_FOUND ? 0 : err;
}

struct found {
	int64_t id;
	bool enrolled;
};

static int
take_device(void *arg, const struct device *device)
{
	*(struct found *)arg = (struct found){.id = device->id,
	    .enrolled = strcmp(device->state, "enrolled") == 0};
	return 0;
}

int
device_note_certificate(struct store_txn *txn, int64_t identity_id,
    const char *serial, int64_t now, const char *actor)
{
	const struct device_event event = {
	    .at = now, .kind = "certificate", .good = true, .detail = serial};
	struct found found = {0};
	int err = device_of_identity(
	    store_txn_reader(txn), identity_id, take_device, &found);

	if (err != 0)
		return err == -ERR_NOT_FOUND ? 0 : err;
	if (!found.enrolled)
		err =
		    device_set_state(txn, found.id, "enrolled", "", now, actor);
	return err == 0 ? device_add_event(txn, found.id, &event) : err;
}
