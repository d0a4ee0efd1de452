#include "registrar/onboarding.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "db/srp.h"
#include "registrar/internal.h"
#include "registrar/name_policy.h"
#include "tls/spake2p.h"
#include "tls/srp.h"

static bool
is_identity_profile(const char *name)
{
	return strcmp(name, profile_get(PROFILE_ENDPOINT)->name) == 0 ||
	       strcmp(name, profile_get(PROFILE_DNS_SERVER)->name) == 0;
}

/* A DNS server's identity names its ADN. */
static int
check_allowed_names(const struct identity_add *add, struct reason *why)
{
	char adn[DOMAIN_MAX + 1];

	if (strcmp(add->profile, profile_get(PROFILE_DNS_SERVER)->name) == 0)
		return name_patterns_adn(adn, add->allow_names, why);
	return name_patterns_check(add->allow_names, why);
}

static int
check_request(const struct identity_add *add, struct reason *why)
{
	size_t len = strlen(add->name), password_len = strlen(add->password);

	if (len == 0)
		return reason_set(why, -ERR_INVALID, "the name is empty");
	if (!str_is_printable(add->name))
		return reason_set(why, -ERR_INVALID,
		    "the name has characters outside printable ASCII");
	if (!is_identity_profile(add->profile))
		return reason_set(why, -ERR_INVALID,
		    "no identity profile '%s': there are endpoint, dns-server",
		    add->profile);
	if (add->uses < 0)
		return reason_set(
		    why, -ERR_INVALID, "the number of uses is negative");
	if (add->expires_in_s < 0 || add->expires_in_s > IDENTITY_EXPIRES_MAX_S)
		return reason_set(why, -ERR_INVALID,
		    "the time until it expires is negative or too long");
	if (!add->chosen)
		return 0;
	if (strpbrk(add->name, " :") != NULL)
		return reason_set(why, -ERR_INVALID,
		    "an identity with a chosen password has no space and no "
		    "colon in its name");
	if (!str_is_printable(add->password))
		return reason_set(why, -ERR_INVALID,
		    "the password has characters outside printable ASCII");
	if (password_len < IDENTITY_PASSWORD_MIN)
		return reason_set(why, -ERR_REFUSED,
		    "the password is shorter than %d characters",
		    IDENTITY_PASSWORD_MIN);
	return 0;
}

static void
finish(struct identity_add *add, int result)
{
	explicit_bzero(&add->record, sizeof(add->record));
	explicit_bzero(&add->srp_verifier, sizeof(add->srp_verifier));
	add->result = result;
	add->done(add);
}

static int
store_run(struct store_job *job, struct store_txn *txn)
{
	struct identity_add *add = CONTAINER_OF(job, struct identity_add, job);
	const struct identity identity = {.wire_name = add->wire_name,
	    .name = add->name,
	    .kind = add->chosen ? "password" : "code",
	    .profile = add->profile,
	    .allow_names = add->allow_names,
	    .created_at = clock_now(),
	    .expires_at = add->expires_at,
	    .uses_left = add->uses_left,
	    .guesses_max = add->guesses_max,
	    .basic = add->basic,
	    .approval = add->approval};
	int err = identity_add(txn, &identity, &add->record, add->actor);

	if (err == 0 && add->srp)
		err = srp_verifier_put(txn, add->wire_name, &add->srp_verifier);
	return err;
}

static void
store_done(struct store_job *job)
{
	struct identity_add *add = CONTAINER_OF(job, struct identity_add, job);
	int result = job->result;

	if (result == -ERR_EXISTS)
		reason_set(&add->why, result,
		    "the identity '%s' exists already", add->wire_name);
	else if (result != 0)
		reason_set(&add->why, result, "the identity was not stored: %s",
		    err_text(result));
	finish(add, result);
}

/* Derives the verifier record (0.2 s), then hands it to the store. */
static void
derive_run(struct background_task *task)
{
	struct identity_add *add =
	    CONTAINER_OF(task, struct identity_add, task);
	const struct registrar_config *config = &add->registrar->config;
	const char *password = add->chosen ? add->password : add->code.secret;
	int err = -ERR_CLOSED;

	/* Whoever asked has been told to try later. */
	if (!background_is_stopping(config->background))
		err = spake2p_register(&add->record, NULL,
		    (struct bytes){(const uint8_t *)password, strlen(password)},
		    add->wire_name, config->server_name);
	if (err == 0 && add->srp)
		err = srp_register(&add->srp_verifier, config->srp_seed,
		    add->wire_name, password);
	if (err == 0) {
		add->job = (struct store_job){.run = store_run,
		    .done = store_done,
		    .source = add->source};
		err = store_submit(config->store, &add->job);
	}
	if (err != 0) {
		reason_set(&add->why, err, "the verifier was not made: %s",
		    err_text(err));
		finish(add, err);
	}
}

int
registrar_identity_add(struct identity_add *add)
{
	const struct registrar_config *config = &add->registrar->config;
	int err = check_request(add, &add->why);

	if (err == 0)
		err = check_allowed_names(add, &add->why);
	if (err != 0)
		return err;
	if (add->chosen) {
		memcpy(add->wire_name, add->name, sizeof(add->wire_name));
	} else {
		code_generate(&add->code);
		memcpy(add->wire_name, add->code.identity,
		    sizeof(add->code.identity));
		memcpy(add->code.server_name, config->server_name,
		    sizeof(add->code.server_name));
		memcpy(add->code.root_sha256, config->root_sha256,
		    sizeof(add->code.root_sha256));
		add->code.has_root = true;
	}
	/* SHA-1 is all that TLS-SRP puts before a guess: never for a password
	 * that somebody thought of. */
	add->srp = config->srp && !add->chosen;
	add->guesses_max =
	    add->chosen ? config->guesses_password : config->guesses_code;
	if (add->uses != 0)
		add->uses_left = add->uses;
	else
		add->uses_left = add->chosen ? IDENTITY_UNLIMITED : 1;
	add->expires_at = add->expires_in_s != 0
			      ? clock_now() + add->expires_in_s
			      : IDENTITY_NEVER;
	add->task.run = derive_run;
	err = background_submit(config->background, &add->task);
	if (err != 0)
		reason_set(&add->why, err, "%s", err_text(err));
	return err;
}
