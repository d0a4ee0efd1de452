/* estuary-join: the endpoint. */
#include <curl/curl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "client/check.h"
#include "client/command.h"
#include "client/report.h"

static int
state_dir(char out[PATH_MAX], const struct options *options, struct reason *why)
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
		    "estuary-join: refused: a DNS server failed its security "
		    "check; it must not be used\n");
		return EXIT_REFUSED;
	default:
		return EXIT_UNREACHABLE;
	}
}

static int
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

static int
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

static int
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

static int
run(const struct options *options)
{
	struct reason why = {""};
	char dir[PATH_MAX];

	if (state_dir(dir, options, &why) != 0)
		return command_fail(EXIT_USAGE, "", &why);
	switch (options->command) {
	case COMMAND_JOIN:
		return command_join(options, dir, &why);
	case COMMAND_CHECK:
		return command_check(options, dir, &why);
	case COMMAND_STATUS:
		return command_status(options, dir, &why);
	case COMMAND_FORGET:
		return command_forget(options, dir, &why);
	case COMMAND_REFRESH:
		return command_refresh(options, dir, &why);
	case COMMAND_EXPORT:
		return command_export(options, dir, &why);
	case COMMAND_HELP:
		fputs(options_usage(), stdout);
		return EXIT_DONE;
	default:
		puts("estuary-join " ESTUARY_VERSION);
		return EXIT_DONE;
	}
}

int
main(int argc, char **argv)
{
	struct options options;
	struct reason why = {""};
	int status;

	log_set_level(LOG_LEVEL_WARN);
	if (options_parse(&options, argc, argv, &why) != 0) {
		fprintf(
		    stderr, "estuary-join: %s\n%s", why.text, options_usage());
		return EXIT_USAGE;
	}
	signal(SIGPIPE, SIG_IGN);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return command_fail_error(-ERR_NOMEM, &why);
	status = run(&options);
	curl_global_cleanup();
	if (fflush(stdout) != 0 && status == EXIT_DONE)
		status = EXIT_REFUSED;
	return status;
}
