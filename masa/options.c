#include "masa/options.h"

#include <getopt.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"

#define MASA_PORT 443
#define DEFAULT_URL "127.0.0.1:9443"
#define NONCELESS_S 1200 /* RFC 8995 5.6 speaks of 20 minutes */
#define NONCELESS_MAX_S ((int64_t)366 * 86400)
#define DELAY_MAX_S 3600

static const char usage_text[] =
    "usage: estuary-masa --state DIR make --name NAME --devices N --out OUT\n"
    "                    [--masa-url HOST:PORT] [--masa-name NAME ...]\n"
    "                    [--mud-url URL] [--hardware-module]\n"
    "       estuary-masa --state DIR serve --listen ADDR:PORT\n"
    "                    [--policy open|owned] [--nonceless DURATION]\n"
    "                    [--fault F] [--audit-fault F] [--delay SECONDS]\n"
    "       estuary-masa --state DIR own SERIAL DOMAIN-CA.pem\n"
    "       estuary-masa --state DIR customer --name NAME --out FILE\n"
    "\n"
    "A manufacturer and its voucher service (RFC 8995), for labs.\n"
    "\n"
    "  make       makes the manufacturer: its CAs, the service's "
    "certificates,\n"
    "             N devices; OUT gets SERIAL.key.pem and SERIAL.cert.pem of\n"
    "             each, vendor-ca.pem and masa-ca.pem\n"
    "  serve      answers registrars; stays in the foreground, logs to "
    "standard\n"
    "             error, SIGTERM ends it\n"
    "  own        the device was sold to that domain, and is for no other\n"
    "  customer   a client certificate, with its key, of a registrar that may\n"
    "             have vouchers without a nonce\n"
    "\n"
    "  --masa-url HOST:PORT  what the IDevIDs say; default " DEFAULT_URL "\n"
    "  --masa-name NAME      a further name or address of the service\n"
    "  --mud-url URL         what the IDevIDs say, https\n"
    "  --hardware-module     the serial number is in a hardwareModuleName\n"
    "  --policy owned        no voucher for a device that nobody owns\n"
    "  --nonceless DURATION  how long a voucher without a nonce is good; 20m\n"
    "  --fault F             of each voucher: wrong-serial, wrong-nonce,\n"
    "                        wrong-pin, expired, wrong-signature; in place of\n"
    "                        it: stall, big, reset, garbage\n"
    "  --audit-fault F       in place of each audit log: stall, big, reset,\n"
    "                        garbage\n"
    "  --delay SECONDS       before each answer\n"
    "  --version, --help\n"
    "\n"
    "Exit: 0 done, 1 refused or cannot start, 2 usage.\n";

const char *
masa_options_usage(void)
{
	return usage_text;
}

enum option_id {
	OPT_STATE = 256,
	OPT_NAME,
	OPT_DEVICES,
	OPT_OUT,
	OPT_MASA_URL,
	OPT_MASA_NAME,
	OPT_MUD_URL,
	OPT_HARDWARE_MODULE,
	OPT_LISTEN,
	OPT_POLICY,
	OPT_NONCELESS,
	OPT_FAULT,
	OPT_AUDIT_FAULT,
	OPT_DELAY,
	OPT_VERSION,
	OPT_HELP,
};

static const struct option longs[] = {
    {"state", required_argument, NULL, OPT_STATE},
    {"name", required_argument, NULL, OPT_NAME},
    {"devices", required_argument, NULL, OPT_DEVICES},
    {"out", required_argument, NULL, OPT_OUT},
    {"masa-url", required_argument, NULL, OPT_MASA_URL},
    {"masa-name", required_argument, NULL, OPT_MASA_NAME},
    {"mud-url", required_argument, NULL, OPT_MUD_URL},
    {"hardware-module", no_argument, NULL, OPT_HARDWARE_MODULE},
    {"listen", required_argument, NULL, OPT_LISTEN},
    {"policy", required_argument, NULL, OPT_POLICY},
    {"nonceless", required_argument, NULL, OPT_NONCELESS},
    {"fault", required_argument, NULL, OPT_FAULT},
    {"audit-fault", required_argument, NULL, OPT_AUDIT_FAULT},
    {"delay", required_argument, NULL, OPT_DELAY},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP}, {NULL, 0, NULL, 0}};

/* The options of each command, beside --state. */
static const struct command {
	const char *name;
	enum masa_command command;
	enum option_id options[8];
	int n_operands;
} commands[] = {
    {"make", MASA_MAKE,
	{OPT_NAME, OPT_DEVICES, OPT_OUT, OPT_MASA_URL, OPT_MASA_NAME,
	    OPT_MUD_URL, OPT_HARDWARE_MODULE},
	0},
    {"serve", MASA_SERVE,
	{OPT_LISTEN, OPT_POLICY, OPT_NONCELESS, OPT_FAULT, OPT_AUDIT_FAULT,
	    OPT_DELAY},
	0},
    {"own", MASA_OWN, {0}, 2},
    {"customer", MASA_CUSTOMER, {OPT_NAME, OPT_OUT}, 0},
};

/* Which were there, a bit each. */
static uint32_t
bit(int id)
{
	return UINT32_C(1) << (id - OPT_STATE);
}

/* --- values --- */

static int
bad(struct reason *why, const char *option, const char *wants)
{
	return reason_set(why, -ERR_INVALID, "%s: %s", option, wants);
}

static int
add_host_name(struct names *names, const char *text)
{
	struct ip_addr ip;

	return names_add(
	    names, ip_parse(&ip, text) == 0 ? NAME_IP : NAME_DNS, text);
}

static int
take_faults(struct masa_options *o, int id, struct reason *why)
{
	enum masa_fault *fault = id == OPT_FAULT ? &o->fault : &o->audit_fault;

	if (fault_parse(fault, optarg) != 0)
		return bad(why, "--fault", "there is no such fault");
	if (id == OPT_AUDIT_FAULT && !fault_fits_audit_log(*fault))
		return bad(why, "--audit-fault",
		    "an audit log can only have stall, big, reset or garbage");
	return 0;
}

static int
take_policy(struct masa_options *o, struct reason *why)
{
	o->owned_only = strcmp(optarg, "owned") == 0;
	return o->owned_only || strcmp(optarg, "open") == 0
		   ? 0
		   : bad(why, "--policy", "open or owned");
}

/* Those that need no check, or have one of their own here. */
static int
take_value(struct masa_options *o, int id, struct reason *why)
{
	switch (id) {
	case OPT_DEVICES:
		return parse_number(&o->n_devices, optarg, MASA_DEVICES_MAX) ==
				   0 &&
			       o->n_devices > 0
			   ? 0
			   : bad(why, "--devices", "a number from 1 to 10000");
	case OPT_MASA_NAME:
		return add_host_name(&o->names, optarg) == 0
			   ? 0
			   : bad(why, "--masa-name", "a name or an address");
	case OPT_POLICY:
		return take_policy(o, why);
	case OPT_NONCELESS:
		return parse_duration(&o->nonceless_s, optarg) == 0 &&
			       o->nonceless_s > 0 &&
			       o->nonceless_s <= NONCELESS_MAX_S
			   ? 0
			   : bad(why, "--nonceless", "a duration, as 20m");
	case OPT_FAULT:
	case OPT_AUDIT_FAULT:
		return take_faults(o, id, why);
	case OPT_DELAY:
		return parse_number(&o->delay_s, optarg, DELAY_MAX_S) == 0
			   ? 0
			   : bad(why, "--delay", "seconds, 3600 at most");
	default:
		return -ERR_INVALID;
	}
}

static int
take(struct masa_options *o, int id, struct reason *why)
{
	switch (id) {
	case OPT_STATE:
		o->state_dir = optarg;
		return 0;
	case OPT_NAME:
		o->name = optarg;
		return 0;
	case OPT_OUT:
		o->out = optarg;
		return 0;
	case OPT_MASA_URL:
		o->masa_url = optarg;
		return 0;
	case OPT_MUD_URL:
		o->mud_url = optarg;
		return 0;
	case OPT_HARDWARE_MODULE:
		o->hardware_module = true;
		return 0;
	case OPT_LISTEN:
		o->listen = optarg;
		return 0;
	case OPT_VERSION:
		o->command = MASA_VERSION;
		return 0;
	case OPT_HELP:
		o->command = MASA_HELP;
		return 0;
	case '?':
		return bad(why, "usage", "unknown option, or no value for one");
	default:
		return take_value(o, id, why);
	}
}

/* --- commands --- */

static const struct command *
command_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
check_name(const struct masa_options *o, struct reason *why)
{
	size_t len = o->name != NULL ? strlen(o->name) : 0;

	if (len == 0 || len > MASA_NAME_MAX || !str_is_printable(o->name) ||
	    strpbrk(o->name, "\"\\'`$") != NULL)
		return bad(why, "--name",
		    "1 to 40 printable ASCII characters without quotes, "
		    "backslash and $");
	if (o->out == NULL)
		return bad(why, "--out", "is missing");
	return 0;
}

/* [RFC8995 2.3.2] An authority: the registrar knows the path. */
static int
check_make(struct masa_options *o, struct reason *why)
{
	char host[NAME_TEXT_MAX];
	uint16_t port;
	int err = check_name(o, why);

	if (err != 0)
		return err;
	if (o->n_devices == 0)
		return bad(why, "--devices", "is missing");
	if (o->masa_url == NULL)
		o->masa_url = DEFAULT_URL;
	if (!str_is_printable(o->masa_url) ||
	    strpbrk(o->masa_url, "/ ?#@") != NULL ||
	    host_port_split(
		host, sizeof(host), &port, o->masa_url, MASA_PORT) != 0 ||
	    add_host_name(&o->names, host) != 0)
		return bad(why, "--masa-url", "HOST or HOST:PORT");
	if (o->mud_url != NULL && (strncmp(o->mud_url, "https://", 8) != 0 ||
				      !str_is_printable(o->mud_url)))
		return bad(why, "--mud-url", "an https URL");
	return 0;
}

static int
check_options(const struct command *command, uint32_t seen, struct reason *why)
{
	uint32_t known = bit(OPT_STATE);

	for (size_t i = 0;
	     i < ARRAY_LEN(command->options) && command->options[i] != 0; i++)
		known |= bit((int)command->options[i]);
	if ((seen & ~known) != 0)
		return bad(
		    why, command->name, "an option that is another command's");
	if ((seen & bit(OPT_STATE)) == 0)
		return bad(why, "--state", "is missing");
	return 0;
}

static int
check_command(struct masa_options *o, struct reason *why)
{
	switch (o->command) {
	case MASA_MAKE:
		return check_make(o, why);
	case MASA_CUSTOMER:
		return check_name(o, why);
	case MASA_SERVE:
		return o->listen != NULL ? 0
					 : bad(why, "--listen", "is missing");
	default:
		return 0;
	}
}

static int
take_operands(struct masa_options *o, int argc, char **argv, uint32_t seen,
    struct reason *why)
{
	const struct command *command =
	    optind < argc ? command_of(argv[optind]) : NULL;
	int err;

	if (command == NULL)
		return bad(why, "usage", "make, serve, own or customer");
	o->command = command->command;
	if (argc - optind - 1 != command->n_operands)
		return bad(why, command->name, "wrong number of operands");
	if (command->command == MASA_OWN) {
		o->serial_number = argv[optind + 1];
		o->domain_ca = argv[optind + 2];
	}
	err = check_options(command, seen, why);
	return err != 0 ? err : check_command(o, why);
}

int
masa_options_parse(
    struct masa_options *out, int argc, char **argv, struct reason *why)
{
	AUTOFREE struct masa_options *o = calloc(1, sizeof(*o));
	uint32_t seen = 0;
	int err = 0, id;

	if (o == NULL)
		return -ERR_NOMEM;
	o->nonceless_s = NONCELESS_S;
	optind = 0; /* anew */
	opterr = 0;
	while (
	    err == 0 && (id = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		err = take(o, id, why);
		seen |= err == 0 ? bit(id) : 0;
	}
	if (err == 0 && o->command == 0)
		err = take_operands(o, argc, argv, seen, why);
	if (err == 0)
		*out = *o;
	return err;
}
