/* Administering identities. */
#include "server/admin.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "db/identity.h"
#include "registrar/onboarding.h"
#include "server/admin_body.h"
#include "server/admin_change.h"
#include "server/admin_json.h"
#include "server/app.h"
#include "server/json_split.h"

#define USES_MAX 1000000
#define EXPIRES_MAX_S ((int64_t)10 * 366 * 86400)

static const char *
state_of(const struct identity *identity)
{
	int64_t now = clock_now();

	if (identity->disabled)
		return "disabled";
	if (identity->uses_left == 0)
		return "used";
	if (identity->expires_at != IDENTITY_NEVER &&
	    identity->expires_at <= now)
		return "expired";
	if (identity->guesses_left <= 0)
		return "locked";
	return identity->retry_at > now ? "waiting" : "active";
}

static int
add_identity(void *arg, const struct identity *i)
{
	json_t *uses = i->uses_left == IDENTITY_UNLIMITED
			   ? json_null()
			   : json_integer(i->uses_left);

	return json_array_append_new(arg,
		   json_pack("{ss ss ss ss so so so so sI sI ss sb sb}",
		       "identity", i->wire_name, "name", i->name, "kind",
		       i->kind, "profile", i->profile, "allow_names",
		       json_split(i->allow_names, '\n'), "created_at",
		       json_time(i->created_at), "expires_at",
		       json_time(i->expires_at), "uses_left", uses,
		       "guesses_left", (json_int_t)i->guesses_left, "failures",
		       (json_int_t)i->failures, "state", state_of(i), "basic",
		       (int)i->basic, "approval", (int)i->approval)) == 0
		   ? 0
		   : -ERR_NOMEM;
}

void
admin_identity_list(struct request *request)
{
	json_t *items = json_array();
	int err = identity_list(request->reader, add_identity, items);

	reply_items(request, items, err);
}

struct identity_pending {
	struct pending pending;
	struct identity_add add;
};

static void
identity_pending_wipe(struct identity_pending *p)
{
	if (p == NULL)
		return;
	explicit_bzero(p, sizeof(*p));
	free(p);
}

static void
identity_pending_free(struct pending *pending)
{
	identity_pending_wipe(
	    CONTAINER_OF(pending, struct identity_pending, pending));
}

/* The only time that the code is shown. */
static void
identity_answer(struct request *request, struct pending *pending)
{
	struct identity_add *add =
	    &CONTAINER_OF(pending, struct identity_pending, pending)->add;
	char code[CODE_TEXT_MAX], uri[CODE_URI_MAX];
	json_t *reply;

	if (add->result != 0) {
		reply_error(request, add->result, &add->why);
		return;
	}
	reply = json_pack("{ss ss ss so so}", "identity", add->wire_name,
	    "name", add->name, "profile", add->profile, "expires_at",
	    json_time(add->expires_at), "uses_left",
	    add->uses_left == IDENTITY_UNLIMITED
		? json_null()
		: json_integer(add->uses_left));
	if (reply != NULL && !add->chosen &&
	    code_format_uri(uri, &add->code) == 0) {
		code_format(code, &add->code);
		json_object_set_new(reply, "code", json_string(code));
		json_object_set_new(reply, "uri", json_string(uri));
		if (add->srp)
			json_object_set_new(reply, "srp",
			    json_pack("{ss ss}", "user", add->code.identity,
				"password", add->code.secret));
		explicit_bzero(code, sizeof(code));
		explicit_bzero(uri, sizeof(uri));
	}
	reply_json(request, MHD_HTTP_CREATED, reply);
}

static void
identity_done(struct identity_add *add)
{
	pending_complete(
	    &CONTAINER_OF(add, struct identity_pending, add)->pending);
}

static int
read_patterns(char *out, size_t size, const json_t *list, struct reason *why)
{
	struct buf lines CLEANUP(buf_fini) = {0};
	int err = 0;

	if (list != NULL)
		err = json_join_lines(&lines, list, "allow_names", why);
	if (err == 0 && str_format(out, size, "%s", buf_text(&lines)) != 0)
		err = reason_set(why, -ERR_TOO_LARGE, "allow_names: too long");
	return err;
}

int
identity_body_read(
    struct identity_add *add, const json_t *body, struct reason *why)
{
	int err = json_copy_text(
	    add->name, sizeof(add->name), body, "name", NULL, why);

	add->chosen = json_object_get(body, "password") != NULL;
	if (err == 0 && add->chosen)
		err = json_copy_text(add->password, sizeof(add->password), body,
		    "password", NULL, why);
	if (err == 0)
		err = json_copy_text(add->profile, sizeof(add->profile), body,
		    "profile", "endpoint", why);
	if (err == 0)
		err = json_copy_number(
		    &add->uses, body, "uses", 1, USES_MAX, 0, why);
	if (err == 0)
		err = json_copy_number(&add->expires_in_s, body, "expires_in",
		    1, EXPIRES_MAX_S, 0, why);
	if (err == 0)
		err = read_patterns(add->allow_names, sizeof(add->allow_names),
		    json_object_get(body, "allow_names"), why);
	if (err == 0)
		err = json_copy_bool(&add->basic, body, "basic", false, why);
	if (err == 0)
		err = json_copy_bool(
		    &add->approval, body, "approval", false, why);
	return err;
}

void
admin_identity_add(struct request *request)
{
	static const char *const keys[] = {"name", "password", "profile",
	    "uses", "expires_in", "allow_names", "basic", "approval", NULL};
	struct identity_pending *p;
	json_t *body = request_json(request, keys);
	struct reason why = {""};
	int err;

	if (body == NULL)
		return;
	p = calloc(1, sizeof(*p));
	err = p != NULL ? identity_body_read(&p->add, body, &why) : -ERR_NOMEM;
	json_decref(body);
	if (err == 0) {
		p->pending.answer = identity_answer;
		p->pending.free = identity_pending_free;
		p->add.registrar = request->app->registrar;
		p->add.done = identity_done;
		actor_name(p->add.actor, request);
		actor_source(p->add.source, request);
		request_prepare(request, &p->pending);
		err = registrar_identity_add(&p->add);
		why = err != 0 ? p->add.why : why;
	}
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	identity_pending_wipe(p);
	reply_error(request, err, &why);
}

void
admin_identity_remove(struct request *request)
{
	admin_change(request, CHANGE_IDENTITY_REMOVE);
}

void
admin_identity_unlock(struct request *request)
{
	admin_change(request, CHANGE_IDENTITY_UNLOCK);
}

void
admin_identity_disable(struct request *request)
{
	admin_change(request, CHANGE_IDENTITY_DISABLE);
}

void
admin_identity_enable(struct request *request)
{
	admin_change(request, CHANGE_IDENTITY_ENABLE);
}
