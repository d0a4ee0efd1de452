/* The command line of estuary-join. */
#ifndef CLIENT_OPTIONS_H
#define CLIENT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "client/network_state.h"
#include "mdns/announce.h"

enum join_command {
	COMMAND_JOIN = 1,
	COMMAND_CHECK,
	COMMAND_STATUS,
	COMMAND_FORGET,
	COMMAND_REFRESH,
	COMMAND_EXPORT,
	COMMAND_HELP,
	COMMAND_VERSION,
};

/* Texts are borrowed from argv; NULL when not given. */
struct options {
	enum join_command command;
	const char *state_dir;
	const char *network;
	const char *server, *server_name;
	const char *code_file;
	const char *identity;
	const char *qname;
	const char *format, *out_dir; /* export */
	struct mdns_config interfaces;
	bool allow_unconstrained;
	bool json;
	bool force;
	enum network_trust trust; /* join */
	bool enroll;
	uint16_t pake_extension, pake_scheme;
};

/* -ERR_INVALID with what is wrong. */
int options_parse(
    struct options *out, int argc, char **argv, struct reason *why) NODISCARD;

/* True unless implicit trust stands alone: with a code or a password, the
 * server is proved by it. */
bool options_use_code(const struct options *options);

const char *options_usage(void);

/* For the command line of estuary-pledge, too: -ERR_INVALID for a name that is
 * empty or too long, or one too many; and for what is no HOST:PORT. */
int options_add_interface(
    struct mdns_config *config, const char *name) NODISCARD;
int options_check_server(const char *value) NODISCARD;

#endif
