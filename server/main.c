/* estuaryd: the appliance. */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/log.h"
#include "ca/signer_process.h"
#include "server/app.h"

#define EXIT_CANNOT_START 1
#define EXIT_USAGE 2
#define ASSIGNMENTS_MAX 64
#define TICK_S 10

static const char usage_text[] =
    "usage: estuaryd --state DIR [--config FILE] [--set section.key=value "
    "...]\n"
    "                [--check | --print-config]\n"
    "\n"
    "The Estuary appliance: serves EST over TLS, announces itself by mDNS, "
    "and\n"
    "listens for estuaryctl on DIR/admin.sock. It stays in the foreground and\n"
    "logs to standard error; SIGTERM ends it, SIGHUP reloads.\n"
    "\n"
    "  --state DIR           where keys, certificates and the database are;\n"
    "                        made at the first start\n"
    "  --config FILE         in place of DIR/estuary.conf\n"
    "  --set KEY=VALUE       overrides one key of the configuration\n"
    "  --check               only say whether the configuration is valid\n"
    "  --print-config        only print the configuration in effect\n"
    "  --version, --help\n"
    "\n"
    "Exit: 0 ended or valid, 1 cannot start or not valid, 2 usage.\n";

struct options {
	struct app_source source;
	const char *assignments[ASSIGNMENTS_MAX];
	bool check, print_config;
};

static int
parse_options(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"state", required_argument, NULL, 's'},
	    {"config", required_argument, NULL, 'c'},
	    {"set", required_argument, NULL, 'S'},
	    {"check", no_argument, NULL, 'k'},
	    {"print-config", no_argument, NULL, 'p'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			o->source.state_dir = optarg;
			break;
		case 'c':
			o->source.config_path = optarg;
			break;
		case 'S':
			if (o->source.n_assignments == ASSIGNMENTS_MAX)
				return -ERR_INVALID;
			o->assignments[o->source.n_assignments++] = optarg;
			break;
		case 'k':
			o->check = true;
			break;
		case 'p':
			o->print_config = true;
			break;
		case 'v':
			puts("estuaryd " ESTUARY_VERSION);
			exit(0);
		case 'h':
			fputs(usage_text, stdout);
			exit(0);
		default:
			return -ERR_INVALID;
		}
	}
	o->source.assignments = o->assignments;
	return optind == argc && o->source.state_dir != NULL ? 0 : -ERR_INVALID;
}

static int
print_config(const struct config *config)
{
	struct buf text = {0};
	int err = config_print(&text, config, false);

	if (err == 0)
		fputs(buf_text(&text), stdout);
	buf_fini(&text);
	return err;
}

/* SIGHUP: the configuration is read again; what can change at run time does. */
static void
reload(struct app *app)
{
	struct app fresh = {.keeper = app->keeper};
	struct reason why = {""};

	if (app_configure(&fresh, &app->source, &why) != 0) {
		log_error(
		    "configuration not reloaded", "reason=\"%s\"", why.text);
		config_free(fresh.config);
		return;
	}
	if (app_reload(app, &fresh, &why) != 0)
		log_error(
		    "configuration not reloaded", "reason=\"%s\"", why.text);
	else
		log_info("configuration reloaded", "state=%s", app->state.dir);
	config_free(fresh.config);
}

/* Until SIGTERM or SIGINT; meanwhile the main thread's own work. */
static void
run(struct app *app, const sigset_t *signals)
{
	const struct timespec tick = {.tv_sec = TICK_S};

	for (;;) {
		int sig = sigtimedwait(signals, NULL, &tick);

		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP)
			reload(app);
		else if (sig < 0 && errno == EAGAIN)
			app_tick(app);
	}
}

static void
say_ready(const struct app *app)
{
	size_t n = engine_config(app->engine)->n_listen;
	char text[ENDPOINT_TEXT_MAX];

	for (size_t i = 1; i < n; i++) {
		endpoint_format(text, engine_address(app->engine, i));
		log_info("listening too", "listen=%s", text);
	}
	n = engine_config(app->engine)->n_admin_listen;
	for (size_t i = 0; i < n; i++) {
		endpoint_format(text, engine_admin_address(app->engine, i));
		log_info("admin", "listen=%s", text);
	}
	endpoint_format(text, engine_address(app->engine, 0));
	dprintf(STDERR_FILENO, "ready listen=%s\n", text);
}

static int
serve(struct app *app)
{
	struct reason why = {""};
	sigset_t signals;
	int err;

	/* Blocked in every thread: the main one takes them. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	err = app_start(app, &why);
	if (err == 0) {
		say_ready(app);
		run(app, &signals);
		log_info("stopping", "state=%s", app->state.dir);
	} else {
		fprintf(stderr, "estuaryd: %s\n", why.text);
	}
	app_stop(app);
	return err == 0 ? 0 : EXIT_CANNOT_START;
}

int
main(int argc, char **argv)
{
	struct options o = {.check = false};
	struct app app = {.state = {.lock_fd = -1}};
	struct reason why = {""};
	int status;

	if (signer_is_called(argc, argv))
		return signer_main(argv);
	if (parse_options(&o, argc, argv) != 0) {
		fputs(usage_text, stderr);
		return EXIT_USAGE;
	}
	if (app_configure(&app, &o.source, &why) != 0 ||
	    (o.check && !o.print_config && app_check(&app, &why) != 0)) {
		fprintf(stderr, "estuaryd: %s\n", why.text);
		status = EXIT_CANNOT_START;
	} else if (o.print_config) {
		status = print_config(app.config) == 0 ? 0 : EXIT_CANNOT_START;
	} else if (o.check) {
		puts("the configuration is valid");
		status = 0;
	} else {
		return serve(&app);
	}
	config_free(app.config);
	return status;
}
