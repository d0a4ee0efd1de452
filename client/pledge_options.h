/* The command line of estuary-pledge. */
#ifndef CLIENT_PLEDGE_OPTIONS_H
#define CLIENT_PLEDGE_OPTIONS_H

#include "client/options.h"
#include "client/pledge_request.h"

enum pledge_command {
	PLEDGE_ONBOARD = 1,
	PLEDGE_CHECK,
	PLEDGE_STATUS,
	PLEDGE_RENEW,
	PLEDGE_FORGET,
	PLEDGE_HELP,
	PLEDGE_VERSION,
};

/* Texts are borrowed from argv; NULL when not given. */
struct pledge_options {
	enum pledge_command command;
	/* What estuary-join's commands take: state_dir, server (the
	 * registrar), interfaces, qname, json. */
	struct options base;
	const char *idevid, *key, *chain;
	const char *masa_anchor;
	enum voucher_format format;
	const char *accept;
	int64_t patience_s;
	bool accept_nonceless;
	enum pledge_misbehaviour misbehave;
	const char *other_idevid, *other_key;
};

/* -ERR_INVALID with what is wrong. */
int pledge_options_parse(struct pledge_options *out, int argc, char **argv,
    struct reason *why) NODISCARD;
const char *pledge_options_usage(void);

#endif
