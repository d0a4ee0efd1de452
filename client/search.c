#include "client/search.h"

#include "base/log.h"

/* Unicast DNS, which comes first, may not use up all answers. */
#define UNICAST_ANSWERS_MAX (ATTEMPT_ANSWERS_MAX - 1)

static int
search_given(struct search *search, const char *server, attempt_fn attempt,
    void *arg, struct reason *why)
{
	int err = candidates_add_server(&search->candidates, server, why);

	if (err == 0)
		err = attempts_run(
		    &search->attempts, &search->candidates, NULL, attempt, arg);
	return err;
}

static int
search_nearby(struct search *search, const struct search_params *params,
    bool thorough, attempt_fn attempt, void *arg)
{
	struct candidates *nearby = &search->nearby;
	int err;

	if (search->attempts.final)
		return -ERR_REFUSED;
	nearby->service = search->candidates.service;
	nearby->wanted = search->candidates.wanted;
	nearby->wanted_arg = search->candidates.wanted_arg;
	nearby->without_pake = search->candidates.without_pake;
	err = discover_mdns(nearby, params->interfaces, thorough);
	if (err != 0)
		log_warn(
		    "mDNS browsing failed", "reason=\"%s\"", err_text(err));
	if (params->wanted != NULL)
		candidates_order(nearby, params->wanted);
	return attempts_run(&search->attempts, nearby, NULL, attempt, arg);
}

/* Unicast first; mDNS is not waited for when a server of the wanted name (or
 * any, when none is wanted) turned out right before it. */
static int
search_discovered(struct search *search, const struct search_params *params,
    attempt_fn attempt, void *arg)
{
	struct attempts *attempts = &search->attempts;
	struct candidates *candidates = &search->candidates;
	int err = discover_unicast(candidates);

	attempts->answers_max = UNICAST_ANSWERS_MAX;
	if (err == 0)
		err = attempts_run(
		    attempts, candidates, params->wanted, attempt, arg);
	attempts->answers_max = ATTEMPT_ANSWERS_MAX;
	if (err != 0)
		err = search_nearby(search, params, false, attempt, arg);
	if (err != 0 && attempts->n_answers < ATTEMPT_ANSWERS_MAX)
		err = search_nearby(search, params, true, attempt, arg);
	if (err != 0)
		err = attempts_run(attempts, candidates, NULL, attempt, arg);
	return err;
}

static int
search_failure(const struct search *search, const struct search_params *params,
    int err, struct reason *why)
{
	const struct attempts *a = &search->attempts;
	const char *what = params->what != NULL ? params->what : "EST server";
	const char *option =
	    params->option != NULL ? params->option : "--server";

	if (a->final)
		return reason_set(why, -ERR_REFUSED, "%s", a->why.text);
	if (a->refused && a->n_answers > 0)
		return reason_set(why, -ERR_REFUSED,
		    "%.180s; %d of at most %d servers were tried", a->why.text,
		    a->n_answers, ATTEMPT_ANSWERS_MAX);
	if (a->refused)
		return reason_set(why, -ERR_REFUSED, "%s", a->why.text);
	if (search->candidates.n + search->nearby.n == 0)
		return reason_set(why, -ERR_UNREACHABLE,
		    "no %s was found; is this the right network? %s HOST:PORT "
		    "names one",
		    what, option);
	return reason_set(
	    why, err, "no %s could be reached: %s", what, a->why.text);
}

int
search_run(struct search *search, const struct search_params *params,
    attempt_fn attempt, void *arg, struct reason *why)
{
	int err;

	if (params->server != NULL) {
		err = search_given(search, params->server, attempt, arg, why);
		if (err != 0 && search->candidates.n == 0)
			return err;
	} else {
		err = search_discovered(search, params, attempt, arg);
	}
	return err == 0 ? 0 : search_failure(search, params, err, why);
}
