#include "tests/unit/cmocka.h"

#include <string.h>

#include "db/audit.h"
#include "db/token.h"
#include "tests/unit/db/support.h"

#define T0 1700000000

static int
add_run(struct store_txn *txn, void *arg)
{
	return token_add(txn, arg);
}

static int
add(struct fixture *f, const char *token_id, const char *name)
{
	struct token token = {.token_id = token_id,
	    .name = name,
	    .scope = TOKEN_OPERATE,
	    .created_at = T0,
	    .created_by = "uid 0",
	    .expires_at = T0 + 100};

	memset(token.secret_sha256, 7, sizeof(token.secret_sha256));
	return in_txn(f->store, add_run, &token);
}

static int
remove_run(struct store_txn *txn, void *arg)
{
	(void)arg;
	return token_remove(txn, "ops", T0 + 1, "token boss");
}

struct use {
	int64_t id, now;
};

static int
use_run(struct store_txn *txn, void *arg)
{
	const struct use *use = arg;

	return token_note_use(txn, use->id, use->now);
}

struct found {
	char names[64];
	struct token token; /* texts are not kept */
	int n;
};

static int
keep(void *arg, const struct token *token)
{
	struct found *found = arg;

	strcat(strcat(found->names, token->name), " ");
	found->token = *token;
	found->n++;
	return 0;
}

static struct found
get(struct fixture *f, const char *token_id, int expected)
{
	struct found found = {.n = 0};

	assert_int_equal(
	    expected, token_get(f->reader, token_id, keep, &found));
	return found;
}

static void
test_life(void **state)
{
	struct fixture *f = *state;
	struct found found = {.n = 0};

	assert_int_equal(0, add(f, "aa", "ops"));
	assert_int_equal(0, add(f, "bb", "web"));
	assert_int_equal(-ERR_EXISTS, add(f, "cc", "ops"));
	assert_int_equal(-ERR_EXISTS, add(f, "aa", "new"));
	assert_int_equal(0, token_list(f->reader, keep, &found));
	assert_string_equal("ops web ", found.names);

	found = get(f, "aa", 0);
	assert_string_equal("ops ", found.names);
	assert_int_equal(TOKEN_OPERATE, found.token.scope);
	assert_int_equal(7, found.token.secret_sha256[31]);
	assert_int_equal(T0, found.token.created_at);
	assert_int_equal(T0 + 100, found.token.expires_at);
	assert_int_equal(TOKEN_NEVER, found.token.last_used_at);
	get(f, "a", -ERR_NOT_FOUND);
	get(f, "ops", -ERR_NOT_FOUND);

	assert_int_equal(0, in_txn(f->store, remove_run, NULL));
	get(f, "aa", -ERR_NOT_FOUND);
	assert_int_equal(-ERR_NOT_FOUND, in_txn(f->store, remove_run, NULL));
	/* A name is free again; an id is not. */
	assert_int_equal(0, add(f, "dd", "ops"));
	assert_int_equal(3, get(f, "dd", 0).token.id);
	assert_int_equal(
	    3, sql_number(f->path,
		   "SELECT count(*) FROM audit WHERE event = 'token.add'"
		   " AND actor = 'uid 0' AND detail = 'operate'"));
	assert_int_equal(
	    1, sql_number(f->path,
		   "SELECT count(*) FROM audit WHERE event = 'token.remove'"
		   " AND actor = 'token boss' AND subject = 'ops'"));
}

/* At most once a minute. */
static void
test_last_use(void **state)
{
	static const struct {
		int64_t at, recorded;
	} uses[] = {{T0, T0}, {T0 + 59, T0}, {T0 + 60, T0 + 60},
	    {T0 + 60, T0 + 60}, {T0 + 200, T0 + 200}, {T0, T0 + 200}};
	struct fixture *f = *state;

	assert_int_equal(0, add(f, "aa", "ops"));
	for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
		struct use use = {.id = 1, .now = uses[i].at};

		assert_int_equal(0, in_txn(f->store, use_run, &use));
		assert_int_equal(
		    uses[i].recorded, get(f, "aa", 0).token.last_used_at);
	}
}

static int
remove_job_run(struct store_job *job, struct store_txn *txn)
{
	(void)job;
	return token_remove(txn, "ops", T0, "token boss");
}

/* A job's source is that of its audit rows, and of no other job's. */
static void
test_source(void **state)
{
	struct fixture *f = *state;
	struct store_job job = {.run = remove_job_run, .source = "192.0.2.7"};

	assert_int_equal(0, add(f, "aa", "ops"));
	assert_int_equal(0, store_apply(f->store, &job));
	assert_int_equal(0, add(f, "bb", "ops"));
	assert_int_equal(1, sql_number(f->path, "SELECT count(*) FROM audit"
						" WHERE source = '192.0.2.7'"
						" AND event = 'token.remove'"));
	assert_int_equal(
	    2, sql_number(
		   f->path, "SELECT count(*) FROM audit WHERE source = ''"));
}

static void
test_scopes(void **state)
{
	enum token_scope scope;

	(void)state;
	for (int i = TOKEN_READ; i <= TOKEN_ADMIN; i++) {
		assert_int_equal(0, token_scope_parse(&scope,
					token_scope_name((enum token_scope)i)));
		assert_int_equal(i, scope);
	}
	assert_null(token_scope_name((enum token_scope)0));
	assert_null(token_scope_name((enum token_scope)4));
	assert_int_equal(-ERR_INVALID, token_scope_parse(&scope, ""));
	assert_int_equal(-ERR_INVALID, token_scope_parse(&scope, "Admin"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_life), T(test_last_use),
	    T(test_source), cmocka_unit_test(test_scopes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
