/* Requests that wait for a person. */
#include "server/admin.h"

#include <microhttpd.h>
#include <string.h>

#include "db/approval.h"
#include "server/admin_change.h"
#include "server/admin_json.h"

static int
add_request(void *arg, const struct approval *a)
{
	return listing_add(arg, a->id,
	    json_pack("{sI ss ss ss ss ss so so ss}", "id", (json_int_t)a->id,
		"kind", a->kind, "subject", a->subject, "source", a->source,
		"state", a->state, "reason", a->reason, "created_at",
		json_time(a->created_at), "decided_at",
		json_time(a->decided_at), "decided_by", a->decided_by));
}

void
admin_request_list(struct request *request)
{
	const char *state = request_query(request, "state");
	bool all = state != NULL && strcmp(state, "all") == 0;
	struct listing l = {.items = NULL};
	int64_t cursor;
	int err;

	if (state != NULL && !all && strcmp(state, "waiting") != 0) {
		admin_problem(request, MHD_HTTP_BAD_REQUEST,
		    "state is waiting (the default) or all");
		return;
	}
	if (!request_page(request, &l.limit, &cursor))
		return;
	l.items = json_array();
	err = approval_list(
	    request->reader, all, cursor, l.limit + 1, add_request, &l);
	reply_listing(request, &l, err);
}

void
admin_request_approve(struct request *request)
{
	admin_change(request, CHANGE_REQUEST_APPROVE);
}

void
admin_request_deny(struct request *request)
{
	admin_change(request, CHANGE_REQUEST_DENY);
}
