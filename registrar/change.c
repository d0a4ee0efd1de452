#include "registrar/change.h"

#include "base/clock.h"
#include "db/dns_server.h"
#include "db/identity.h"
#include "db/token.h"
#include "registrar/internal.h"

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
	else if (c->result < 0)
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
