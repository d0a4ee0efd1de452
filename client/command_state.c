/* The commands about what is stored, which estuary-join and estuary-pledge
 * share: check, status, forget. */
#include "client/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "client/check.h"
#include "client/report.h"

int
command_state_dir(
    char out[PATH_MAX], const struct options *options, struct reason *why)
{
	if (options->state_dir == NULL) {
		if (state_dir_default(out, PATH_MAX) == 0)
			return 0;
		return reason_set(why, -ERR_INVALID,
		    "neither XDG_STATE_HOME nor HOME is set; give --state "
		    "DIR");
	}
	if (strlen(options->state_dir) >= PATH_MAX / 2)
		return reason_set(
		    why, -ERR_INVALID, "--state: the path is too long");
	strcpy(out, options->state_dir);
	return 0;
}

static int
check_status(enum check_outcome outcome)
{
	switch (outcome) {
	case CHECK_OK:
		return EXIT_DONE;
	case CHECK_REFUSED:
		fprintf(stderr,
		    "%s: refused: a DNS server failed its security check; it "
		    "must not be used\n",
		    program_invocation_short_name);
		return EXIT_REFUSED;
	default:
		return EXIT_UNREACHABLE;
	}
}

int
command_check(
    const struct options *options, const char *dir, struct reason *why)
{
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	struct check_report *report CLEANUP(freep) = calloc(1, sizeof(*report));
	int err, status;

	if (state == NULL || report == NULL)
		return command_fail_error(-ERR_NOMEM, why);
	status = command_load(state, options, dir, why);
	if (status != EXIT_DONE)
		return status;
	err = check_network(report, state, options->qname, clock_now(), why);
	if (err == 0)
		err = report_check(state, report, options->json);
	if (err == -ERR_INVALID)
		status = command_fail(EXIT_USAGE, "", why);
	else if (err != 0)
		status = command_fail_error(err, why);
	else
		status = check_status(check_summary(report));
	network_state_fini(state);
	return status;
}

int
command_status(
    const struct options *options, const char *dir, struct reason *why)
{
	struct network_state *state CLEANUP(freep) = calloc(1, sizeof(*state));
	int err, status;

	if (state == NULL)
		return command_fail_error(-ERR_NOMEM, why);
	status = command_load(state, options, dir, why);
	if (status != EXIT_DONE)
		return status;
	err = report_status(state, options->json);
	network_state_fini(state);
	return err != 0 ? command_fail_error(err, why) : EXIT_DONE;
}

int
command_forget(
    const struct options *options, const char *dir, struct reason *why)
{
	char name[NETWORK_NAME_MAX + 1];
	int status = command_pick(name, dir, options, why);
	int err;

	if (status != EXIT_DONE)
		return status;
	err = network_state_remove(dir, name, why);
	if (err == -ERR_NOT_FOUND)
		return command_fail(EXIT_USAGE, "", why);
	if (err != 0)
		return command_fail_error(err, why);
	printf("Network %s is forgotten.\n", name);
	return EXIT_DONE;
}
