#include "server/admin_change.h"

#include <microhttpd.h>
#include <stdlib.h>

#include "base/str.h"
#include "server/admin.h"
#include "server/admin_body.h"
#include "server/admin_json.h"
#include "server/app.h"

struct change_pending {
	struct pending pending;
	struct change change;
};

static void
change_free(struct pending *pending)
{
	free(CONTAINER_OF(pending, struct change_pending, pending));
}

static void
change_answer(struct request *request, struct pending *pending)
{
	struct change *change =
	    &CONTAINER_OF(pending, struct change_pending, pending)->change;

	if (change->result == 0)
		reply_bytes(request, MHD_HTTP_NO_CONTENT, NULL,
		    (struct bytes){(const uint8_t *)"", 0});
	else
		reply_error(request, change->result, &change->why);
}

static void
change_done(struct change *change)
{
	pending_complete(
	    &CONTAINER_OF(change, struct change_pending, change)->pending);
}

int
change_body_read(struct change *change, const char *name, const json_t *body,
    struct reason *why)
{
	if (str_format(change->name, sizeof(change->name), "%s", name) != 0)
		return reason_set(why, -ERR_INVALID, "the name is too long");
	/* DNS names are kept in lower case. */
	if (change->kind == CHANGE_DNS_PROMOTE ||
	    change->kind == CHANGE_DNS_RETIRE)
		ascii_lower_all(change->name);
	if (json_copy_text(change->label, sizeof(change->label), body, "label",
		"", why) != 0)
		return -ERR_INVALID;
	if (json_copy_text(change->serial, sizeof(change->serial), body,
		"serial", "", why) != 0)
		return -ERR_INVALID;
	return json_copy_text(
	    change->reason, sizeof(change->reason), body, "reason", "", why);
}

void
admin_change(struct request *request, enum change_kind kind)
{
	static const char *const keys[] = {"label", "serial", "reason", NULL};
	json_t *body = request_json(request, keys);
	struct change_pending *p;
	struct reason why = {""};
	int err;

	if (body == NULL)
		return;
	p = calloc(1, sizeof(*p));
	if (p != NULL)
		p->change.kind = kind;
	err = p != NULL
		  ? change_body_read(&p->change, request->params[0], body, &why)
		  : -ERR_NOMEM;
	json_decref(body);
	if (err == 0) {
		p->pending.answer = change_answer;
		p->pending.free = change_free;
		p->change.registrar = request->app->registrar;
		p->change.done = change_done;
		actor_name(p->change.actor, request);
		actor_source(p->change.source, request);
		request_prepare(request, &p->pending);
		err = registrar_change(&p->change);
		why = err != 0 ? p->change.why : why;
	}
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	free(p);
	reply_error(request, err, &why);
}
