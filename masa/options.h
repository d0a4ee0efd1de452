/* The command line of estuary-masa. */
#ifndef MASA_OPTIONS_H
#define MASA_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "ca/names.h"
#include "masa/fault.h"

#define MASA_DEVICES_MAX 10000
#define MASA_NAME_MAX 40 /* of a manufacturer: it has to fit into subjects */

enum masa_command {
	MASA_MAKE = 1,
	MASA_SERVE,
	MASA_OWN,
	MASA_CUSTOMER,
	MASA_HELP,
	MASA_VERSION,
};

/* Texts are borrowed from argv; NULL when not given. */
struct masa_options {
	enum masa_command command;
	const char *state_dir;

	/* make; customer has name and out */
	const char *name, *out;
	int64_t n_devices;
	const char *masa_url; /* HOST:PORT */
	const char *mud_url;
	bool hardware_module;
	struct names names; /* of the TLS server; the URL's host is among them
			     */

	/* serve */
	const char *listen;
	bool owned_only;
	int64_t nonceless_s;
	enum masa_fault fault, audit_fault;
	int64_t delay_s;

	/* own */
	const char *serial_number, *domain_ca;
};

/* -ERR_INVALID with what is wrong. */
int masa_options_parse(struct masa_options *out, int argc, char **argv,
    struct reason *why) NODISCARD;
const char *masa_options_usage(void);

#endif
