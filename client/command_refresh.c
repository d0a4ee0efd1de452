/* estuary-join refresh. */
#include "client/command.h"

#include <stdio.h>

#include "base/clock.h"
#include "client/changes.h"
#include "client/refresh.h"
#include "client/report.h"

/* Asks the DNS servers only when what is stored is good in itself. A verdict,
 * or a negative error. */
static int
decide(const struct network_state *state, const struct trust *trust,
    struct check_report *report, struct reason *why)
{
	int64_t now = clock_now();
	int err;

	report->n = 0;
	if (refresh_decide(state, trust, NULL, now, why) == REFRESH_FETCH)
		return REFRESH_FETCH;
	err = check_network(report, state, NULL, now, why);
	if (err != 0)
		return err;
	return (int)refresh_decide(state, trust, report, now, why);
}

/* It is not the network's fault, and no fetching helps. */
static void
say_expired(const struct network_state *state)
{
	if (enrolled_age(&state->enrolled, clock_now()) == ENROLLED_OVER)
		puts("The client certificate has expired, and renews nothing "
		     "any more: join again with\n--enroll and a new code.");
}

static int
report_renewal(
    const struct network_state *fresh, const struct refresh_outcome *outcome)
{
	switch (outcome->own) {
	case REFRESH_OWN_RENEWED:
		return report_own(&fresh->enrolled);
	case REFRESH_OWN_FAILED:
		printf("The client certificate was NOT renewed, and is kept "
		       "while it is valid: %s\n",
		    outcome->why.text);
		return report_own(&fresh->enrolled);
	case REFRESH_OWN_OVER:
		say_expired(fresh);
		return 0;
	case REFRESH_OWN_NONE:
	case REFRESH_OWN_KEPT:
		break;
	}
	return 0;
}

static int
fetch(const struct network_state *state, const struct trust *trust,
    const struct options *options, const char *dir, struct reason *why)
{
	struct network_state *fresh CLEANUP(freep) = calloc(1, sizeof(*fresh));
	const struct refresh_params params = {
	    .server = options->server, .interfaces = options->interfaces};
	struct refresh_outcome outcome;
	struct changes changes;
	int err;

	if (fresh == NULL)
		return -ERR_NOMEM;
	err = refresh_network(fresh, &outcome, state, trust, &params, why);
	if (err != 0)
		return err;
	changes_find(&changes, state, fresh);
	if (changes.n > 0)
		err = network_state_save(dir, fresh, why);
	if (err == 0)
		err = report_changes(state, &changes);
	if (err == 0)
		err = report_renewal(fresh, &outcome);
	network_state_fini(fresh);
	return err;
}

static int
refresh(const struct network_state *state, const struct options *options,
    const char *dir, struct reason *why)
{
	struct check_report *report CLEANUP(freep) = calloc(1, sizeof(*report));
	struct reason against = {"--force"};
	struct trust *trust = NULL;
	int verdict = REFRESH_FETCH;
	int err = report == NULL ? -ERR_NOMEM : 0;

	if (err == 0)
		err = network_state_trust(&trust, state, why);
	if (err == 0 && !options->force)
		verdict = decide(state, trust, report, &against);
	if (err != 0 || verdict < 0) {
		trust_free(trust);
		return err != 0 ? err
				: reason_set(why, verdict, "%s", against.text);
	}
	if (verdict == REFRESH_KEEP) {
		err = report_kept(state, report);
		say_expired(state);
	} else {
		printf("Fetching anew: %s\n", against.text);
		fflush(stdout);
		err = fetch(state, trust, options, dir, why);
	}
	trust_free(trust);
	return err;
}

int
command_refresh(
    const struct options *options, const char *dir, struct reason *why)
{
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	int err, status;

	if (state == NULL)
		return command_fail_error(-ERR_NOMEM, why);
	status = command_load(state, options, dir, why);
	if (status != EXIT_DONE)
		return status;
	err = refresh(state, options, dir, why);
	network_state_fini(state);
	if (err == 0)
		return EXIT_DONE;
	status = command_fail_error(err, why);
	fprintf(stderr, "estuary-join: nothing was changed\n");
	return status;
}
