/* estuaryctl: the administrator's command line. */
#include <curl/curl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client/ctl.h"
#include "client/ctl_remote.h"

static const char usage_text[] =
    "usage: estuaryctl --state DIR [--json] COMMAND\n"
    "       estuaryctl --url https://HOST:PORT --token-file FILE\n"
    "                  [--system-trust] [--json] COMMAND\n"
    "\n"
    "  status\n"
    "  ca show                         the root certificate, PEM\n"
    "  identity add NAME [--uses N] [--expires 7d] [--profile P]\n"
    "                    [--allow-name PATTERN ...] [--basic] "
    "[--approval]\n"
    "                    [--password-stdin]\n"
    "  identity list\n"
    "  identity remove NAME            by identity, or by its label\n"
    "  identity unlock NAME\n"
    "  identity disable|enable NAME    its certificates renew nothing\n"
    "  dns-server issue --name ADN --label domain-s[:PORT]\n"
    "                   [--label doh[:PORT] [--dohpath TEMPLATE]] [--ip A "
    "...]\n"
    "                   (--csr FILE | --out DIR)\n"
    "  dns-server import --name ADN --label domain-s[:PORT] [--label ...]\n"
    "                   [--ip A ...] --cert FILE   another CA's certificate\n"
    "  dns-server list\n"
    "  dns-server promote ADN [--label L]   next becomes current\n"
    "  dns-server retire ADN [--label L] [--serial S]\n"
    "  discovery zone DOMAIN           records for unicast DNS, to paste\n"
    "  cert list [--limit N] [--cursor C]\n"
    "  cert show SERIAL\n"
    "  manufacturer add NAME --anchor FILE [...] | list | show NAME\n"
    "  manufacturer set NAME ... | remove NAME\n"
    "  manufacturer prefetch NAME --serial S [--format MEDIA_TYPE]\n"
    "  device list | show ID\n"
    "  device refuse ID [--reason TEXT] | accept ID\n"
    "  request list [--all]            what waits for a person\n"
    "  request approve ID | deny ID [--reason TEXT]\n"
    "  audit [--since 1h]\n"
    "  audit --verify                  1 if it was changed\n"
    "  token add NAME [--scope read|operate|admin] [--expires 90d]\n"
    "  token list\n"
    "  token remove NAME\n"
    "\n"
    "DIR is the state directory of an estuaryd that runs here. URL is the "
    "address\n"
    "of one's admin.listen; the server is known by the root certificate that "
    "the\n"
    "token names, or with --system-trust by the system's store and the URL's "
    "host.\n"
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
    {"dns-server", "import", ctl_dns_import},
    {"dns-server", "list", ctl_dns_list},
    {"dns-server", "promote", ctl_dns_promote},
    {"dns-server", "retire", ctl_dns_retire},
    {"discovery", "zone", ctl_discovery_zone},
    {"token", "add", ctl_token_add},
    {"token", "list", ctl_token_list},
    {"token", "remove", ctl_token_remove},
    {"cert", "list", ctl_cert_list},
    {"cert", "show", ctl_cert_show},
    {"manufacturer", "add", ctl_manufacturer_add},
    {"manufacturer", "list", ctl_manufacturer_list},
    {"manufacturer", "show", ctl_manufacturer_show},
    {"manufacturer", "set", ctl_manufacturer_set},
    {"manufacturer", "prefetch", ctl_manufacturer_prefetch},
    {"manufacturer", "remove", ctl_manufacturer_remove},
    {"device", "list", ctl_device_list},
    {"device", "show", ctl_device_show},
    {"device", "refuse", ctl_device_refuse},
    {"device", "accept", ctl_device_accept},
    {"request", "list", ctl_request_list},
    {"request", "approve", ctl_request_approve},
    {"request", "deny", ctl_request_deny},
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

struct globals {
	struct ctl ctl;
	const char *url, *token_file;
	bool system_trust;
};

/* Global options may stand before the command only. */
static int
parse_global(struct globals *g, int argc, char **argv)
{
	static const struct option options[] = {
	    {"state", required_argument, NULL, 's'},
	    {"url", required_argument, NULL, 'u'},
	    {"token-file", required_argument, NULL, 't'},
	    {"system-trust", no_argument, NULL, 'T'},
	    {"json", no_argument, NULL, 'j'},
	    {"version", no_argument, NULL, 'v'},
	    {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	int c;

	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 's':
			g->ctl.state_dir = optarg;
			break;
		case 'u':
			g->url = optarg;
			break;
		case 't':
			g->token_file = optarg;
			break;
		case 'T':
			g->system_trust = true;
			break;
		case 'j':
			g->ctl.json = true;
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

/* Which estuaryd, and how it is reached. *remote is to be freed. */
static int
choose_server(struct globals *g, struct ctl_remote **remote)
{
	if (g->url == NULL && (g->token_file != NULL || g->system_trust))
		return ctl_usage(
		    "--token-file and --system-trust go with --url");
	if (g->url == NULL)
		return g->ctl.state_dir != NULL
			   ? CTL_DONE
			   : ctl_usage("--state DIR or --url URL is missing");
	if (g->ctl.state_dir != NULL)
		return ctl_usage("either --state DIR or --url URL");
	if (g->token_file == NULL)
		return ctl_usage("--url needs --token-file FILE");
	return ctl_remote_open(remote, g->url, g->token_file, g->system_trust);
}

int
main(int argc, char **argv)
{
	struct globals g = {.url = NULL};
	struct ctl_remote *remote = NULL;
	const struct command *command;
	int words, status = parse_global(&g, argc, argv);

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
	curl_global_init(CURL_GLOBAL_DEFAULT);
	status = choose_server(&g, &remote);
	if (status == CTL_DONE) {
		g.ctl.remote = remote;
		optind = 0; /* getopt starts anew at the command's last word */
		status =
		    command->run(&g.ctl, argc - words + 1, argv + words - 1);
	}
	ctl_remote_close(remote);
	curl_global_cleanup();
	return status;
}
