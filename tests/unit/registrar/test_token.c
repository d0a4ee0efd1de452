#include "tests/unit/cmocka.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "registrar/token.h"
#include "tests/unit/registrar/support.h"

static struct office *office;

static void
token_done(struct token_add *add)
{
	(void)add;
	sem_post(&office->done);
}

static int
add_token(struct office *o, struct token_add *add, const char *name)
{
	int err;

	memset(add, 0, sizeof(*add));
	strcpy(add->name, name);
	add->scope = TOKEN_OPERATE;
	add->expires_in_s = 3600;
	add->registrar = o->registrar;
	add->done = token_done;
	strcpy(add->actor, "uid 7");
	office = o;
	err = registrar_token_add(add);
	if (err != 0)
		return err;
	sem_wait(&o->done);
	return add->result;
}

static struct ip_addr
source(uint8_t last)
{
	struct ip_addr ip = {.len = 4, .bytes = {192, 0, 2, last}};

	return ip;
}

static int
judge(struct office *o, struct token_holder *holder, const char *text,
    uint8_t last)
{
	struct ip_addr ip = source(last);

	return registrar_token_judge(
	    holder, o->registrar, o->db->reader, text, &ip);
}

static void
test_right(void **state)
{
	struct office *o = *state;
	struct token_holder holder;
	struct token_add add;

	assert_int_equal(0, add_token(o, &add, "ops"));
	assert_int_equal(BEARER_TOKEN_LEN, strlen(add.text));
	assert_int_equal(0, judge(o, &holder, add.text, 1));
	assert_string_equal("ops", holder.name);
	assert_int_equal(TOKEN_OPERATE, holder.scope);
}

static void
test_names(void **state)
{
	static const char *const bad[] = {
	    "", "a b", "a\n", "a\"", "uid 0", "a/b", "\xc3\xa4"};
	struct office *o = *state;
	struct token_add add;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(-ERR_INVALID, add_token(o, &add, bad[i]));
	assert_int_equal(0, add_token(o, &add, "A-z_0.9@home"));
	assert_int_equal(-ERR_EXISTS, add_token(o, &add, "A-z_0.9@home"));
	assert_non_null(strstr(add.why.text, "exists"));
}

/* Right id and another secret, right secret and another id: both are wrong. */
static void
test_wrong(void **state)
{
	struct office *o = *state;
	struct token_holder holder;
	struct token_add a, b;
	char mixed[BEARER_TOKEN_LEN + 1];

	assert_int_equal(0, add_token(o, &a, "a"));
	assert_int_equal(0, add_token(o, &b, "b"));
	memcpy(mixed, a.text, sizeof(mixed));
	memcpy(mixed + 8, b.text + 8, BEARER_ID_LEN);
	assert_int_equal(TOKEN_WRONG, judge(o, &holder, mixed, 1));
	memcpy(mixed + 8, "0000000000000000", BEARER_ID_LEN);
	assert_int_equal(TOKEN_WRONG, judge(o, &holder, mixed, 1));
	assert_int_equal(TOKEN_WRONG, judge(o, &holder, "", 1));
	assert_int_equal(0, judge(o, &holder, b.text, 1));
}

static void
set_expiry(struct office *o, const char *sql)
{
	/* What was queued before holds the file. */
	assert_int_equal(0, pass_writer(o->db->store));
	sql_change(o->db->path, sql);
}

static void
test_expired(void **state)
{
	struct office *o = *state;
	struct token_holder holder;
	struct token_add add;

	assert_int_equal(0, add_token(o, &add, "ops"));
	set_expiry(o, "UPDATE token SET expires_at = 1700000000");
	assert_int_equal(TOKEN_EXPIRED, judge(o, &holder, add.text, 1));
	set_expiry(o, "UPDATE token SET expires_at = NULL");
	assert_int_equal(0, judge(o, &holder, add.text, 1));
}

/* So many wrong ones are recorded one by one, then a source has to wait; a
 * right token passes all the time, and so do other sources'. */
static void
test_limit(void **state)
{
	struct office *o = *state;
	struct token_holder holder;
	struct token_add add;
	int answered = 0;

	assert_int_equal(0, add_token(o, &add, "ops"));
	while (answered < 1000 && judge(o, &holder, "x", 1) == TOKEN_WRONG)
		answered++;
	assert_int_equal(20, answered);
	assert_int_equal(TOKEN_LIMITED, judge(o, &holder, "x", 1));
	assert_int_equal(0, judge(o, &holder, add.text, 1));
	assert_int_equal(TOKEN_WRONG, judge(o, &holder, "x", 2));
	store_stop(o->db->store); /* what was queued is through */
	assert_int_equal(
	    20, sql_number(o->db->path,
		    "SELECT sum(count) FROM audit_shown WHERE event = "
		    "'admin.refused'"
		    " AND source = '192.0.2.1' AND detail = 'wrong token'"));
	assert_int_equal(
	    1, sql_number(o->db->path,
		   "SELECT count(*) FROM audit WHERE event = 'admin.refused'"
		   " AND source = '192.0.2.1'"));
}

#define T(f) cmocka_unit_test_setup_teardown(f, office_setup, office_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {T(test_right), T(test_names),
	    T(test_wrong), T(test_expired), T(test_limit)};

	log_set_level(LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
