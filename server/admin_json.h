/* JSON in and out of the administrators' API. */
#ifndef SERVER_ADMIN_JSON_H
#define SERVER_ADMIN_JSON_H

#include <jansson.h>

#include "server/request.h"

/* Takes value; NULL becomes 500. */
void reply_json(struct request *request, unsigned int status, json_t *value);
/* A whole list as {"items": [...], "next": null}, or the problem for err. Takes
 * items. */
void reply_items(struct request *request, json_t *items, int err);
/* The problem for an error, with why as its detail. A refusal by a rule is 422:
 * the request was understood and its content is not allowed. */
void reply_error(struct request *request, int err, const struct reason *why);

/* A body as an object, strictly: duplicates are refused, and so are members
 * that are not among keys (NULL-terminated). The caller decrefs. */
int json_body_read(json_t **out, struct bytes body, const char *const *keys,
    struct reason *why) NODISCARD;
/* The same of the request's body; an empty one is an empty object. NULL after
 * replying. */
json_t *request_json(struct request *request, const char *const *keys);
/* Copies a member that must be a string of fitting size; fallback (may be NULL:
 * required) if it is absent. */
int json_copy_text(char *out, size_t size, const json_t *object,
    const char *key, const char *fallback, struct reason *why) NODISCARD;
int json_copy_number(int64_t *out, const json_t *object, const char *key,
    int64_t min, int64_t max, int64_t fallback, struct reason *why) NODISCARD;

int json_copy_bool(bool *out, const json_t *object, const char *key,
    bool fallback, struct reason *why) NODISCARD;

/* RFC 3339 time, or null for 0. */
json_t *json_time(int64_t time);

/* Who administers, for the audit log: "uid 0", "token NAME"; and from where: ""
 * on this host. */
void actor_name(char out[64], const struct request *request);
void actor_source(char out[IP_TEXT_MAX], const struct request *request);

/* A list that is read page by page: each item goes through listing_add(), which
 * takes it, and one more than the limit is asked for, to know whether there is
 * a next page. */
struct listing {
	json_t *items;
	int64_t limit, n, last_id;
};

int listing_add(struct listing *listing, int64_t id, json_t *item) NODISCARD;
/* Replies with the list, or the problem for err, and frees the items. */
void reply_listing(struct request *request, struct listing *listing, int err);

/* limit and cursor of a list request; replies and returns false if they are
 * malformed. */
bool request_page(struct request *request, int64_t *limit, int64_t *cursor);

#endif
