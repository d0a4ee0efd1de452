/* GET /audit/verify: reads the whole log, on the auditor's thread. */
#include "server/admin.h"

#include <microhttpd.h>

#include "server/admin_json.h"
#include "server/app.h"

struct verify_pending {
	struct pending pending;
	struct audit_check check;
};

static void
verify_free(struct pending *pending)
{
	free(CONTAINER_OF(pending, struct verify_pending, pending));
}

static void
verify_answer(struct request *request, struct pending *pending)
{
	const struct audit_check *check =
	    &CONTAINER_OF(pending, struct verify_pending, pending)->check;
	const struct audit_report *r = &check->report;
	json_t *verdict;

	if (check->result != 0) {
		reply_error(request, check->result, NULL);
		return;
	}
	verdict = json_pack("{sb sI sI sI sI so}", "whole", !r->broken, "rows",
	    (json_int_t)r->n_rows, "checkpoints", (json_int_t)r->n_checkpoints,
	    "last_row", (json_int_t)r->last_id, "signed_row",
	    (json_int_t)r->signed_id, "signed_at", json_time(r->signed_at));
	if (r->broken) {
		json_object_set_new(
		    verdict, "reason", json_string(r->why.text));
		json_object_set_new(verdict, "row",
		    r->broken_id != 0 ? json_integer(r->broken_id)
				      : json_null());
	}
	reply_json(request, MHD_HTTP_OK, verdict);
}

static void
verify_done(struct audit_check *check)
{
	pending_complete(
	    &CONTAINER_OF(check, struct verify_pending, check)->pending);
}

void
admin_audit_verify(struct request *request)
{
	struct verify_pending *p = calloc(1, sizeof(*p));
	int err = p != NULL ? 0 : -ERR_NOMEM;

	if (err == 0) {
		p->pending.answer = verify_answer;
		p->pending.free = verify_free;
		p->check.auditor = request->app->auditor;
		p->check.done = verify_done;
		request_prepare(request, &p->pending);
		err = auditor_check(&p->check);
	}
	if (err == 0) {
		request_wait(request, &p->pending);
		return;
	}
	free(p);
	reply_error(request, err, NULL);
}
