#include "registrar/basic.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/onboarding.h"
#include "base/random.h"
#include "db/audit.h"
#include "db/identity.h"
#include "registrar/claim.h"
#include "registrar/internal.h"
#include "registrar/refusal.h"
#include "tls/password.h"

/* Each waits for some tenths of a second before the next. */
#define QUEUE_MAX 64
#define CACHE_MAX 256
#define CACHE_MS (5 * 60 * 1000)

struct cached {
	uint8_t mac[PASSWORD_MAC_LEN];
	int64_t identity_id; /* 0: free */
	int64_t until_ms;
};

struct basic {
	struct background *thread;
	atomic_bool stopping;
	uint8_t key[PASSWORD_MAC_LEN]; /* of this process alone */
	pthread_mutex_t mutex;
	struct cached cache[CACHE_MAX];
};

int
basic_new(struct basic **out)
{
	struct basic *basic = calloc(1, sizeof(*basic));
	int err;

	if (basic == NULL)
		return -ERR_NOMEM;
	err = background_start(&basic->thread, QUEUE_MAX);
	if (err != 0) {
		free(basic);
		return err;
	}
	random_bytes(basic->key, sizeof(basic->key));
	pthread_mutex_init(&basic->mutex, NULL);
	*out = basic;
	return 0;
}

void
basic_stop(struct basic *basic)
{
	if (basic == NULL)
		return;
	atomic_store(&basic->stopping, true);
	background_stop(STEAL(basic->thread));
}

void
basic_free(struct basic *basic)
{
	if (basic == NULL)
		return;
	basic_stop(basic);
	pthread_mutex_destroy(&basic->mutex);
	explicit_bzero(basic, sizeof(*basic));
	free(basic);
}

/* --- what is remembered --- */

/* The identity, or 0. */
static int64_t
cache_find(struct basic *basic, const uint8_t mac[PASSWORD_MAC_LEN])
{
	int64_t now_ms = clock_monotonic_ms(), id = 0;

	pthread_mutex_lock(&basic->mutex);
	for (size_t i = 0; i < CACHE_MAX; i++) {
		struct cached *c = &basic->cache[i];

		if (c->identity_id != 0 && c->until_ms > now_ms &&
		    password_mac_equal(c->mac, mac))
			id = c->identity_id;
	}
	pthread_mutex_unlock(&basic->mutex);
	return id;
}

/* In place of what would go first. */
static void
cache_put(struct basic *basic, const uint8_t mac[PASSWORD_MAC_LEN], int64_t id)
{
	struct cached *oldest = &basic->cache[0];

	pthread_mutex_lock(&basic->mutex);
	for (size_t i = 1; i < CACHE_MAX; i++)
		if (basic->cache[i].until_ms < oldest->until_ms)
			oldest = &basic->cache[i];
	memcpy(oldest->mac, mac, PASSWORD_MAC_LEN);
	oldest->identity_id = id;
	oldest->until_ms = clock_monotonic_ms() + CACHE_MS;
	pthread_mutex_unlock(&basic->mutex);
}

void
basic_forget(struct registrar *registrar, int64_t identity_id)
{
	struct basic *basic = registrar->basic;

	pthread_mutex_lock(&basic->mutex);
	for (size_t i = 0; i < CACHE_MAX; i++)
		if (identity_id == 0 ||
		    basic->cache[i].identity_id == identity_id)
			explicit_bzero(
			    &basic->cache[i], sizeof(basic->cache[i]));
	pthread_mutex_unlock(&basic->mutex);
}

static int
check_mac(uint8_t mac[PASSWORD_MAC_LEN], const struct basic_check *check)
{
	return password_mac(
	    mac, check->registrar->basic->key, check->user, check->password);
}

/* --- one guess --- */

struct guess {
	struct basic_check *check;
	struct store_job job;
	struct onboarding_code code; /* what it reads as, if it does */
	bool reads_as_code;

	const char *user, *password; /* as they count */
	struct verifier record;      /* when granted */
	int64_t identity_id;
};

static int
take_kind(void *arg, const struct identity *identity)
{
	*(bool *)arg = strcmp(identity->kind, "code") == 0;
	return 0;
}

/* Whether a code of that identity was made, or the name is a chosen one that
 * merely looks like it. */
static int
choose_reading(struct guess *guess, struct store_txn *txn)
{
	bool is_code = false;
	int err = 0;

	guess->user = guess->check->user;
	guess->password = guess->check->password;
	if (guess->reads_as_code)
		err = identity_get_by_wire_name(store_txn_reader(txn),
		    guess->code.identity, take_kind, &is_code);
	if (is_code) {
		guess->user = guess->code.identity;
		guess->password = guess->code.secret;
	}
	return err == -ERR_NOT_FOUND ? 0 : err;
}

static int
claim_run(struct store_job *job, struct store_txn *txn)
{
	struct guess *guess = CONTAINER_OF(job, struct guess, job);
	int err = choose_reading(guess, txn);

	if (err != 0)
		return err;
	return identity_claim_basic(
	    txn, &guess->identity_id, &guess->record, guess->user, clock_now());
}

static int
confirm_run(struct store_job *job, struct store_txn *txn)
{
	struct guess *guess = CONTAINER_OF(job, struct guess, job);
	char source[IP_TEXT_MAX];
	const struct audit_row row = {.event = "basic.authenticated",
	    .subject = guess->user,
	    .source = source};
	int err = identity_confirm_basic(txn, guess->identity_id);

	ip_format(source, &guess->check->source);
	return err == 0 ? audit_add(txn, clock_now(), &row) : err;
}

/* For nobody's names it takes as long, and is wrong. */
static bool
is_right(const struct guess *guess, enum claim_outcome outcome)
{
	const struct registrar_config *config =
	    &guess->check->registrar->config;
	struct verifier given = {.w0 = {0}};
	struct bytes password = {
	    (const uint8_t *)guess->password, strlen(guess->password)};
	bool right;

	right = spake2p_register(&given, NULL, password, guess->user,
		    config->server_name) == 0 &&
		verifier_equal(&given, &guess->record) &&
		outcome == CLAIM_GRANTED;
	explicit_bzero(&given, sizeof(given));
	return right;
}

static void
refuse(const struct guess *guess, enum claim_outcome outcome)
{
	const struct refusal refusal = {.event = "basic.refused",
	    .detail = outcome == CLAIM_GRANTED ? "wrong password"
					       : claim_outcome_text(outcome),
	    .identity = outcome != CLAIM_UNKNOWN ? guess->user : "",
	    .source = &guess->check->source,
	    .wrong_guess = outcome == CLAIM_GRANTED,
	    .suppressed = guess->check->suppressed};
	char source[IP_TEXT_MAX];

	ip_format(source, refusal.source);
	log_warn(
	    "Basic refused", "source=%s reason=\"%s\"", source, refusal.detail);
	refusal_record(guess->check->registrar, &refusal);
}

/* Blocks for two commits and a scrypt, on the thread that is there for it. */
static int
judge_guess(struct guess *guess)
{
	struct registrar *registrar = guess->check->registrar;
	int outcome;

	guess->job.run = claim_run;
	outcome = store_apply(registrar->config.store, &guess->job);
	if (outcome < 0)
		return outcome;
	if (!is_right(guess, (enum claim_outcome)outcome)) {
		refuse(guess, (enum claim_outcome)outcome);
		return -ERR_PERMISSION;
	}
	guess->job.run = confirm_run;
	outcome = store_apply(registrar->config.store, &guess->job);
	/* Removed in the meantime. */
	return outcome == -ERR_NOT_FOUND ? -ERR_PERMISSION : outcome;
}

static int
judge(struct basic_check *check)
{
	struct basic *basic = check->registrar->basic;
	struct guess guess = {.check = check};
	uint8_t mac[PASSWORD_MAC_LEN];
	int err = check_mac(mac, check);

	if (err != 0)
		return err;
	/* The one before may have been the same. */
	check->identity_id = cache_find(basic, mac);
	if (check->identity_id != 0)
		return 0;
	if (atomic_load(&basic->stopping))
		return -ERR_CLOSED;
	guess.reads_as_code =
	    code_from_parts(&guess.code, check->user, check->password) == 0;
	err = judge_guess(&guess);
	if (err == 0) {
		check->identity_id = guess.identity_id;
		cache_put(basic, mac, guess.identity_id);
	}
	explicit_bzero(&guess, sizeof(guess));
	return err;
}

static void
check_run(struct background_task *task)
{
	struct basic_check *check =
	    CONTAINER_OF(task, struct basic_check, task);

	check->result = judge(check);
	if (check->result != -ERR_PERMISSION)
		limits_refill(check->registrar->limits, &check->source,
		    clock_monotonic_ms());
	explicit_bzero(check->password, sizeof(check->password));
	check->done(check);
}

int
basic_check_start(struct basic_check *check)
{
	struct registrar *registrar = check->registrar;
	uint8_t mac[PASSWORD_MAC_LEN];
	int err = check_mac(mac, check);

	check->result = err;
	if (err != 0)
		return BASIC_ANSWERED;
	check->identity_id = cache_find(registrar->basic, mac);
	if (check->identity_id != 0)
		return BASIC_ANSWERED;
	if (!limits_take(registrar->limits, &check->source,
		clock_monotonic_ms(), &check->suppressed)) {
		check->result = BASIC_LIMITED;
		return BASIC_ANSWERED;
	}
	check->task.run = check_run;
	err = background_submit(registrar->basic->thread, &check->task);
	if (err == 0)
		return 0; /* the thread's now: it may be answered already */
	check->result = err;
	limits_refill(registrar->limits, &check->source, clock_monotonic_ms());
	return BASIC_ANSWERED;
}
