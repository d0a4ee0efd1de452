/* estuary-join: the endpoint. */
#include <curl/curl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "client/command.h"

static int
run(const struct options *options)
{
	struct reason why = {""};
	char dir[PATH_MAX];

	if (command_state_dir(dir, options, &why) != 0)
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
