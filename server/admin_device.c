/* Administering IoT devices. */
#include "server/admin.h"

#include <microhttpd.h>
#include <string.h>

#include "base/str.h"
#include "ca/cert.h"
#include "db/device.h"
#include "db/identity.h"
#include "server/admin_change.h"
#include "server/admin_json.h"

static int
take_wire_name(void *arg, const struct identity *identity)
{
	*(json_t **)arg = json_string(identity->wire_name);
	return 0;
}

static json_t *
identity_json(struct store_reader *reader, int64_t id)
{
	json_t *name = NULL;

	if (id == 0 || identity_get(reader, id, take_wire_name, &name) != 0)
		return json_null();
	return name;
}

static json_t *
device_json(struct store_reader *reader, const struct device *d)
{
	char sha256[2 * sizeof(d->idevid_sha256) + 1];

	hex_encode(
	    sha256, (struct bytes){d->idevid_sha256, sizeof(d->idevid_sha256)});
	return json_pack("{sI ss ss ss ss so ss ss ss so so}", "id",
	    (json_int_t)d->id, "manufacturer", d->manufacturer, "serial_number",
	    d->serial_number, "state", d->state, "verdict", d->verdict,
	    "identity", identity_json(reader, d->identity_id), "idevid_sha256",
	    sha256, "masa_url", d->masa_url, "mud_url", d->mud_url,
	    "first_seen", json_time(d->first_seen), "last_seen",
	    json_time(d->last_seen));
}

struct device_listing {
	struct listing list;
	struct store_reader *reader;
};

static int
add_device(void *arg, const struct device *d)
{
	struct device_listing *l = arg;

	return listing_add(&l->list, d->id, device_json(l->reader, d));
}

void
admin_device_list(struct request *request)
{
	struct device_listing l = {.reader = request->reader};
	int64_t cursor;
	int err;

	if (!request_page(request, &l.list.limit, &cursor))
		return;
	l.list.items = json_array();
	err = device_list(
	    request->reader, cursor, l.list.limit + 1, add_device, &l);
	reply_listing(request, &l.list, err);
}

struct story {
	struct store_reader *reader;
	json_t *device;
};

static int
take_device(void *arg, const struct device *d)
{
	struct story *story = arg;
	struct buf pem CLEANUP(buf_fini) = {0};
	int err = cert_to_pem(&pem, d->idevid);

	if (err != 0)
		return err;
	story->device = device_json(story->reader, d);
	return json_object_set_new(
		   story->device, "idevid", json_string(buf_text(&pem))) == 0
		   ? 0
		   : -ERR_NOMEM;
}

static int
add_event(void *arg, const struct device_event *e)
{
	return json_array_append_new(arg,
		   json_pack("{so ss sb ss}", "at", json_time(e->at), "kind",
		       e->kind, "good", (int)e->good, "detail", e->detail)) == 0
		   ? 0
		   : -ERR_NOMEM;
}

void
admin_device_show(struct request *request)
{
	struct story story = {.reader = request->reader};
	json_t *events = json_array();
	struct reason why = {""};
	int64_t id;
	int err = -ERR_NOT_FOUND;

	if (parse_number(&id, request->params[0], INT64_MAX) == 0)
		err = device_get(request->reader, id, take_device, &story);
	if (err == 0)
		err = device_events(request->reader, id, add_event, events);
	if (err == 0 && json_object_set(story.device, "events", events) == 0) {
		reply_json(request, MHD_HTTP_OK, story.device);
	} else {
		json_decref(story.device);
		if (err == -ERR_NOT_FOUND)
			reason_set(&why, err, "no device has that id");
		reply_error(request, err != 0 ? err : -ERR_NOMEM, &why);
	}
	json_decref(events);
}

void
admin_device_refuse(struct request *request)
{
	admin_change(request, CHANGE_DEVICE_REFUSE);
}

void
admin_device_accept(struct request *request)
{
	admin_change(request, CHANGE_DEVICE_ACCEPT);
}
