#include "registrar/token.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ca/digest.h"
#include "registrar/internal.h"
#include "registrar/refusal.h"

_Static_assert(TOKEN_SHA256_LEN == DIGEST_LEN, "a token's hash is SHA-256");

/* --- making one --- */

static int
store_run(struct store_job *job, struct store_txn *txn)
{
	const struct token_add *add = CONTAINER_OF(job, struct token_add, job);
	struct token token = {.token_id = add->id,
	    .name = add->name,
	    .scope = add->scope,
	    .created_at = add->created_at,
	    .created_by = add->actor,
	    .expires_at = add->expires_at};

	memcpy(token.secret_sha256, add->secret_sha256,
	    sizeof(token.secret_sha256));
	return token_add(txn, &token);
}

static void
store_done(struct store_job *job)
{
	struct token_add *add = CONTAINER_OF(job, struct token_add, job);

	add->result = job->result;
	if (add->result == -ERR_EXISTS)
		reason_set(&add->why, add->result,
		    "a token named '%s' exists already", add->name);
	else if (add->result != 0)
		reason_set(&add->why, add->result,
		    "the token was not stored: %s", err_text(add->result));
	add->done(add);
}

static int
check_add(const struct token_add *add, struct reason *why)
{
	size_t len = strlen(add->name);

	if (len == 0 || strspn(add->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					  "abcdefghijklmnopqrstuvwxyz"
					  "0123456789._@-") != len)
		return reason_set(why, -ERR_INVALID,
		    "a token's name is 1 to %d of A-Z a-z 0-9 . _ @ -",
		    TOKEN_NAME_MAX);
	if (token_scope_name(add->scope) == NULL)
		return reason_set(why, -ERR_INVALID,
		    "a token's scope is read, operate or admin");
	if (add->expires_in_s < 0 || add->expires_in_s > TOKEN_EXPIRES_MAX_S)
		return reason_set(why, -ERR_INVALID,
		    "the time until it expires is negative or too long");
	return 0;
}

int
registrar_token_add(struct token_add *add)
{
	const struct registrar_config *config = &add->registrar->config;
	struct bearer_token token;
	int err = check_add(add, &add->why);

	if (err != 0)
		return err;
	bearer_token_generate(&token, config->root_sha256);
	memcpy(add->id, token.id, sizeof(add->id));
	digest_sha256(add->secret_sha256,
	    (struct bytes){token.secret, sizeof(token.secret)});
	add->created_at = clock_now();
	add->expires_at = add->expires_in_s != 0
			      ? add->created_at + add->expires_in_s
			      : TOKEN_NEVER;
	err = bearer_token_format(add->text, &token);
	explicit_bzero(&token, sizeof(token));
	add->job = (struct store_job){
	    .run = store_run, .done = store_done, .source = add->source};
	if (err == 0)
		err = store_submit(config->store, &add->job);
	return err == 0 ? 0 : reason_set(&add->why, err, "%s", err_text(err));
}

/* --- judging one --- */

struct use_job {
	struct store_job job;
	int64_t id, now;
};

static int
use_run(struct store_job *job, struct store_txn *txn)
{
	const struct use_job *use = CONTAINER_OF(job, struct use_job, job);

	return token_note_use(txn, use->id, use->now);
}

static void
use_done(struct store_job *job)
{
	free(CONTAINER_OF(job, struct use_job, job));
}

/* Nobody waits for it, and nothing depends on it. */
static void
note_use(struct registrar *registrar, int64_t id, int64_t now)
{
	struct use_job *use = calloc(1, sizeof(*use));

	if (use == NULL)
		return;
	*use = (struct use_job){
	    .job = {.run = use_run, .done = use_done}, .id = id, .now = now};
	if (store_submit(registrar->config.store, &use->job) != 0)
		free(use);
}

struct judged {
	uint8_t shown_sha256[TOKEN_SHA256_LEN];
	int64_t now;
	struct token_holder holder;
	int64_t id, last_used_at;
	int verdict;
};

/* A token_fn. Only who knows the secret learns that it is out of date. */
static int
judge_token(void *arg, const struct token *token)
{
	struct judged *j = arg;

	if (!digest_equal(token->secret_sha256, j->shown_sha256)) {
		j->verdict = TOKEN_WRONG;
		return 0;
	}
	j->id = token->id;
	j->last_used_at = token->last_used_at;
	j->holder.scope = token->scope;
	j->verdict =
	    token->expires_at != TOKEN_NEVER && token->expires_at <= j->now
		? TOKEN_EXPIRED
		: 0;
	return str_format(
	    j->holder.name, sizeof(j->holder.name), "%s", token->name);
}

static int
look_up(struct judged *j, struct store_reader *reader, const char *text)
{
	struct bearer_token token;
	int err = bearer_token_parse(&token, text);

	if (err == 0) {
		digest_sha256(j->shown_sha256,
		    (struct bytes){token.secret, sizeof(token.secret)});
		explicit_bzero(token.secret, sizeof(token.secret));
		err = token_get(reader, token.id, judge_token, j);
	}
	if (err == -ERR_NOT_FOUND || err == -ERR_INVALID)
		return TOKEN_WRONG;
	return err != 0 ? err : j->verdict;
}

/* False when the source's limit is reached: nothing is recorded then. */
static bool
record(struct registrar *registrar, const char *name, const char *detail,
    const struct ip_addr *source)
{
	struct refusal refusal = {.event = "admin.refused",
	    .detail = detail,
	    .identity = name,
	    .source = source};
	char text[IP_TEXT_MAX];

	if (!limits_take(registrar->token_limits, source, clock_monotonic_ms(),
		&refusal.suppressed))
		return false;
	ip_format(text, source);
	log_warn("administration refused", "peer=%s token=%s reason=\"%s\"",
	    text, name[0] != '\0' ? name : "-", detail);
	refusal_record(registrar, &refusal);
	return true;
}

int
registrar_token_judge(struct token_holder *out, struct registrar *registrar,
    struct store_reader *reader, const char *text, const struct ip_addr *source)
{
	struct judged j = {.now = clock_now()};
	int verdict = look_up(&j, reader, text);

	if (verdict < 0)
		return verdict;
	if (verdict != 0)
		return record(registrar, j.holder.name,
			   verdict == TOKEN_EXPIRED ? "expired token"
						    : "wrong token",
			   source)
			   ? verdict
			   : TOKEN_LIMITED;
	if (j.now - j.last_used_at >= TOKEN_USED_EVERY_S)
		note_use(registrar, j.id, j.now);
	*out = j.holder;
	return 0;
}

void
registrar_token_overreached(struct registrar *registrar,
    const struct token_holder *holder, const struct ip_addr *source)
{
	(void)record(
	    registrar, holder->name, "beyond the scope of the token", source);
}
