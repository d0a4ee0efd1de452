#include "registrar/device_note.h"

#include <string.h>

#include "base/clock.h"
#include "db/device.h"

struct known {
	const struct device_note *note;
	int64_t id;
};

static int
take_id(void *arg, const struct device *device)
{
	struct known *known = arg;
	const struct device_note *note = known->note;

	/* Another IDevID with that serial number speaks for itself. */
	if (note->identity_id == 0 &&
	    memcmp(device->idevid_sha256, note->idevid_sha256,
		sizeof(note->idevid_sha256)) != 0)
		return -ERR_NOT_FOUND;
	known->id = device->id;
	return 0;
}

static int
note_run(struct store_job *job, struct store_txn *txn)
{
	struct device_note *note = CONTAINER_OF(job, struct device_note, job);
	struct store_reader *reader = store_txn_reader(txn);
	const struct device_event event = {.at = clock_now(),
	    .kind = note->kind,
	    .good = note->good,
	    .detail = note->detail};
	struct known known = {.note = note};
	int err;

	if (note->identity_id != 0)
		err = device_of_identity(
		    reader, note->identity_id, take_id, &known);
	else
		err = device_find(reader, note->maker_id, note->serial_number,
		    take_id, &known);
	return err == 0 ? device_add_event(txn, known.id, &event) : err;
}

static void
note_done(struct store_job *job)
{
	struct device_note *note = CONTAINER_OF(job, struct device_note, job);

	note->result = job->result;
	note->done(note);
}

int
device_note_start(struct device_note *note)
{
	note->job = (struct store_job){.run = note_run, .done = note_done};
	return store_submit(
	    registrar_config(note->registrar)->store, &note->job);
}
