#include "client/pledge_options.h"

#include <string.h>

#include "base/str.h"
#include "client/command_line.h"
#include "client/pledge_onboard.h"

#define PATIENCE_MAX_S (4 * 86400) /* as long as a registrar remembers */

enum option_id {
	OPT_STATE = COMMAND_LINE_FIRST,
	OPT_IDEVID,
	OPT_KEY,
	OPT_CHAIN,
	OPT_MASA_ANCHOR,
	OPT_REGISTRAR,
	OPT_FORMAT,
	OPT_ACCEPT,
	OPT_INTERFACE,
	OPT_PATIENCE,
	OPT_ACCEPT_NONCELESS,
	OPT_MISBEHAVE,
	OPT_OTHER_IDEVID,
	OPT_OTHER_KEY,
	OPT_NAME,
	OPT_JSON,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
    {"state", required_argument, NULL, OPT_STATE},
    {"idevid", required_argument, NULL, OPT_IDEVID},
    {"key", required_argument, NULL, OPT_KEY},
    {"chain", required_argument, NULL, OPT_CHAIN},
    {"masa-anchor", required_argument, NULL, OPT_MASA_ANCHOR},
    {"registrar", required_argument, NULL, OPT_REGISTRAR},
    {"format", required_argument, NULL, OPT_FORMAT},
    {"accept", required_argument, NULL, OPT_ACCEPT},
    {"interface", required_argument, NULL, OPT_INTERFACE},
    {"patience", required_argument, NULL, OPT_PATIENCE},
    {"accept-nonceless", no_argument, NULL, OPT_ACCEPT_NONCELESS},
    {"misbehave", required_argument, NULL, OPT_MISBEHAVE},
    {"other-idevid", required_argument, NULL, OPT_OTHER_IDEVID},
    {"other-key", required_argument, NULL, OPT_OTHER_KEY},
    {"name", required_argument, NULL, OPT_NAME},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

#define BIT COMMAND_LINE_BIT

/* The options that each command takes. */
static const struct command_word commands[] = {
    {"onboard", PLEDGE_ONBOARD,
	BIT(OPT_STATE) | BIT(OPT_IDEVID) | BIT(OPT_KEY) | BIT(OPT_CHAIN) |
	    BIT(OPT_MASA_ANCHOR) | BIT(OPT_REGISTRAR) | BIT(OPT_FORMAT) |
	    BIT(OPT_ACCEPT) | BIT(OPT_INTERFACE) | BIT(OPT_PATIENCE) |
	    BIT(OPT_ACCEPT_NONCELESS) | BIT(OPT_MISBEHAVE) |
	    BIT(OPT_OTHER_IDEVID) | BIT(OPT_OTHER_KEY) | BIT(OPT_JSON)},
    {"check", PLEDGE_CHECK, BIT(OPT_STATE) | BIT(OPT_NAME) | BIT(OPT_JSON)},
    {"status", PLEDGE_STATUS, BIT(OPT_STATE) | BIT(OPT_JSON)},
    {"renew", PLEDGE_RENEW,
	BIT(OPT_STATE) | BIT(OPT_REGISTRAR) | BIT(OPT_INTERFACE)},
    {"forget", PLEDGE_FORGET, BIT(OPT_STATE)},
};

static const struct {
	const char *name;
	enum voucher_format format;
} formats[] = {
    {"cms", VOUCHER_CMS_JSON},
    {"jws", VOUCHER_JWS_JSON},
    {"cose", VOUCHER_COSE_CBOR},
};

const char *
pledge_options_usage(void)
{
	return "usage: estuary-pledge [--state DIR] COMMAND\n"
	       "  onboard --idevid CERT.pem --key KEY.pem [--chain FILE] "
	       "--masa-anchor FILE\n"
	       "       [--registrar HOST:PORT] [--interface IF ...]\n"
	       "       [--format cms|jws|cose] [--accept TYPE] [--patience "
	       "SECONDS]\n"
	       "       [--accept-nonceless] [--json]\n"
	       "      find the network's registrar, ask for a voucher, verify "
	       "it, and get a\n"
	       "      certificate and the DNS servers (RFC 8995). FILE of "
	       "--masa-anchor has the\n"
	       "      certificates whose vouchers count; for COSE the voucher "
	       "signer's own too\n"
	       "       [--misbehave HOW] [--other-idevid CERT.pem --other-key "
	       "KEY.pem]\n"
	       "      to try a registrar: bad-signature, big, hang, no-nonce, "
	       "other-idevid,\n"
	       "      repeat, stale, truncate, wrong-proximity, wrong-serial, "
	       "wrong-type\n"
	       "  check [--name QNAME] [--json]\n"
	       "      connect to each DNS server, check its certificate, and "
	       "ask for QNAME\n"
	       "  status [--json]\n"
	       "      show what is known of the network\n"
	       "  renew [--registrar HOST:PORT] [--interface IF ...]\n"
	       "      another certificate for the one that there is, and the "
	       "DNS servers anew\n"
	       "  forget\n"
	       "      forget the network: the device is as from the factory\n"
	       "  --help, --version\n"
	       "exit status: 0 done, 1 refused for a security reason, 2 "
	       "usage, 3 not reachable\n"
	       "or not decided yet\n";
}

static int
parse_format(enum voucher_format *out, const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		if (strcmp(formats[i].name, text) != 0)
			continue;
		*out = formats[i].format;
		return 0;
	}
	return -ERR_INVALID;
}

/* It becomes a header's value. */
static int
check_accept(const char *text)
{
	return text[0] != '\0' && strlen(text) < 200 && str_is_printable(text)
		   ? 0
		   : -ERR_INVALID;
}

static int
set_path(const char **out, const char *value)
{
	*out = value;
	return value[0] != '\0' ? 0 : -ERR_INVALID;
}

static int
set_option(void *target, int id, const char *value)
{
	struct pledge_options *options = target;
	struct options *base = &options->base;

	switch (id) {
	case OPT_STATE:
		return set_path(&base->state_dir, value);
	case OPT_IDEVID:
		return set_path(&options->idevid, value);
	case OPT_KEY:
		return set_path(&options->key, value);
	case OPT_CHAIN:
		return set_path(&options->chain, value);
	case OPT_MASA_ANCHOR:
		return set_path(&options->masa_anchor, value);
	case OPT_REGISTRAR:
		base->server = value;
		return options_check_server(value);
	case OPT_FORMAT:
		return parse_format(&options->format, value);
	case OPT_ACCEPT:
		options->accept = value;
		return check_accept(value);
	case OPT_INTERFACE:
		return options_add_interface(&base->interfaces, value);
	case OPT_PATIENCE:
		return parse_number(
		    &options->patience_s, value, PATIENCE_MAX_S);
	case OPT_ACCEPT_NONCELESS:
		options->accept_nonceless = true;
		return 0;
	case OPT_MISBEHAVE:
		return pledge_misbehaviour_parse(&options->misbehave, value);
	case OPT_OTHER_IDEVID:
		return set_path(&options->other_idevid, value);
	case OPT_OTHER_KEY:
		return set_path(&options->other_key, value);
	case OPT_NAME:
		base->qname = value;
		return 0;
	case OPT_JSON:
		base->json = true;
		return 0;
	case OPT_HELP:
		options->command = PLEDGE_HELP;
		return 0;
	default:
		options->command = PLEDGE_VERSION;
		return 0;
	}
}

/* What onboard cannot do without. */
static int
check_onboard(const struct pledge_options *options, struct reason *why)
{
	bool other = options->misbehave == MISBEHAVE_OTHER_IDEVID;

	if (options->idevid == NULL || options->key == NULL ||
	    options->masa_anchor == NULL)
		return reason_set(why, -ERR_INVALID,
		    "onboard wants --idevid, --key and --masa-anchor");
	if (other != (options->other_idevid != NULL) ||
	    other != (options->other_key != NULL))
		return reason_set(why, -ERR_INVALID,
		    "--other-idevid and --other-key go with --misbehave "
		    "other-idevid");
	return 0;
}

static const struct command_line command_line = {.options = long_options,
    .commands = commands,
    .n_commands = ARRAY_LEN(commands),
    .set = set_option};

static int
set_command(struct pledge_options *options, int n, char **words,
    unsigned int given, struct reason *why)
{
	int command, err;

	if (n == 0)
		return reason_set(why, -ERR_INVALID, "a command is missing");
	err = command_line_word(&command, &command_line, words[0], given, why);
	if (err != 0)
		return err;
	if (n != 1)
		return reason_set(why, -ERR_INVALID, "one command at a time");
	options->command = (enum pledge_command)command;
	return options->command == PLEDGE_ONBOARD ? check_onboard(options, why)
						  : 0;
}

int
pledge_options_parse(
    struct pledge_options *out, int argc, char **argv, struct reason *why)
{
	struct pledge_options options = {
	    .format = VOUCHER_CMS_JSON, .patience_s = PLEDGE_PATIENCE_S};
	unsigned int given;
	int err = command_line_options(
	    &given, &command_line, &options, argc, argv, why);

	if (err == 0 && options.command == 0)
		err = set_command(
		    &options, argc - optind, argv + optind, given, why);
	if (err == 0)
		*out = options;
	return err;
}
