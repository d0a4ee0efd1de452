/* Administering the tokens of remote administration. */
#include "server/admin.h"

#include <microhttpd.h>
#include <string.h>

#include "base/clock.h"
#include "registrar/token.h"
#include "server/admin_body.h"
#include "server/admin_change.h"
#include "server/admin_json.h"
#include "server/app.h"

static int
add_token(void *arg, const struct token *t)
{
	bool expired =
	    t->expires_at != TOKEN_NEVER && t->expires_at <= clock_now();

	return json_array_append_new(arg,
		   json_pack("{ss ss ss so ss so so ss}", "id", t->token_id,
		       "name", t->name, "scope", token_scope_name(t->scope),
		       "created_at", json_time(t->created_at), "created_by",
		       t->created_by, "expires_at", json_time(t->expires_at),
		       "last_used_at", json_time(t->last_used_at), "state",
		       expired ? "expired" : "active")) == 0
		   ? 0
		   : -ERR_NOMEM;
}

void
admin_token_list(struct request *request)
{
	json_t *items = json_array();
	int err = token_list(request->reader, add_token, items);

	reply_items(request, items, err);
}

struct token_pending {
	struct pending pending;
	struct token_add add;
};

static void
token_pending_wipe(struct token_pending *p)
{
	if (p == NULL)
		return;
	explicit_bzero(p, sizeof(*p));
	free(p);
}

static void
token_pending_free(struct pending *pending)
{
	token_pending_wipe(
	    CONTAINER_OF(pending, struct token_pending, pending));
}

/* The only time that the token is shown. */
static void
token_answer(struct request *request, struct pending *pending)
{
	const struct token_add *add =
	    &CONTAINER_OF(pending, struct token_pending, pending)->add;

	if (add->result != 0)
		reply_error(request, add->result, &add->why);
	else
		reply_json(request, MHD_HTTP_CREATED,
		    json_pack("{ss ss ss ss so}", "token", add->text, "id",
			add->id, "name", add->name, "scope",
			token_scope_name(add->scope), "expires_at",
			json_time(add->expires_at)));
}

static void
token_done(struct token_add *add)
{
	pending_complete(
	    &CONTAINER_OF(add, struct token_pending, add)->pending);
}

int
token_body_read(struct token_add *add, const json_t *body, struct reason *why)
{
	char scope[16];
	int err = json_copy_text(
	    add->name, sizeof(add->name), body, "name", NULL, why);

	if (err == 0)
		err = json_copy_text(
		    scope, sizeof(scope), body, "scope", "read", why);
	if (err == 0 && token_scope_parse(&add->scope, scope) != 0)
		err = reason_set(why, -ERR_INVALID,
		    "scope: '%s' is none of read, operate, admin", scope);
	if (err == 0)
		err = json_copy_number(&add->expires_in_s, body, "expires_in",
		    1, TOKEN_EXPIRES_MAX_S, 0, why);
	return err;
}

void
admin_token_add(struct request *request)
{
	static const char *const keys[] = {"name", "scope", "expires_in", NULL};
	struct token_pending *p;
	json_t *body = request_json(request, keys);
	struct reason why = {""};
	int err;

	if (body == NULL)
		return;
	p = calloc(1, sizeof(*p));
	err = p != NULL ? token_body_read(&p->add, body, &why) : -ERR_NOMEM;
	json_decref(body);
	if (err == 0) {
		p->pending.answer = token_answer;
		p->pending.free = token_pending_free;
		p->add.registrar = request->app->registrar;
		p->add.done = token_done;
		actor_name(p->add.actor, request);
		actor_source(p->add.source, request);
		request_prepare(request, &p->pending);
		err = registrar_token_add(&p->add);
		why = err != 0 ? p->add.why : why;
	}
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	token_pending_wipe(p);
	reply_error(request, err, &why);
}

void
admin_token_remove(struct request *request)
{
	admin_change(request, CHANGE_TOKEN_REMOVE);
}
