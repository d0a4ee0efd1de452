#include "registrar/claim.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "db/srp.h"
#include "registrar/internal.h"
#include "registrar/refusal.h"

static void
wipe(struct claim *claim)
{
	explicit_bzero(&claim->record, sizeof(claim->record));
	explicit_bzero(&claim->srp_verifier, sizeof(claim->srp_verifier));
}

static int
take_id(void *arg, const struct identity *identity)
{
	((struct claim *)arg)->identity_id = identity->id;
	return 0;
}

static int
start_run(struct store_job *job, struct store_txn *txn)
{
	struct claim *claim = CONTAINER_OF(job, struct claim, job);
	/* An identity that asks for another server is claimed as nobody. */
	const char *wire_name =
	    claim->server_name_matches ? claim->identity : "";
	int outcome;

	if (claim->srp)
		outcome = srp_claim(txn, &claim->srp_verifier, &claim->record,
		    wire_name, clock_now());
	else
		outcome =
		    identity_claim(txn, &claim->record, wire_name, clock_now());
	if (outcome != CLAIM_GRANTED)
		return outcome;
	return identity_get_by_wire_name(
	    store_txn_reader(txn), wire_name, take_id, claim);
}

static void
start_done(struct store_job *job)
{
	struct claim *claim = CONTAINER_OF(job, struct claim, job);

	claim->granted = job->result == CLAIM_GRANTED;
	if (!claim->granted)
		wipe(claim);
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
	return (claim->srp ? identity_confirm_srp : identity_confirm)(
	    txn, claim->identity, &claim->record, clock_now(), source);
}

/* Only what is committed counts. */
static void
confirm_done(struct store_job *job)
{
	struct claim *claim = CONTAINER_OF(job, struct claim, job);

	claim->confirmed = job->result == 0;
	wipe(claim);
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
	wipe(claim);
	return CLAIM_ANSWERED;
}

const char *
claim_outcome_text(enum claim_outcome outcome)
{
	switch (outcome) {
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
	case CLAIM_DISABLED:
		return "disabled by the administrator";
	case CLAIM_NO_SRP:
		return "no TLS-SRP for this identity: its password was chosen, "
		       "or srp.enabled was off when it was made";
	case CLAIM_DAMAGED:
		return "its record is damaged";
	}
	return "refused";
}

static const char *
refusal_detail(const struct claim *claim)
{
	return claim->server_name_matches ? claim_outcome_text(claim->outcome)
					  : "asked for another server name";
}

void
claim_refuse(struct claim *claim)
{
	/* A name that nobody has may be a mistyped secret: it is not kept. */
	bool is_known =
	    claim->server_name_matches && claim->outcome != CLAIM_UNKNOWN;
	const struct refusal refusal = {
	    .event = claim->srp ? "srp.refused" : "pake.refused",
	    .detail = refusal_detail(claim),
	    .identity = is_known ? claim->identity : "",
	    .source = &claim->source,
	    .wrong_guess =
		claim->server_name_matches && claim->outcome == CLAIM_GRANTED,
	    .suppressed = claim->suppressed};
	char source[IP_TEXT_MAX];

	wipe(claim);
	ip_format(source, &claim->source);
	if (claim->limited) {
		/* Counted in the bucket; the source's next attempt that is
		 * allowed brings it to the audit log. */
		log_debug("PAKE refused by the rate limit", "source=%s srp=%d",
		    source, claim->srp);
		return;
	}
	log_warn(claim->srp ? "TLS-SRP refused" : "PAKE refused",
	    "source=%s reason=\"%s\"", source, refusal.detail);
	refusal_record(claim->registrar, &refusal);
}
