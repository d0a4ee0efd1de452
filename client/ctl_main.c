/* estuaryctl: the administrator's command line. */
#include <curl/curl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client/ctl.h"

static const char usage_text[] =
    "usage: estuaryctl --state DIR [--json] COMMAND\n"
    "\n"
    "  status\n"
    "  ca show                         the root certificate, PEM\n"
    "  identity add NAME [--uses N] [--expires 7d] [--profile P]\n"
    "                    [--allow-name PATTERN ...] [--basic] "
    "[--password-stdin]\n"
    "  identity list\n"
    "  identity remove NAME            by identity, or by its label\n"
    "  identity unlock NAME\n"
    "  identity disable|enable NAME    its certificates renew nothing\n"
    "  dns-server issue --name ADN --label domain-s[:PORT]\n"
    "                   [--label doh[:PORT] [--dohpath TEMPLATE]] [--ip A "
    "...]\n"
    "                   (--csr FILE | --out DIR)\n"
    "  dns-server list\n"
    "  dns-server promote ADN [--label L]   next becomes current\n"
    "  dns-server retire ADN [--label L] [--serial S]\n"
    "  cert list [--limit N] [--cursor C]\n"
    "  cert show SERIAL\n"
    "  audit [--since 1h]\n"
    "\n"
    "DIR is the state directory of a running estuaryd.\n"
    "Exit: 0 done, 1 refused, 2 usage, 3 estuaryd is not reachable.\n";

static const struct command {
	const char *group; /* NULL for a command of one word */
	const char *name;
	int (*run)(const struct ctl *ctl, int argc, char **argv);
} commands[] = {
    {NULL, "status", ctl_status},
    {NULL, "audit", ctl_audit},
    {"ca", "show", ctl_ca_show},
    {"identity", "add", ctl_identity_add},
    {"identity", "list", ctl_identity_list},
    {"identity", "remove", ctl_identity_remove},
    {"identity", "unlock", ctl_identity_unlock},
    {"identity", "disable", ctl_identity_disable},
    {"identity", "enable", ctl_identity_enable},
    {"dns-server", "issue", ctl_dns_issue},
    {"dns-server", "list", ctl_dns_list},
    {"dns-server", "promote", ctl_dns_promote},
    {"dns-server", "retire", ctl_dns_retire},
    {"cert", "list", ctl_cert_list},
    {"cert", "show", ctl_cert_show},
};

/* *words becomes how many words name the command. */
static const struct command *
find_command(int argc, char **argv, int *words)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		const struct command *c = &commands[i];

		*words = c->group != NULL ? 2 : 1;
		if (argc < *words)
			continue;
		if ((c->group == NULL || strcmp(c->group, argv[0]) == 0) &&
		    strcmp(c->name, argv[*words - 1]) == 0)
			return c;
	}
	return NULL;
}

/* Global options may stand before the command only. */
static int
parse_global(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
	    {"state", required_argument, NULL, 's'},
	    {"json", no_argument, NULL, 'j'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 's':
			ctl->state_dir = optarg;
			break;
		case 'j':
			ctl->json = true;
			break;
		case 'v':
			puts("estuaryctl " ESTUARY_VERSION);
			exit(0);
		case 'h':
			fputs(usage_text, stdout);
			exit(0);
		default:
			return CTL_USAGE;
		}
	}
	return CTL_DONE;
}

int
main(int argc, char **argv)
{
	struct ctl ctl = {.state_dir = NULL};
	const struct command *command;
	int words, status = parse_global(&ctl, argc, argv);

	if (status != CTL_DONE || optind == argc) {
		fputs(usage_text, stderr);
		return CTL_USAGE;
	}
	argc -= optind;
	argv += optind;
	command = find_command(argc, argv, &words);
	if (command == NULL)
		return ctl_usage("no command '%s%s%s'", argv[0],
		    argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
	if (ctl.state_dir == NULL)
		return ctl_usage("--state DIR is missing");
	curl_global_init(CURL_GLOBAL_DEFAULT);
	optind = 0; /* getopt starts anew at the command's last word */
	status = command->run(&ctl, argc - words + 1, argv + words - 1);
	curl_global_cleanup();
	return status;
}
