#include "server/admin_json.h"

#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "server/admin.h"
#include "server/routes.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000

void
reply_json(struct request *request, unsigned int status, json_t *value)
{
	char *text = value != NULL ? json_dumps(value, JSON_COMPACT) : NULL;

	if (text != NULL)
		reply_bytes(request, status,
		    status < 400 ? "application/json"
				 : "application/problem+json",
		    (struct bytes){(const uint8_t *)text, strlen(text)});
	else
		reply_text(
		    request, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(value);
}

/* A reason may repeat what the client sent, and that need not be UTF-8. */
static json_t *
detail_json(const char *detail)
{
	char quoted[sizeof(struct reason)];
	json_t *text = json_string(detail);

	return text != NULL
		   ? text
		   : json_string(log_quote(quoted, sizeof(quoted), detail));
}

void
admin_problem(struct request *request, unsigned int status, const char *detail)
{
	reply_json(request, status,
	    json_pack("{ss si ss so}", "type", "about:blank", "status",
		(int)status, "title", MHD_get_reason_phrase_for(status),
		"detail", detail_json(detail)));
}

void
reply_error(struct request *request, int err, const struct reason *why)
{
	unsigned int status = err == -ERR_REFUSED
				  ? MHD_HTTP_UNPROCESSABLE_CONTENT
				  : status_of(err);

	if (status >= MHD_HTTP_INTERNAL_SERVER_ERROR)
		log_error("request failed", "request=%s path=%s error=\"%s\"",
		    request->id, request->route->path, err_text(err));
	admin_problem(request, status,
	    why != NULL && why->text[0] != '\0' ? why->text : err_text(err));
}

void
reply_items(struct request *request, json_t *items, int err)
{
	if (err == 0) {
		reply_json(request, MHD_HTTP_OK,
		    json_pack("{so sn}", "items", items, "next"));
		return;
	}
	json_decref(items);
	reply_error(request, err, NULL);
}

static const char *
unknown_member(json_t *object, const char *const *keys)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		size_t i = 0;

		while (keys[i] != NULL && strcmp(keys[i], name) != 0)
			i++;
		if (keys[i] == NULL)
			return name;
	}
	return NULL;
}

int
json_body_read(json_t **out, struct bytes body, const char *const *keys,
    struct reason *why)
{
	json_error_t error;
	json_t *object = json_loadb(
	    (const char *)body.data, body.len, JSON_REJECT_DUPLICATES, &error);
	const char *unknown;
	char quoted[100];
	int err = 0;

	if (object == NULL)
		return reason_set(why, -ERR_INVALID,
		    "the body is not JSON: %.120s", error.text);
	unknown = unknown_member(object, keys);
	if (!json_is_object(object))
		err =
		    reason_set(why, -ERR_INVALID, "the body is not an object");
	else if (unknown != NULL)
		err = reason_set(why, -ERR_INVALID, "unknown member %s",
		    log_quote(quoted, sizeof(quoted), unknown));
	if (err == 0)
		*out = object;
	else
		json_decref(object);
	return err;
}

json_t *
request_json(struct request *request, const char *const *keys)
{
	const struct buf *body = &request->body;
	struct reason why = {""};
	json_t *object;

	if (body->len == 0)
		return json_object();
	if (json_body_read(&object,
		(struct bytes){(const uint8_t *)body->data, body->len}, keys,
		&why) == 0)
		return object;
	admin_problem(request, MHD_HTTP_BAD_REQUEST, why.text);
	return NULL;
}

int
json_copy_text(char *out, size_t size, const json_t *object, const char *key,
    const char *fallback, struct reason *why)
{
	const json_t *value = json_object_get(object, key);
	const char *text = value != NULL && !json_is_null(value)
			       ? json_string_value(value)
			       : fallback;

	if (text == NULL)
		return reason_set(why, -ERR_INVALID, "%s: %s", key,
		    value == NULL ? "is missing" : "is not a string");
	/* jansson refuses NUL in strings unless it is told otherwise. */
	if (str_format(out, size, "%s", text) != 0)
		return reason_set(why, -ERR_INVALID,
		    "%s: longer than %zu characters", key, size - 1);
	return 0;
}

int
json_copy_number(int64_t *out, const json_t *object, const char *key,
    int64_t min, int64_t max, int64_t fallback, struct reason *why)
{
	const json_t *value = json_object_get(object, key);
	int64_t n = fallback;

	if (value != NULL && !json_is_null(value)) {
		if (!json_is_integer(value))
			return reason_set(
			    why, -ERR_INVALID, "%s: is not an integer", key);
		n = json_integer_value(value);
		if (n < min || n > max)
			return reason_set(why, -ERR_INVALID,
			    "%s: %lld is not between %lld and %lld", key,
			    (long long)n, (long long)min, (long long)max);
	}
	*out = n;
	return 0;
}

int
json_copy_bool(bool *out, const json_t *object, const char *key, bool fallback,
    struct reason *why)
{
	const json_t *value = json_object_get(object, key);

	if (value != NULL && !json_is_boolean(value))
		return reason_set(
		    why, -ERR_INVALID, "%s: is neither true nor false", key);
	*out = value != NULL ? json_is_true(value) : fallback;
	return 0;
}

int
listing_add(struct listing *listing, int64_t id, json_t *item)
{
	if (++listing->n > listing->limit) {
		json_decref(item);
		return 0;
	}
	listing->last_id = id;
	return json_array_append_new(listing->items, item) == 0 ? 0
								: -ERR_NOMEM;
}

void
reply_listing(struct request *request, struct listing *listing, int err)
{
	json_t *next = NULL;

	if (err != 0) {
		json_decref(listing->items);
		reply_error(request, err, NULL);
		return;
	}
	if (listing->n > listing->limit)
		next = json_sprintf("%lld", (long long)listing->last_id);
	reply_json(request, MHD_HTTP_OK,
	    json_pack("{so so}", "items", listing->items, "next",
		next != NULL ? next : json_null()));
}

json_t *
json_time(int64_t time)
{
	char text[RFC3339_LEN];

	if (time == 0)
		return json_null();
	rfc3339_format(text, time);
	return json_string(text);
}

void
actor_name(char out[64], const struct request *request)
{
	if (request->conn->kind == LISTENER_ADMIN_TLS)
		snprintf(out, 64, "token %s", request->token);
	else
		snprintf(out, 64, "uid %u", (unsigned int)request->peer->uid);
}

void
actor_source(char out[IP_TEXT_MAX], const struct request *request)
{
	out[0] = '\0';
	if (request->peer->ip.len != 0)
		ip_format(out, &request->peer->ip);
}

bool
request_page(struct request *request, int64_t *limit, int64_t *cursor)
{
	const char *limit_text = request_query(request, "limit");
	const char *cursor_text = request_query(request, "cursor");

	*limit = PAGE_DEFAULT;
	*cursor = 0;
	if ((limit_text != NULL &&
		(parse_number(limit, limit_text, PAGE_MAX) != 0 ||
		    *limit == 0)) ||
	    (cursor_text != NULL &&
		parse_number(cursor, cursor_text, INT64_MAX) != 0)) {
		admin_problem(request, MHD_HTTP_BAD_REQUEST,
		    "limit is 1 to 1000, cursor what an earlier list gave as "
		    "next");
		return false;
	}
	return true;
}
