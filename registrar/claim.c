#include "registrar/claim.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/audit.h"
#include "registrar/internal.h"

static int
start_run(struct store_job *job, struct store_txn *txn)
{
	struct claim *claim = CONTAINER_OF(job, struct claim, job);
	/* An identity that asks for another server is claimed as nobody. */
	const char *wire_name =
	    claim->server_name_matches ? claim->identity : "";

	return identity_claim(txn, &claim->record, wire_name, clock_now());
}

static void
start_done(struct store_job *job)
{
	struct claim *claim = CONTAINER_OF(job, struct claim, job);

	claim->granted = job->result == CLAIM_GRANTED;
	if (!claim->granted)
		explicit_bzero(&claim->record, sizeof(claim->record));
	claim->outcome =
	    job->result >= 0 ? (enum claim_outcome)job->result : CLAIM_UNKNOWN;
	claim->done(claim);
}

int
claim_start(struct claim *claim)
{
	claim->granted = false;
	claim->outcome = CLAIM_UNKNOWN;
	claim->limited = !limits_take(claim->registrar->limits, &claim->source,
	    clock_monotonic_ms(), &claim->suppressed);
	if (claim->limited)
		return CLAIM_ANSWERED;
	claim->job = (struct store_job){.run = start_run, .done = start_done};
	if (store_submit(claim->registrar->config.store, &claim->job) != 0)
		return CLAIM_ANSWERED;
	return 0;
}

static int
confirm_run(struct store_job *job, struct store_txn *txn)
{
	struct claim *claim = CONTAINER_OF(job, struct claim, job);
	char source[IP_TEXT_MAX];

	ip_format(source, &claim->source);
	return identity_confirm(
	    txn, claim->identity, &claim->record, clock_now(), source);
}

/* Only what is committed counts. */
static void
confirm_done(struct store_job *job)
{
	struct claim *claim = CONTAINER_OF(job, struct claim, job);

	claim->confirmed = job->result == 0;
	explicit_bzero(&claim->record, sizeof(claim->record));
	claim->done(claim);
}

int
claim_confirm(struct claim *claim)
{
	limits_refill(
	    claim->registrar->limits, &claim->source, clock_monotonic_ms());
	claim->confirmed = false;
	claim->job =
	    (struct store_job){.run = confirm_run, .done = confirm_done};
	if (store_submit(claim->registrar->config.store, &claim->job) == 0)
		return 0;
	explicit_bzero(&claim->record, sizeof(claim->record));
	return CLAIM_ANSWERED;
}

/* A refusal's way into the audit log; nobody waits for it. */
struct refusal {
	struct store_job job;
	char identity[CLAIM_IDENTITY_MAX];
	char source[IP_TEXT_MAX];
	const char *detail;
	bool wrong_guess; /* not one that no record stood behind */
	int64_t backoff_max_s;
	int64_t suppressed;
};

static int
refusal_run(struct store_job *job, struct store_txn *txn)
{
	struct refusal *r = CONTAINER_OF(job, struct refusal, job);
	struct audit_row row = {.event = "pake.refused",
	    .subject = r->identity,
	    .source = r->source,
	    .detail = r->detail};
	int64_t now = clock_now();
	int err = 0;

	if (r->suppressed != 0) {
		row.subject = "";
		row.detail = "too many attempts";
		err = audit_add_refusal(txn, now, r->suppressed, &row);
		row.subject = r->identity;
		row.detail = r->detail;
	}
	if (err == 0 && r->wrong_guess)
		err = identity_note_wrong(
		    txn, r->identity, now, r->backoff_max_s);
	return err == 0 ? audit_add_refusal(txn, now, 1, &row) : err;
}

static void
refusal_done(struct store_job *job)
{
	free(CONTAINER_OF(job, struct refusal, job));
}

static const char *
refusal_detail(const struct claim *claim)
{
	if (!claim->server_name_matches)
		return "asked for another server name";
	switch (claim->outcome) {
	case CLAIM_GRANTED:
		return "wrong password, or the peer gave up";
	case CLAIM_UNKNOWN:
		return "unknown identity";
	case CLAIM_LOCKED:
		return "locked: no guess is left";
	case CLAIM_EXPIRED:
		return "expired";
	case CLAIM_USED_UP:
		return "used up";
	case CLAIM_BACKOFF:
		return "too soon after wrong guesses";
	}
	return "refused";
}

void
claim_refuse(struct claim *claim)
{
	struct refusal *r;
	char source[IP_TEXT_MAX];

	explicit_bzero(&claim->record, sizeof(claim->record));
	ip_format(source, &claim->source);
	if (claim->limited) {
		/* Counted in the bucket; the source's next attempt that is
		 * allowed brings it to the audit log. */
		log_debug(
		    "PAKE refused by the rate limit", "source=%s", source);
		return;
	}
	log_warn("PAKE refused", "source=%s reason=\"%s\"", source,
	    refusal_detail(claim));
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return;
	r->job = (struct store_job){.run = refusal_run, .done = refusal_done};
	/* A name that nobody has may be a mistyped secret: it is not kept. */
	if (claim->server_name_matches && claim->outcome != CLAIM_UNKNOWN)
		snprintf(
		    r->identity, sizeof(r->identity), "%s", claim->identity);
	memcpy(r->source, source, sizeof(source));
	r->detail = refusal_detail(claim);
	r->wrong_guess =
	    claim->server_name_matches && claim->outcome == CLAIM_GRANTED;
	r->backoff_max_s = claim->registrar->config.backoff_max_s;
	r->suppressed = claim->suppressed;
	if (store_submit(claim->registrar->config.store, &r->job) != 0)
		free(r);
}
