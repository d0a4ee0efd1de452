#include "registrar/approval.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "registrar/internal.h"

/* [RFC7030 4.2.3] Spread by the key, so that those who asked at the same
 * moment do not all come back at the same. */
#define RETRY_MIN_S 30
#define RETRY_SPREAD_S 31

static int
look(void *arg, const struct approval *approval)
{
	struct approval_request *r = arg;

	if (strcmp(approval->state, "approved") == 0)
		r->result = 0;
	else if (strcmp(approval->state, "denied") == 0)
		r->result = reason_set(&r->why, APPROVAL_DENIED,
		    "denied by the administrator%s%s",
		    approval->reason[0] != '\0' ? ": " : "", approval->reason);
	else
		r->result = reason_set(&r->why, APPROVAL_WAITING,
		    "request %lld waits for the administrator's approval",
		    (long long)approval->id);
	return r->result;
}

static int
ask_run(struct store_job *job, struct store_txn *txn)
{
	struct approval_request *r =
	    CONTAINER_OF(job, struct approval_request, job);
	char source[IP_TEXT_MAX];
	struct approval approval = {.kind = r->kind,
	    .subject = r->subject,
	    .source = source,
	    .identity_id = r->identity_id,
	    .device_id = r->device_id};

	ip_format(source, &r->source);
	memcpy(approval.key, r->key, sizeof(approval.key));
	return approval_ask(txn, &approval, clock_now(), look, r);
}

static void
ask_done(struct store_job *job)
{
	struct approval_request *r =
	    CONTAINER_OF(job, struct approval_request, job);

	r->result = job->result;
	if (r->result == APPROVAL_WAITING)
		r->retry_after_s = RETRY_MIN_S + r->key[0] % RETRY_SPREAD_S;
	else if (r->result == -ERR_BUSY)
		reason_set(&r->why, r->result,
		    "too many requests wait for the administrator's approval");
	else if (r->result < 0)
		reason_set(&r->why, r->result, "%s", err_text(r->result));
	r->done(r);
}

int
approval_request(struct approval_request *request)
{
	int err;

	request->job = (struct store_job){.run = ask_run, .done = ask_done};
	err = store_submit(request->registrar->config.store, &request->job);
	if (err != 0)
		reason_set(&request->why, err, "%s", err_text(err));
	return err;
}
