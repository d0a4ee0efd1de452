#include "registrar/manufacturer_change.h"

#include <string.h>

#include "base/clock.h"
#include "registrar/internal.h"
#include "registrar/manufacturer_check.h"

/* What an entry has where nothing is given. */
static const struct manufacturer defaults = {.name = "",
    .policy = "ask",
    .serials = "",
    .serial_source = "subject",
    .serial_pattern = "",
    .anchors = "",
    .masa_url = "",
    .masa_hosts = "",
    .masa_tls_anchors = "",
    .voucher_anchors = "",
    .masa_credential = "",
    .cose_type = "application/voucher+cose",
    .known_domains = "",
    .nonceless = "own",
    .enrollment = "allow",
    .allow_names = ""};

/* The values that are given, over what row has. */
static void
overlay(struct manufacturer *row, const struct maker_change *c)
{
	struct manufacturer given = c->values;

	for (size_t i = 0; i < MANUFACTURER_TEXTS; i++)
		if (*manufacturer_text(&given, i) != NULL)
			*manufacturer_text(row, i) =
			    *manufacturer_text(&given, i);
	if (given.masa_credential != NULL)
		row->masa_credential = given.masa_credential;
	if (c->gives_private)
		row->masa_private = given.masa_private;
	if (c->gives_base64)
		row->base64_bodies = given.base64_bodies;
	if (c->gives_plain_root)
		row->plain_root = given.plain_root;
	row->changed_at = clock_now();
}

static int
add(struct maker_change *c, struct store_txn *txn)
{
	struct manufacturer row = defaults;
	int err;

	overlay(&row, c);
	row.created_at = row.changed_at;
	err = manufacturer_check(&row, &c->why);
	return err == 0 ? manufacturer_add(txn, &row, c->actor) : err;
}

struct changing {
	struct maker_change *change;
	struct store_txn *txn;
	bool found;
};

static int
change_found(void *arg, const struct manufacturer *m)
{
	struct changing *changing = arg;
	struct maker_change *c = changing->change;
	struct manufacturer row = *m;
	int err;

	if (changing->found || strcmp(m->name, c->values.name) != 0)
		return 0;
	changing->found = true;
	overlay(&row, c);
	err = manufacturer_check(&row, &c->why);
	return err == 0 ? manufacturer_change(changing->txn, &row, c->actor)
			: err;
}

static int
change(struct maker_change *c, struct store_txn *txn)
{
	struct changing changing = {.change = c, .txn = txn};
	int err = manufacturer_load(txn, change_found, &changing);

	return err == 0 && !changing.found ? -ERR_NOT_FOUND : err;
}

static int
run(struct store_job *job, struct store_txn *txn)
{
	struct maker_change *c = CONTAINER_OF(job, struct maker_change, job);
	int err;

	switch (c->kind) {
	case MAKER_ADD:
		err = add(c, txn);
		break;
	case MAKER_CHANGE:
		err = change(c, txn);
		break;
	case MAKER_REMOVE:
	default:
		err = manufacturer_remove(
		    txn, c->values.name, clock_now(), c->actor);
		break;
	}
	return err == 0 ? maker_list_load(&c->list, txn, &c->why) : err;
}

static void
explain(struct maker_change *c)
{
	const char *name = c->values.name;

	if (c->result == -ERR_NOT_FOUND)
		reason_set(&c->why, c->result, "no manufacturer '%.64s'", name);
	else if (c->result == -ERR_EXISTS && c->kind == MAKER_REMOVE)
		reason_set(&c->why, c->result,
		    "devices of '%.64s' are known here: set its policy to "
		    "refuse instead",
		    name);
	else if (c->result == -ERR_EXISTS)
		reason_set(&c->why, c->result,
		    "the manufacturer '%.64s' exists already", name);
	else if (c->why.text[0] == '\0')
		reason_set(&c->why, c->result, "%s", err_text(c->result));
}

static void
change_done(struct store_job *job)
{
	struct maker_change *c = CONTAINER_OF(job, struct maker_change, job);

	c->result = job->result;
	if (c->result == 0) {
		maker_cache_publish(&c->registrar->makers, STEAL(c->list));
	} else {
		maker_list_unref(STEAL(c->list));
		explain(c);
	}
	c->done(c);
}

int
registrar_maker_change(struct maker_change *change)
{
	int err;

	change->job = (struct store_job){.run = run, .done = change_done};
	err = store_submit(change->registrar->config.store, &change->job);
	if (err != 0)
		reason_set(&change->why, err, "%s", err_text(err));
	return err;
}
