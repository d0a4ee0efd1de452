/* estuary-masa: a manufacturer and its voucher service, for labs. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/log.h"
#include "masa/app.h"
#include "masa/make.h"

#define EXIT_REFUSED 1
#define EXIT_USAGE 2

static int
serve(const struct masa_options *options, struct reason *why)
{
	struct app app = {.options = NULL};
	char text[ENDPOINT_TEXT_MAX];
	sigset_t signals;
	int err, sig;

	/* Blocked in every thread: the main one takes them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	err = app_start(&app, options, why);
	if (err == 0) {
		endpoint_format(text, engine_address(app.engine, 0));
		dprintf(STDERR_FILENO, "ready listen=%s\n", text);
		sigwait(&signals, &sig);
		log_info("stopping", "state=%s", options->state_dir);
	}
	app_stop(&app);
	return err;
}

static int
run(const struct masa_options *options, struct reason *why)
{
	switch (options->command) {
	case MASA_MAKE:
		return masa_make(options, why);
	case MASA_SERVE:
		return serve(options, why);
	case MASA_OWN:
		return masa_own(options, why);
	case MASA_CUSTOMER:
		return masa_customer(options, why);
	case MASA_HELP:
		fputs(masa_options_usage(), stdout);
		return 0;
	case MASA_VERSION:
		puts("estuary-masa " ESTUARY_VERSION);
		return 0;
	}
	return -ERR_INVALID;
}

int
main(int argc, char **argv)
{
	struct masa_options options;
	struct reason why = {""};
	int err = masa_options_parse(&options, argc, argv, &why);

	if (err != 0) {
		fprintf(stderr, "estuary-masa: %s\n\n%s", why.text,
		    masa_options_usage());
		return EXIT_USAGE;
	}
	err = run(&options, &why);
	if (err == 0)
		return 0;
	fprintf(stderr, "estuary-masa: %s\n",
	    why.text[0] != '\0' ? why.text : err_text(err));
	return EXIT_REFUSED;
}
