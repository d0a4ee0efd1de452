#include "tests/unit/db/identity_support.h"

#include "tests/unit/cmocka.h"

#include <stdio.h>
#include <string.h>

int
add_run(struct store_txn *txn, void *arg)
{
	const struct add *add = arg;

	return identity_add(txn, &add->identity, &add->record, "uid 0");
}

void
record_of(struct verifier *out, uint8_t generation)
{
	memset(out->w0, 1, sizeof(out->w0));
	memset(out->l, 2, sizeof(out->l));
	memset(out->w0m, generation, sizeof(out->w0m));
	memset(out->w0n, 4, sizeof(out->w0n));
}

int
add_identity(struct fixture *f, struct identity identity)
{
	struct add add = {.identity = identity};

	if (add.identity.name == NULL)
		add.identity.name = "label";
	add.identity.kind = "code";
	add.identity.profile = "endpoint";
	add.identity.allow_names = "";
	add.identity.created_at = T0;
	record_of(&add.record, FIRST_RECORD);
	return in_txn(f->store, add_run, &add);
}

void
add_alice(struct fixture *f, int64_t guesses, int64_t uses)
{
	assert_int_equal(
	    0, add_identity(f, (struct identity){.wire_name = "alice",
				   .uses_left = uses,
				   .guesses_max = guesses}));
}

int
claim_run(struct store_txn *txn, void *arg)
{
	struct claim *c = arg;

	return identity_claim(txn, &c->record, c->wire_name, c->now);
}

int
wrong_run(struct store_txn *txn, void *arg)
{
	struct claim *c = arg;
	int outcome = claim_run(txn, c);

	return outcome != CLAIM_GRANTED ? outcome
					: identity_note_wrong(txn, c->wire_name,
					      c->now, c->backoff_max);
}

int
claim(struct fixture *f, const char *wire_name, int64_t now)
{
	struct claim c = {
	    .wire_name = wire_name, .now = now, .backoff_max = BACKOFF_MAX};

	return in_txn(f->store, claim_run, &c);
}

int
wrong(struct fixture *f, const char *wire_name, int64_t now)
{
	struct claim c = {
	    .wire_name = wire_name, .now = now, .backoff_max = BACKOFF_MAX};

	return in_txn(f->store, wrong_run, &c);
}

int
confirm_run(struct store_txn *txn, void *arg)
{
	struct claim *c = arg;

	return identity_confirm(txn, c->wire_name, &c->record, T0, "192.0.2.1");
}

int
confirm(struct fixture *f, const char *wire_name)
{
	struct claim c = {.wire_name = wire_name};

	record_of(&c.record, FIRST_RECORD);
	return in_txn(f->store, confirm_run, &c);
}

int
remove_run(struct store_txn *txn, void *arg)
{
	return identity_remove(txn, arg, T0, "uid 0");
}

int
by_name(struct fixture *f, txn_fn fn, const char *name)
{
	char copy[64];

	snprintf(copy, sizeof(copy), "%s", name);
	return in_txn(f->store, fn, copy);
}

struct lookup {
	const char *wire_name;
	struct identity found; /* its numbers only */
	bool there;
};

static int
look(void *arg, const struct identity *identity)
{
	struct lookup *l = arg;

	if (strcmp(identity->wire_name, l->wire_name) != 0)
		return 0;
	l->found = *identity;
	l->there = true;
	return 0;
}

struct identity
get(struct fixture *f, const char *wire_name)
{
	struct lookup l = {.wire_name = wire_name};

	assert_int_equal(0, identity_list(f->reader, look, &l));
	assert_true(l.there);
	return l.found;
}

int64_t
count(struct fixture *f, const char *sql)
{
	return sql_number(f->path, sql);
}
