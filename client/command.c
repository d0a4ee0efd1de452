#include "client/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
command_fail(int status, const char *what, const struct reason *why)
{
	fprintf(stderr, "%s: %s%s\n", program_invocation_short_name, what,
	    why->text);
	return status;
}

int
command_fail_error(int err, struct reason *why)
{
	if (why->text[0] == '\0')
		reason_set(why, err, "%s", err_text(err));
	switch (err) {
	case -ERR_UNREACHABLE:
	case -ERR_TIMEOUT:
	case -ERR_CLOSED:
	case -ERR_NOT_FOUND:
	case -ERR_BUSY:
		return command_fail(EXIT_UNREACHABLE, "not reachable: ", why);
	case -ERR_NOMEM:
	case -ERR_IO:
	case -ERR_PERMISSION:
		return command_fail(EXIT_REFUSED, "failed: ", why);
	default:
		return command_fail(EXIT_REFUSED, "refused: ", why);
	}
}

int
command_pick(char name[NETWORK_NAME_MAX + 1], const char *dir,
    const struct options *options, struct reason *why)
{
	struct network_names names;
	int err;

	if (options->network != NULL) {
		strcpy(name, options->network);
		return EXIT_DONE;
	}
	err = network_state_list(&names, dir, why);
	if (err != 0)
		return command_fail_error(err, why);
	if (names.n == 1) {
		strcpy(name, names.items[0]);
		return EXIT_DONE;
	}
	if (names.n == 0)
		reason_set(why, 0, "no network has been joined");
	else
		reason_set(why, 0,
		    "%zu networks have been joined; choose with --network "
		    "(%.64s, %.64s%s)",
		    names.n, names.items[0], names.items[1],
		    names.n > 2 ? ", ..." : "");
	return command_fail(EXIT_USAGE, "", why);
}

int
command_load(struct network_state *state, const struct options *options,
    const char *dir, struct reason *why)
{
	char name[NETWORK_NAME_MAX + 1];
	int status = command_pick(name, dir, options, why);
	int err;

	if (status != EXIT_DONE)
		return status;
	err = network_state_load(state, dir, name, why);
	if (err == -ERR_NOT_FOUND)
		return command_fail(EXIT_USAGE, "", why);
	return err != 0 ? command_fail_error(err, why) : EXIT_DONE;
}
