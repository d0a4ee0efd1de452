/* Vouchers fetched ahead. */
#include "server/admin.h"

#include <microhttpd.h>
#include <stdio.h>

#include "base/str.h"
#include "registrar/voucher_prefetch.h"
#include "server/admin_json.h"
#include "server/app.h"

struct prefetch_pending {
	struct pending pending;
	struct voucher_prefetch prefetch;
};

static void
prefetch_free(struct pending *pending)
{
	struct prefetch_pending *p =
	    CONTAINER_OF(pending, struct prefetch_pending, pending);

	voucher_prefetch_fini(&p->prefetch);
	free(p);
}

static void
prefetch_answer(struct request *request, struct pending *pending)
{
	const struct voucher_prefetch *prefetch =
	    &CONTAINER_OF(pending, struct prefetch_pending, pending)->prefetch;
	json_t *items = json_array();

	for (size_t i = 0; i < prefetch->n_items; i++) {
		const struct prefetch_item *item = &prefetch->items[i];
		bool kept = item->why.text[0] == '\0';

		json_array_append_new(
		    items, json_pack("{ss sb ss so}", "serial_number",
			       item->serial_number, "kept", (int)kept, "reason",
			       item->why.text, "expires_on",
			       json_time(item->expires_on)));
	}
	reply_items(request, items, prefetch->result);
}

static void
prefetch_done(struct voucher_prefetch *prefetch)
{
	pending_complete(
	    &CONTAINER_OF(prefetch, struct prefetch_pending, prefetch)
		 ->pending);
}

static int
read_serials(
    struct voucher_prefetch *out, const json_t *body, struct reason *why)
{
	const json_t *serials = json_object_get(body, "serials"), *serial;
	size_t i;

	if (!json_is_array(serials) || json_array_size(serials) == 0 ||
	    json_array_size(serials) > PREFETCH_MAX)
		return reason_set(why, -ERR_INVALID,
		    "serials: must be an array of 1 to %d serial numbers",
		    PREFETCH_MAX);
	json_array_foreach(serials, i, serial)
	{
		char *to = out->items[i].serial_number;
		const char *text = json_string_value(serial);

		if (text == NULL || text[0] == '\0' ||
		    !str_is_printable(text) ||
		    str_format(to, IDEVID_SERIAL_MAX, "%s", text) != 0)
			return reason_set(why, -ERR_INVALID,
			    "serials: one is no serial number");
	}
	out->n_items = json_array_size(serials);
	return 0;
}

static int
read_body(struct voucher_prefetch *out, const struct request *request,
    const json_t *body, struct reason *why)
{
	char type[64];
	int err = json_copy_text(type, sizeof(type), body, "format",
	    voucher_media_type(VOUCHER_CMS_JSON), why);

	if (err == 0 && voucher_format_of(&out->format, type) != 0)
		err = reason_set(why, -ERR_INVALID,
		    "format: must be a voucher's media type");
	if (err == 0)
		err = read_serials(out, body, why);
	if (err == 0 && str_format(out->manufacturer, sizeof(out->manufacturer),
			    "%s", request->params[0]) != 0)
		err = reason_set(why, -ERR_NOT_FOUND, "no such manufacturer");
	return err;
}

void
admin_manufacturer_prefetch(struct request *request)
{
	static const char *const keys[] = {"serials", "format", NULL};
	json_t *body = request_json(request, keys);
	struct prefetch_pending *p;
	struct reason why = {""};
	int err;

	if (body == NULL)
		return;
	p = calloc(1, sizeof(*p));
	err = p != NULL ? read_body(&p->prefetch, request, body, &why)
			: -ERR_NOMEM;
	json_decref(body);
	if (err == 0) {
		p->pending.answer = prefetch_answer;
		p->pending.free = prefetch_free;
		p->prefetch.registrar = request->app->registrar;
		p->prefetch.done = prefetch_done;
		actor_name(p->prefetch.actor, request);
		request_prepare(request, &p->pending);
		err = voucher_prefetch_start(&p->prefetch);
		why = p->prefetch.why;
	}
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	if (p != NULL)
		prefetch_free(&p->pending);
	reply_error(request, err, &why);
}
