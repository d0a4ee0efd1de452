#include "registrar/refusal.h"

#include <stdio.h>

#include "base/clock.h"
#include "db/audit.h"
#include "db/identity.h"
#include "registrar/claim.h"
#include "registrar/internal.h"

struct refusal_job {
	struct store_job job;
	char identity[CLAIM_IDENTITY_MAX];
	char source[IP_TEXT_MAX];
	const char *event, *detail;
	bool wrong_guess;
	int64_t backoff_max_s;
	int64_t suppressed;
};

static int
refusal_run(struct store_job *job, struct store_txn *txn)
{
	struct refusal_job *r = CONTAINER_OF(job, struct refusal_job, job);
	struct audit_row row = {
	    .event = r->event, .subject = "", .source = r->source};
	int64_t now = clock_now();
	int err = 0;

	if (r->suppressed != 0) {
		row.detail = "too many attempts";
		err = audit_add_refusal(txn, now, r->suppressed, &row);
	}
	row.subject = r->identity;
	row.detail = r->detail;
	if (err == 0 && r->wrong_guess)
		err = identity_note_wrong(
		    txn, r->identity, now, r->backoff_max_s);
	return err == 0 ? audit_add_refusal(txn, now, 1, &row) : err;
}

static void
refusal_done(struct store_job *job)
{
	free(CONTAINER_OF(job, struct refusal_job, job));
}

void
refusal_record(struct registrar *registrar, const struct refusal *refusal)
{
	struct refusal_job *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return;
	r->job = (struct store_job){.run = refusal_run, .done = refusal_done};
	snprintf(r->identity, sizeof(r->identity), "%s", refusal->identity);
	ip_format(r->source, refusal->source);
	r->event = refusal->event;
	r->detail = refusal->detail;
	r->wrong_guess = refusal->wrong_guess;
	r->backoff_max_s = registrar->config.backoff_max_s;
	r->suppressed = refusal->suppressed;
	if (store_submit(registrar->config.store, &r->job) != 0)
		free(r);
}
