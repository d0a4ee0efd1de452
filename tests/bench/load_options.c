#include "tests/bench/load_options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/str.h"

#define THREADS_MAX 4096
#define CSRS_MAX 1000000
#define IDLE_MAX 100000
#define SECONDS_MAX 86400
#define RATE_MAX 1000000

const char load_usage[] =
    "usage: estuary-load --connect HOST:PORT --ca FILE [OPTION ...]\n"
    "\n"
    "Loads an EST server over TLS 1.3 and says what came back. Each thread "
    "has\n"
    "one connection at a time and makes one request after the other.\n"
    "\n"
    "  --connect ADDR:PORT   where the server is; an address, no name\n"
    "  --ca FILE             the trust anchor, PEM; not needed with --pake\n"
    "  --name NAME           the server's DNS-ID (est.lab.test)\n"
    "  --path PATH           /.well-known/est/cacerts, or simpleenroll\n"
    "  --enroll              POST a CSR, with HTTP Basic if there is an "
    "identity\n"
    "  --csrs N              so many CSRs, made before the clock starts "
    "(2048)\n"
    "  --first N             the number in the first CSR's name (0)\n"
    "  --domain NAME         they are for load-NUMBER.NAME (lab.test)\n"
    "  --csr-name NAME       all of them are for NAME\n"
    "  --identity NAME --password-file FILE\n"
    "  --code-file FILE      an onboarding code, in their place\n"
    "  --cert FILE --key FILE\n"
    "                        a client certificate, PEM\n"
    "  --pake                authenticate connections by the PAKE\n"
    "  --pake-extension N, --pake-scheme N\n"
    "  --keep-alive          many requests on a connection, not one\n"
    "  --threads N           8\n"
    "  --seconds S           5\n"
    "  --rate N              open loop: N starts a second over all threads;\n"
    "                        latency counts from when a request was due\n"
    "  --source ADDR         connect from there; may repeat\n"
    "  --timeout-ms N        of a handshake, and of each read (10000)\n"
    "  --idle N              in place of all that: open N connections (with\n"
    "                        --keep-alive, make a request on each), print\n"
    "                        `holding N`, and keep them until standard input "
    "ends\n"
    "  --timeline            also each second by itself\n"
    "  --json\n"
    "\n"
    "Exit: 0 no error, 1 errors or nothing done, 2 usage.\n";

enum option_id {
	OPT_CONNECT = 1,
	OPT_CA,
	OPT_NAME,
	OPT_PATH,
	OPT_ENROLL,
	OPT_CSRS,
	OPT_FIRST,
	OPT_DOMAIN,
	OPT_IDENTITY,
	OPT_PASSWORD_FILE,
	OPT_CODE_FILE,
	OPT_CERT,
	OPT_KEY,
	OPT_CSR_NAME,
	OPT_PAKE,
	OPT_PAKE_EXTENSION,
	OPT_PAKE_SCHEME,
	OPT_KEEP_ALIVE,
	OPT_THREADS,
	OPT_SECONDS,
	OPT_RATE,
	OPT_SOURCE,
	OPT_TIMEOUT_MS,
	OPT_IDLE,
	OPT_TIMELINE,
	OPT_JSON,
	OPT_HELP,
};

static const struct option longs[] = {
    {"connect", required_argument, NULL, OPT_CONNECT},
    {"ca", required_argument, NULL, OPT_CA},
    {"name", required_argument, NULL, OPT_NAME},
    {"path", required_argument, NULL, OPT_PATH},
    {"enroll", no_argument, NULL, OPT_ENROLL},
    {"csrs", required_argument, NULL, OPT_CSRS},
    {"first", required_argument, NULL, OPT_FIRST},
    {"domain", required_argument, NULL, OPT_DOMAIN},
    {"identity", required_argument, NULL, OPT_IDENTITY},
    {"password-file", required_argument, NULL, OPT_PASSWORD_FILE},
    {"code-file", required_argument, NULL, OPT_CODE_FILE},
    {"cert", required_argument, NULL, OPT_CERT},
    {"key", required_argument, NULL, OPT_KEY},
    {"csr-name", required_argument, NULL, OPT_CSR_NAME},
    {"pake", no_argument, NULL, OPT_PAKE},
    {"pake-extension", required_argument, NULL, OPT_PAKE_EXTENSION},
    {"pake-scheme", required_argument, NULL, OPT_PAKE_SCHEME},
    {"keep-alive", no_argument, NULL, OPT_KEEP_ALIVE},
    {"threads", required_argument, NULL, OPT_THREADS},
    {"seconds", required_argument, NULL, OPT_SECONDS},
    {"rate", required_argument, NULL, OPT_RATE},
    {"source", required_argument, NULL, OPT_SOURCE},
    {"timeout-ms", required_argument, NULL, OPT_TIMEOUT_MS},
    {"idle", required_argument, NULL, OPT_IDLE},
    {"timeline", no_argument, NULL, OPT_TIMELINE},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP}, {NULL, 0, NULL, 0}};

/* A number from min to max, also as 0x...; 0 or -ERR_INVALID. */
static int
read_number(double *out, const char *text, double min, double max)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= min && value <= max))
		return -ERR_INVALID;
	*out = value;
	return 0;
}

static int
parse_size(size_t *out, const char *text, double min, double max)
{
	double value;
	int err = read_number(&value, text, min, max);

	if (err == 0)
		*out = (size_t)value;
	return err;
}

static int
parse_u16(uint16_t *out, const char *text)
{
	size_t value;
	int err = parse_size(&value, text, 0, 0xffff);

	if (err == 0)
		*out = (uint16_t)value;
	return err;
}

static int
take_number(struct load_options *o, int id, const char *text)
{
	double number;
	int err;

	switch (id) {
	case OPT_CSRS:
		return parse_size(&o->csrs, text, 1, CSRS_MAX);
	case OPT_FIRST:
		return parse_size(&o->first, text, 0, 1e12);
	case OPT_THREADS:
		return parse_size(&o->threads, text, 1, THREADS_MAX);
	case OPT_IDLE:
		return parse_size(&o->idle, text, 1, IDLE_MAX);
	case OPT_SECONDS:
		return read_number(&o->seconds, text, 0.01, SECONDS_MAX);
	case OPT_RATE:
		return read_number(&o->rate, text, 0.001, RATE_MAX);
	case OPT_PAKE_EXTENSION:
		return parse_u16(&o->pake_extension, text);
	case OPT_PAKE_SCHEME:
		return parse_u16(&o->pake_scheme, text);
	case OPT_TIMEOUT_MS:
		err = read_number(&number, text, 1, 1e6);
		if (err == 0)
			o->timeout_ms = (int)number;
		return err;
	default:
		return -ERR_INVALID;
	}
}

static int
take_source(struct load_options *o, const char *text)
{
	if (o->n_sources == SOURCES_MAX)
		return -ERR_TOO_LARGE;
	o->sources[o->n_sources++] = text;
	return 0;
}

static int
take_text(struct load_options *o, int id, const char *text)
{
	switch (id) {
	case OPT_CONNECT:
		o->connect = text;
		return 0;
	case OPT_CA:
		o->ca_file = text;
		return 0;
	case OPT_NAME:
		o->name = text;
		return 0;
	case OPT_PATH:
		o->path = text;
		return 0;
	case OPT_DOMAIN:
		o->domain = text;
		return 0;
	case OPT_IDENTITY:
		o->identity = text;
		return 0;
	case OPT_PASSWORD_FILE:
		o->password_file = text;
		return 0;
	case OPT_CODE_FILE:
		o->code_file = text;
		return 0;
	case OPT_CERT:
		o->cert_file = text;
		return 0;
	case OPT_KEY:
		o->key_file = text;
		return 0;
	case OPT_CSR_NAME:
		o->csr_name = text;
		return 0;
	case OPT_SOURCE:
		return take_source(o, text);
	default:
		return take_number(o, id, text);
	}
}

static int
take_flag(struct load_options *o, int id)
{
	switch (id) {
	case OPT_ENROLL:
		o->enroll = true;
		return 0;
	case OPT_PAKE:
		o->pake = true;
		return 0;
	case OPT_KEEP_ALIVE:
		o->keep_alive = true;
		return 0;
	case OPT_TIMELINE:
		o->timeline = true;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	default:
		return -ERR_INVALID;
	}
}

static int
check(const struct load_options *o, struct reason *why)
{
	bool known = o->code_file != NULL ||
		     (o->identity != NULL && o->password_file != NULL);

	if (o->connect == NULL)
		return reason_set(why, -ERR_INVALID, "--connect is missing");
	if (o->pake && !known)
		return reason_set(why, -ERR_INVALID,
		    "--pake needs --code-file, or --identity and "
		    "--password-file");
	if ((o->cert_file == NULL) != (o->key_file == NULL))
		return reason_set(
		    why, -ERR_INVALID, "--cert and --key come together");
	if (o->pake && o->cert_file != NULL)
		return reason_set(
		    why, -ERR_INVALID, "--pake and --cert exclude each other");
	if (!o->pake && o->ca_file == NULL)
		return reason_set(why, -ERR_INVALID, "--ca is missing");
	return 0;
}

int
load_options_parse(struct load_options *out, bool *help, int argc, char **argv,
    struct reason *why)
{
	struct load_options o = {.name = "est.lab.test",
	    .domain = "lab.test",
	    .threads = 8,
	    .csrs = 2048,
	    .seconds = 5,
	    .timeout_ms = 10000,
	    .pake_extension = 0x8a3b,
	    .pake_scheme = 0x7d96};
	int id, at = 0, err;

	*help = false;
	while ((id = getopt_long(argc, argv, "", longs, &at)) != -1) {
		if (id == OPT_HELP) {
			*help = true;
			return 0;
		}
		if (id == '?')
			return reason_set(why, -ERR_INVALID, "see --help");
		err = optarg != NULL ? take_text(&o, id, optarg)
				     : take_flag(&o, id);
		if (err != 0)
			return reason_set(why, -ERR_INVALID, "--%s %s: %s",
			    longs[at].name, optarg, err_text(err));
	}
	if (optind != argc)
		return reason_set(
		    why, -ERR_INVALID, "what is '%s'?", argv[optind]);
	if (o.path == NULL)
		o.path = o.enroll ? "/.well-known/est/simpleenroll"
				  : "/.well-known/est/cacerts";
	*out = o;
	return check(out, why);
}

/* With port 0: any. */
static int
parse_source(struct sockaddr_storage *out, const char *address)
{
	char text[ENDPOINT_TEXT_MAX + 8];
	socklen_t len = sizeof(*out);
	struct ip_addr ip;
	int err = ip_parse(&ip, address);

	if (err != 0)
		return err;
	snprintf(text, sizeof(text), ip.len == 4 ? "%s:0" : "[%s]:0", address);
	return endpoint_parse(out, &len, text);
}

int
load_options_target(struct load_target *out, const struct load_options *options,
    struct reason *why)
{
	struct load_target target = {.name = options->name,
	    .ca_file = options->ca_file,
	    .cert_file = options->cert_file,
	    .key_file = options->key_file,
	    .timeout_ms = options->timeout_ms,
	    .n_sources = options->n_sources,
	    .pake_extension = options->pake_extension,
	    .pake_scheme = options->pake_scheme};

	target.address_len = sizeof(target.address);
	if (endpoint_parse(
		&target.address, &target.address_len, options->connect) != 0)
		return reason_set(why, -ERR_INVALID,
		    "--connect %s: not an address and a port",
		    options->connect);
	for (size_t i = 0; i < options->n_sources; i++)
		if (parse_source(&target.sources[i], options->sources[i]) !=
			0 ||
		    target.sources[i].ss_family != target.address.ss_family)
			return reason_set(why, -ERR_INVALID,
			    "--source %s: not an address like --connect's",
			    options->sources[i]);
	*out = target;
	return 0;
}
