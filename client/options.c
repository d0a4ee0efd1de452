#include "client/options.h"

#include <string.h>

#include "base/addr.h"
#include "base/domain.h"
#include "base/str.h"
#include "client/command_line.h"
#include "client/discover.h"
#include "client/export.h"
#include "client/network_state.h"
#include "tls/server.h"

enum option_id {
	OPT_STATE = COMMAND_LINE_FIRST,
	OPT_NETWORK,
	OPT_SERVER,
	OPT_SERVER_NAME,
	OPT_CODE_FILE,
	OPT_IDENTITY,
	OPT_INTERFACE,
	OPT_ALLOW_UNCONSTRAINED,
	OPT_PAKE_EXTENSION,
	OPT_PAKE_SCHEME,
	OPT_NAME,
	OPT_JSON,
	OPT_FORCE,
	OPT_OUT,
	OPT_TRUST,
	OPT_ENROLL,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
    {"state", required_argument, NULL, OPT_STATE},
    {"network", required_argument, NULL, OPT_NETWORK},
    {"server", required_argument, NULL, OPT_SERVER},
    {"server-name", required_argument, NULL, OPT_SERVER_NAME},
    {"code-file", required_argument, NULL, OPT_CODE_FILE},
    {"identity", required_argument, NULL, OPT_IDENTITY},
    {"interface", required_argument, NULL, OPT_INTERFACE},
    {"allow-unconstrained", no_argument, NULL, OPT_ALLOW_UNCONSTRAINED},
    {"pake-extension", required_argument, NULL, OPT_PAKE_EXTENSION},
    {"pake-scheme", required_argument, NULL, OPT_PAKE_SCHEME},
    {"name", required_argument, NULL, OPT_NAME},
    {"json", no_argument, NULL, OPT_JSON},
    {"force", no_argument, NULL, OPT_FORCE},
    {"out", required_argument, NULL, OPT_OUT},
    {"trust", required_argument, NULL, OPT_TRUST},
    {"enroll", no_argument, NULL, OPT_ENROLL},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

#define BIT COMMAND_LINE_BIT

/* The options that each command takes. */
static const struct command_word commands[] = {
    {"join", COMMAND_JOIN,
	BIT(OPT_STATE) | BIT(OPT_NETWORK) | BIT(OPT_SERVER) |
	    BIT(OPT_SERVER_NAME) | BIT(OPT_CODE_FILE) | BIT(OPT_IDENTITY) |
	    BIT(OPT_INTERFACE) | BIT(OPT_ALLOW_UNCONSTRAINED) |
	    BIT(OPT_PAKE_EXTENSION) | BIT(OPT_PAKE_SCHEME) | BIT(OPT_TRUST) |
	    BIT(OPT_ENROLL) | BIT(OPT_FORCE)},
    {"check", COMMAND_CHECK,
	BIT(OPT_STATE) | BIT(OPT_NETWORK) | BIT(OPT_NAME) | BIT(OPT_JSON)},
    {"status", COMMAND_STATUS,
	BIT(OPT_STATE) | BIT(OPT_NETWORK) | BIT(OPT_JSON)},
    {"forget", COMMAND_FORGET, BIT(OPT_STATE) | BIT(OPT_NETWORK)},
    {"refresh", COMMAND_REFRESH,
	BIT(OPT_STATE) | BIT(OPT_NETWORK) | BIT(OPT_SERVER) |
	    BIT(OPT_INTERFACE) | BIT(OPT_FORCE)},
    {"export", COMMAND_EXPORT,
	BIT(OPT_STATE) | BIT(OPT_NETWORK) | BIT(OPT_OUT) | BIT(OPT_FORCE)},
};

const char *
options_usage(void)
{
	return "usage: estuary-join [--state DIR] COMMAND\n"
	       "  join [--server HOST:PORT] [--server-name NAME] [--network "
	       "NAME]\n"
	       "       [--code-file FILE] [--identity NAME] [--interface IF "
	       "...]\n"
	       "       [--allow-unconstrained] [--pake-extension 0x8a3b]\n"
	       "       [--pake-scheme 0x7d96] [--trust explicit|implicit] "
	       "[--enroll]\n"
	       "       [--force]\n"
	       "      find the network's EST server, prove it with the "
	       "onboarding code (from\n"
	       "      FILE, the terminal or standard input), and learn its DNS "
	       "servers;\n"
	       "      --enroll: and get a client certificate. With --trust "
	       "implicit\n"
	       "      the system's trust store takes the place of the "
	       "network's own root; then\n"
	       "      --server-name may stand in for a code (--force: "
	       "replace a network that\n"
	       "      has a root of its own)\n"
	       "  check [--name QNAME] [--network NAME] [--json]\n"
	       "      connect to each DNS server, check its certificate, and "
	       "ask for QNAME\n"
	       "  status [--network NAME] [--json]\n"
	       "      show what is known of a network\n"
	       "  refresh [--network NAME] [--server HOST:PORT] [--interface "
	       "IF ...]\n"
	       "       [--force]\n"
	       "      keep what is known while it is valid; else find the EST "
	       "server again,\n"
	       "      verify it, and fetch anew (--force: in any case)\n"
	       "  export FORMAT [--network NAME] [--out DIR [--force]]\n"
	       "      print, or write to DIR, a configuration that uses the "
	       "DNS servers: for\n"
	       "      systemd-resolved, unbound, stubby, firefox or chromium\n"
	       "  forget [--network NAME]\n"
	       "      forget a network\n"
	       "  --help, --version\n"
	       "exit status: 0 done, 1 refused for a security reason, 2 "
	       "usage, 3 not reachable\n";
}

/* 0xNNNN or decimal, 16 bits. */
static int
parse_code_point(uint16_t *out, const char *text)
{
	uint8_t bytes[2];
	int64_t number;

	if (strncmp(text, "0x", 2) == 0) {
		if (strlen(text) != 6 || hex_decode(bytes, 2, text + 2) != 0)
			return -ERR_INVALID;
		*out = (uint16_t)(bytes[0] << 8 | bytes[1]);
		return 0;
	}
	if (parse_number(&number, text, UINT16_MAX) != 0)
		return -ERR_INVALID;
	*out = (uint16_t)number;
	return 0;
}

int
options_add_interface(struct mdns_config *config, const char *name)
{
	if (config->n_interfaces == MDNS_INTERFACES_MAX || name[0] == '\0')
		return -ERR_INVALID;
	return str_format(config->interfaces[config->n_interfaces++],
	    sizeof(config->interfaces[0]), "%s", name);
}

int
options_check_server(const char *value)
{
	char host[DOMAIN_MAX + 2];
	uint16_t port;
	int err =
	    host_port_split(host, sizeof(host), &port, value, EST_PORT_DEFAULT);

	return err == 0 && port != 0 ? 0 : -ERR_INVALID;
}

static int
parse_trust(enum network_trust *out, const char *text)
{
	if (strcmp(text, network_trust_text(NETWORK_EXPLICIT)) == 0)
		*out = NETWORK_EXPLICIT;
	else if (strcmp(text, network_trust_text(NETWORK_IMPLICIT)) == 0)
		*out = NETWORK_IMPLICIT;
	else
		return -ERR_INVALID;
	return 0;
}

static int
set_option(void *target, int id, const char *value)
{
	struct options *options = target;
	char domain[DOMAIN_MAX + 1];

	switch (id) {
	case OPT_STATE:
		options->state_dir = value;
		return value[0] != '\0' ? 0 : -ERR_INVALID;
	case OPT_NETWORK:
		options->network = value;
		return network_name_is_valid(value) ? 0 : -ERR_INVALID;
	case OPT_SERVER:
		options->server = value;
		return options_check_server(value);
	case OPT_SERVER_NAME:
		options->server_name = value;
		return domain_normalize(domain, value);
	case OPT_CODE_FILE:
		options->code_file = value;
		return 0;
	case OPT_IDENTITY:
		options->identity = value;
		return value[0] != '\0' && strlen(value) <= 64 &&
			       str_is_printable(value)
			   ? 0
			   : -ERR_INVALID;
	case OPT_INTERFACE:
		return options_add_interface(&options->interfaces, value);
	case OPT_ALLOW_UNCONSTRAINED:
		options->allow_unconstrained = true;
		return 0;
	case OPT_PAKE_EXTENSION:
		return parse_code_point(&options->pake_extension, value);
	case OPT_PAKE_SCHEME:
		return parse_code_point(&options->pake_scheme, value);
	case OPT_NAME:
		options->qname = value;
		return 0;
	case OPT_JSON:
		options->json = true;
		return 0;
	case OPT_FORCE:
		options->force = true;
		return 0;
	case OPT_TRUST:
		return parse_trust(&options->trust, value);
	case OPT_ENROLL:
		options->enroll = true;
		return 0;
	case OPT_OUT:
		options->out_dir = value;
		return value[0] != '\0' ? 0 : -ERR_INVALID;
	case OPT_HELP:
		options->command = COMMAND_HELP;
		return 0;
	default:
		options->command = COMMAND_VERSION;
		return 0;
	}
}

static const struct command_line command_line = {.options = long_options,
    .commands = commands,
    .n_commands = ARRAY_LEN(commands),
    .set = set_option};

/* The words that are no options: a command, and for export a format. */
static int
set_words(struct options *options, int n, char **words, unsigned int given,
    struct reason *why)
{
	int command, err;

	if (n == 0)
		return reason_set(why, -ERR_INVALID, "a command is missing");
	err = command_line_word(&command, &command_line, words[0], given, why);
	if (err != 0)
		return err;
	options->command = (enum join_command)command;
	if (options->command == COMMAND_EXPORT) {
		if (n != 2 || !export_format_is_known(words[1]))
			return reason_set(why, -ERR_INVALID,
			    "export wants one format: " EXPORT_FORMATS);
		options->format = words[1];
		return 0;
	}
	if (n != 1)
		return reason_set(why, -ERR_INVALID, "one command at a time");
	return 0;
}

bool
options_use_code(const struct options *options)
{
	return options->trust == NETWORK_EXPLICIT ||
	       options->code_file != NULL || options->identity != NULL;
}

/* [RFC7030 3.6.2] What an announcement says is nobody's word. */
static int
check_trust(const struct options *options, struct reason *why)
{
	if (options->trust != NETWORK_IMPLICIT)
		return 0;
	if (options->allow_unconstrained)
		return reason_set(why, -ERR_INVALID,
		    "--allow-unconstrained has no meaning with --trust "
		    "implicit: the system's anchors are not the network's");
	if (options->enroll)
		return reason_set(why, -ERR_INVALID,
		    "--enroll wants --trust explicit: a client certificate is "
		    "of the network's own CA");
	if (!options_use_code(options) && options->server_name == NULL)
		return reason_set(why, -ERR_INVALID,
		    "--trust implicit without a code wants --server-name: the "
		    "name that the server's certificate has to prove");
	return 0;
}

int
options_parse(struct options *out, int argc, char **argv, struct reason *why)
{
	struct options options = {
	    .pake_extension = PAKE_EXTENSION_DEFAULT,
	    .pake_scheme = PAKE_SCHEME_SPAKE2PLUS_DEFAULT,
	};
	unsigned int given;
	int err = command_line_options(
	    &given, &command_line, &options, argc, argv, why);

	if (err == 0 && options.command == 0)
		err = set_words(
		    &options, argc - optind, argv + optind, given, why);
	if (err == 0)
		err = check_trust(&options, why);
	if (err == 0)
		*out = options;
	return err;
}
