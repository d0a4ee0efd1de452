/* The commands of estuary-join, and what estuary-pledge takes of them: each
 * prints, and gives an exit status. */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include <limits.h>

#include "client/network_state.h"
#include "client/options.h"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
};

/* Prints what and why to standard error; returns status. */
int command_fail(int status, const char *what, const struct reason *why);
/* The exit status for a negative error; says why. */
int command_fail_error(int err, struct reason *why);

/* The state directory: what was given, or the default one. */
int command_state_dir(char out[PATH_MAX], const struct options *options,
    struct reason *why) NODISCARD;

/* The name of the network asked for, or of the only one there is; EXIT_DONE
 * with the name. */
int command_pick(char name[NETWORK_NAME_MAX + 1], const char *dir,
    const struct options *options, struct reason *why);
/* Its state; EXIT_DONE, and then the caller frees it. */
int command_load(struct network_state *state, const struct options *options,
    const char *dir, struct reason *why);

int command_check(
    const struct options *options, const char *dir, struct reason *why);
int command_status(
    const struct options *options, const char *dir, struct reason *why);
int command_forget(
    const struct options *options, const char *dir, struct reason *why);

int command_join(
    const struct options *options, const char *dir, struct reason *why);
int command_refresh(
    const struct options *options, const char *dir, struct reason *why);
int command_export(
    const struct options *options, const char *dir, struct reason *why);

#endif
