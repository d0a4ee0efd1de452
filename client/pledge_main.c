/* estuary-pledge: an IoT device, for labs and tests. */
#include <curl/curl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "client/command.h"
#include "client/pledge_command.h"

static int
run(const struct pledge_options *options)
{
	const struct options *base = &options->base;
	struct reason why = {""};
	char dir[PATH_MAX];

	if (command_state_dir(dir, base, &why) != 0)
		return command_fail(EXIT_USAGE, "", &why);
	switch (options->command) {
	case PLEDGE_ONBOARD:
		return pledge_command_onboard(options, dir, &why);
	case PLEDGE_CHECK:
		return command_check(base, dir, &why);
	case PLEDGE_STATUS:
		return command_status(base, dir, &why);
	case PLEDGE_RENEW:
		return pledge_command_renew(base, dir, &why);
	case PLEDGE_FORGET:
		return command_forget(base, dir, &why);
	case PLEDGE_HELP:
		fputs(pledge_options_usage(), stdout);
		return EXIT_DONE;
	default:
		puts("estuary-pledge " ESTUARY_VERSION);
		return EXIT_DONE;
	}
}

int
main(int argc, char **argv)
{
	struct pledge_options options;
	struct reason why = {""};
	int status;

	log_set_level(LOG_LEVEL_WARN);
	if (pledge_options_parse(&options, argc, argv, &why) != 0) {
		fprintf(stderr, "estuary-pledge: %s\n%s", why.text,
		    pledge_options_usage());
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
