#include "registrar/change.h"

#include "base/clock.h"
#include "base/str.h"
#include "db/approval.h"
#include "db/dns_server.h"
#include "db/identity.h"
#include "db/token.h"
#include "registrar/device.h"
#include "registrar/internal.h"

/* Of what is known by a number. */
static int
change_by_id(struct change *c, struct store_txn *txn, int64_t now)
{
	int64_t id;
	int err;

	if (parse_number(&id, c->name, INT64_MAX) != 0)
		return -ERR_NOT_FOUND;
	if (!str_is_printable(c->reason))
		return reason_set(&c->why, -ERR_INVALID,
		    "reason: has characters outside printable ASCII");
	switch (c->kind) {
	case CHANGE_DEVICE_REFUSE:
		return device_refuse(txn, id, c->reason, now, c->actor);
	case CHANGE_DEVICE_ACCEPT:
		return device_accept(txn, id, now, c->actor);
	default:
		break;
	}
	err = approval_decide(txn, id, c->kind == CHANGE_REQUEST_APPROVE,
	    c->reason, now, c->actor);
	return err == APPROVAL_DECIDED
		   ? reason_set(&c->why, -ERR_REFUSED,
			 "request %s was decided before, the other way",
			 c->name)
		   : err;
}

static int
change_run(struct store_job *job, struct store_txn *txn)
{
	struct change *c = CONTAINER_OF(job, struct change, job);
	const char *label = c->label[0] != '\0' ? c->label : NULL;
	const char *serial = c->serial[0] != '\0' ? c->serial : NULL;
	int64_t now = clock_now();

	switch (c->kind) {
	case CHANGE_IDENTITY_REMOVE:
		return identity_remove(txn, c->name, now, c->actor);
	case CHANGE_IDENTITY_UNLOCK:
		return identity_unlock(txn, c->name, now, c->actor);
	case CHANGE_IDENTITY_DISABLE:
		return identity_disable(txn, c->name, now, c->actor);
	case CHANGE_IDENTITY_ENABLE:
		return identity_enable(txn, c->name, now, c->actor);
	case CHANGE_TOKEN_REMOVE:
		return token_remove(txn, c->name, now, c->actor);
	case CHANGE_DNS_PROMOTE:
		return dns_server_promote(txn, c->name, label, now, c->actor);
	case CHANGE_DNS_RETIRE:
		return dns_server_retire(
		    txn, c->name, label, serial, now, c->actor);
	case CHANGE_DEVICE_REFUSE:
	case CHANGE_DEVICE_ACCEPT:
	case CHANGE_REQUEST_APPROVE:
	case CHANGE_REQUEST_DENY:
		return change_by_id(c, txn, now);
	}
	return -ERR_INVALID;
}

static void
change_done(struct store_job *job)
{
	struct change *c = CONTAINER_OF(job, struct change, job);

	basic_forget(c->registrar, 0);
	c->result = job->result;
	if (c->result == IDENTITY_AMBIGUOUS)
		c->result = reason_set(&c->why, -ERR_REFUSED,
		    "several identities are named '%.100s': give the identity, "
		    "the first 8 characters of its code",
		    c->name);
	else if (c->result == -ERR_NOT_FOUND)
		reason_set(&c->why, c->result,
		    c->kind == CHANGE_DNS_PROMOTE
			? "no next certificate for '%.100s'"
			: "no '%.100s'",
		    c->name);
	else if (c->result < 0 && c->why.text[0] == '\0')
		reason_set(&c->why, c->result, "%s", err_text(c->result));
	c->done(c);
}

int
registrar_change(struct change *change)
{
	int err;

	change->job = (struct store_job){
	    .run = change_run, .done = change_done, .source = change->source};
	err = store_submit(change->registrar->config.store, &change->job);
	if (err != 0)
		reason_set(&change->why, err, "%s", err_text(err));
	return err;
}
