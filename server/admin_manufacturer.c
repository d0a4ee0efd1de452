/* Administering manufacturers. */
#include "server/admin.h"

#include <microhttpd.h>
#include <string.h>

#include "registrar/manufacturer_change.h"
#include "server/admin_body.h"
#include "server/admin_json.h"
#include "server/app.h"
#include "server/json_split.h"

/* The texts by their members' names; a list is an array in JSON, and one item a
 * line in the store. */
static const struct text_member {
	const char *key;
	size_t offset;
	bool list;
} members[] = {
    {"policy", offsetof(struct manufacturer, policy), false},
    {"serials", offsetof(struct manufacturer, serials), true},
    {"serial_source", offsetof(struct manufacturer, serial_source), false},
    {"serial_pattern", offsetof(struct manufacturer, serial_pattern), false},
    {"anchors", offsetof(struct manufacturer, anchors), false},
    {"masa_url", offsetof(struct manufacturer, masa_url), false},
    {"masa_hosts", offsetof(struct manufacturer, masa_hosts), true},
    {"masa_tls_anchors", offsetof(struct manufacturer, masa_tls_anchors),
	false},
    {"voucher_anchors", offsetof(struct manufacturer, voucher_anchors), false},
    {"masa_credential", offsetof(struct manufacturer, masa_credential), false},
    {"cose_type", offsetof(struct manufacturer, cose_type), false},
    {"known_domains", offsetof(struct manufacturer, known_domains), true},
    {"nonceless", offsetof(struct manufacturer, nonceless), false},
    {"enrollment", offsetof(struct manufacturer, enrollment), false},
    {"allow_names", offsetof(struct manufacturer, allow_names), true},
};

#define SECRET_MEMBER "masa_credential"

static const char **
member_of(struct manufacturer *m, const struct text_member *member)
{
	return (const char **)(void *)((char *)m + member->offset);
}

/* --- out --- */

static int
set_member(json_t *object, struct manufacturer *m, const struct text_member *t)
{
	const char *text = *member_of(m, t);

	if (strcmp(t->key, SECRET_MEMBER) == 0)
		return 0;
	return json_object_set_new(object, t->key,
	    t->list ? json_split(text, '\n') : json_string(text));
}

static json_t *
manufacturer_json(const struct manufacturer *row)
{
	struct manufacturer m = *row;
	json_t *object = json_pack("{ss sb sb sb sb so so}", "name", m.name,
	    "masa_private", (int)m.masa_private, "base64_bodies",
	    (int)m.base64_bodies, "plain_root", (int)m.plain_root,
	    "has_credential", (int)m.has_credential, "created_at",
	    json_time(m.created_at), "changed_at", json_time(m.changed_at));

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (set_member(object, &m, &members[i]) == 0)
			continue;
		json_decref(object);
		return NULL;
	}
	return object;
}

static int
add_manufacturer(void *arg, const struct manufacturer *m)
{
	return json_array_append_new(arg, manufacturer_json(m)) == 0
		   ? 0
		   : -ERR_NOMEM;
}

void
admin_manufacturer_list(struct request *request)
{
	json_t *items = json_array();
	int err = manufacturer_list(request->reader, add_manufacturer, items);

	reply_items(request, items, err);
}

struct wanted {
	const char *name;
	json_t *found;
};

static int
take_wanted(void *arg, const struct manufacturer *m)
{
	struct wanted *wanted = arg;

	if (wanted->found != NULL || strcmp(wanted->name, m->name) != 0)
		return 0;
	wanted->found = manufacturer_json(m);
	return wanted->found != NULL ? 0 : -ERR_NOMEM;
}

void
admin_manufacturer_show(struct request *request)
{
	struct wanted wanted = {.name = request->params[0]};
	struct reason why = {""};
	int err = manufacturer_list(request->reader, take_wanted, &wanted);

	if (err == 0 && wanted.found == NULL)
		err = reason_set(&why, -ERR_NOT_FOUND,
		    "no manufacturer '%.64s'", wanted.name);
	if (err == 0)
		reply_json(request, MHD_HTTP_OK, wanted.found);
	else
		reply_error(request, err, &why);
}

/* --- in --- */

struct maker_pending {
	struct pending pending;
	struct maker_change change;
	struct maker_body body;
};

void
maker_body_fini(struct maker_body *body)
{
	for (size_t i = 0; i < ARRAY_LEN(body->lists); i++)
		buf_fini(&body->lists[i]);
	json_decref(body->json);
}

static int
read_member(struct maker_change *change, struct maker_body *body,
    const struct text_member *member, struct buf *list, struct reason *why)
{
	const json_t *value = json_object_get(body->json, member->key);
	const char **at = member_of(&change->values, member);
	int err;

	if (value == NULL)
		return 0;
	if (!member->list) {
		*at = json_string_value(value);
		return *at != NULL ? 0
				   : reason_set(why, -ERR_INVALID,
					 "%s: is not a string", member->key);
	}
	err = json_join_lines(list, value, member->key, why);
	if (err == 0)
		*at = buf_text(list);
	return err;
}

static int
read_flags(struct maker_change *change, const json_t *json, struct reason *why)
{
	struct manufacturer *m = &change->values;
	int err =
	    json_copy_bool(&m->masa_private, json, "masa_private", false, why);

	if (err == 0)
		err = json_copy_bool(
		    &m->base64_bodies, json, "base64_bodies", false, why);
	if (err == 0)
		err = json_copy_bool(
		    &m->plain_root, json, "plain_root", false, why);
	change->gives_private = json_object_get(json, "masa_private") != NULL;
	change->gives_base64 = json_object_get(json, "base64_bodies") != NULL;
	change->gives_plain_root = json_object_get(json, "plain_root") != NULL;
	return err;
}

int
maker_body_read(
    struct maker_change *change, struct maker_body *body, struct reason *why)
{
	size_t n_lists = 0;
	int err = 0;

	change->values.name =
	    json_string_value(json_object_get(body->json, "name"));
	if (change->values.name == NULL)
		return reason_set(
		    why, -ERR_INVALID, "name: is missing or not a string");
	for (size_t i = 0; i < ARRAY_LEN(members) && err == 0; i++) {
		err = read_member(
		    change, body, &members[i], &body->lists[n_lists], why);
		n_lists += members[i].list;
	}
	return err == 0 ? read_flags(change, body->json, why) : err;
}

static void
maker_pending_free(struct pending *pending)
{
	struct maker_pending *p =
	    CONTAINER_OF(pending, struct maker_pending, pending);

	maker_body_fini(&p->body);
	free(p);
}

static void
maker_answer(struct request *request, struct pending *pending)
{
	struct maker_change *change =
	    &CONTAINER_OF(pending, struct maker_pending, pending)->change;

	if (change->result != 0)
		reply_error(request, change->result, &change->why);
	else if (change->kind == MAKER_ADD)
		reply_json(request, MHD_HTTP_CREATED,
		    json_pack("{ss}", "name", change->values.name));
	else
		reply_bytes(request, MHD_HTTP_NO_CONTENT, NULL,
		    (struct bytes){(const uint8_t *)"", 0});
}

static void
maker_done(struct maker_change *change)
{
	pending_complete(
	    &CONTAINER_OF(change, struct maker_pending, change)->pending);
}

/* Takes body; name is the path's, or NULL. */
static void
change_manufacturer(struct request *request, enum maker_change_kind kind,
    json_t *body, const char *name)
{
	struct maker_pending *p = calloc(1, sizeof(*p));
	struct reason why = {""};
	int err;

	if (p == NULL) {
		json_decref(body);
		reply_error(request, -ERR_NOMEM, NULL);
		return;
	}
	p->body.json = body;
	if (kind != MAKER_ADD)
		json_object_set_new(body, "name", json_string(name));
	err = maker_body_read(&p->change, &p->body, &why);
	if (err == 0) {
		p->pending.answer = maker_answer;
		p->pending.free = maker_pending_free;
		p->change.kind = kind;
		p->change.registrar = request->app->registrar;
		p->change.done = maker_done;
		actor_name(p->change.actor, request);
		request_prepare(request, &p->pending);
		err = registrar_maker_change(&p->change);
		why = err != 0 ? p->change.why : why;
	}
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	maker_pending_free(&p->pending);
	reply_error(request, err, &why);
}

#define MANUFACTURER_KEYS                                                      \
	"policy", "serials", "serial_source", "serial_pattern", "anchors",     \
	    "masa_url", "masa_hosts", "masa_private", "masa_tls_anchors",      \
	    "voucher_anchors", "masa_credential", "cose_type",                 \
	    "base64_bodies", "plain_root", "known_domains", "nonceless",       \
	    "enrollment", "allow_names"

void
admin_manufacturer_add(struct request *request)
{
	static const char *const keys[] = {"name", MANUFACTURER_KEYS, NULL};
	json_t *body = request_json(request, keys);

	if (body != NULL)
		change_manufacturer(request, MAKER_ADD, body, NULL);
}

void
admin_manufacturer_set(struct request *request)
{
	static const char *const keys[] = {MANUFACTURER_KEYS, NULL};
	json_t *body = request_json(request, keys);

	if (body != NULL)
		change_manufacturer(
		    request, MAKER_CHANGE, body, request->params[0]);
}

void
admin_manufacturer_remove(struct request *request)
{
	change_manufacturer(
	    request, MAKER_REMOVE, json_object(), request->params[0]);
}
